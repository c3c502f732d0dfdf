package main_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// listed is a command as the help of its group lists it.
var listed = regexp.MustCompile(`(?m)^  ([a-z]+) {2,}[A-Z].*$`)

// help collects what --help says of a command and of all below it. The flags that
// every command has are told once.
func help(t *testing.T, words ...string) string {
	t.Helper()
	r := command(t, "", append(words, "--help")...)
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("%v --help: exit code %d\n%s", words, r.code, r.stderr)
	}
	text := r.stdout
	if len(words) > 0 {
		text, _, _ = strings.Cut(text, "\nFlags of every command:")
	}
	out := fmt.Sprintf("$ %s\n%s\n", strings.Join(append(append([]string{"mailstead"}, words...), "--help"), " "), text)
	if !strings.Contains(r.stdout, " COMMAND --help\"") {
		return out
	}
	commands, _, _ := strings.Cut(r.stdout, "\nFlags:")
	for _, m := range listed.FindAllStringSubmatch(commands, -1) {
		out += help(t, append(words[:len(words):len(words)], m[1])...)
	}
	return out
}

func TestHelpGolden(t *testing.T) {
	t.Parallel()
	got := help(t)
	golden := filepath.Join("testdata", "help.golden")
	if *update {
		must(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the help changed; run the test with -update if it should (-want +got):\n%s", diff)
	}
	for i, line := range strings.Split(got, "\n") {
		if len([]rune(line)) > 150 {
			t.Errorf("line %d is too long to be read: %s", i+1, line)
		}
	}
}

// TestNoFlagTakesASecret: arguments are seen by every user of the machine. The golden
// file is the help, see above.
func TestNoFlagTakesASecret(t *testing.T) {
	golden, err := os.ReadFile(filepath.Join("testdata", "help.golden"))
	must(t, err)
	for _, m := range regexp.MustCompile(`(?m)^ +(?:-\w, )?--(\S+) ([A-Z]\S*) `).FindAllStringSubmatch(string(golden), -1) {
		if regexp.MustCompile(`pass|secret|token`).MatchString(m[1]) {
			t.Errorf("--%s takes %s", m[1], m[2])
		}
	}
}

// TestScripts runs the scripts of testdata/script, which need no servers.
func TestScripts(t *testing.T) {
	program := binary(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("MAILSTEAD_DISCOVERY", "false")
			e.Setenv("PATH", filepath.Dir(program)+string(os.PathListSeparator)+e.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits},
	})
}

// exits runs a command that must end with a certain exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENT]...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
