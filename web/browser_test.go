//go:build realservers

package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runner is Playwright's own, which npm has installed.
const runner = "node_modules/.bin/playwright"

// TestBrowser runs the tests in e2e in Chromium, against services with real mail
// servers, and reports each as a test of its own. SPEC chooses some by the names of
// their files or titles. With STAGE=FILE it only starts the stage, writes its address to
// that file and waits for ctrl-C: "STAGE_URL=$(cat FILE) npx playwright test NAME" then
// runs tests at once.
func TestBrowser(t *testing.T) {
	if _, err := os.Stat(runner); err != nil {
		t.Fatalf("Playwright is not installed: type make web (%v)", err)
	}
	for _, browser := range []string{"chromium", "chromium-headless-shell"} {
		if _, err := exec.LookPath(browser); err != nil {
			t.Fatalf("Chromium is not installed: run scripts/install-test-deps (%v)", err)
		}
	}
	// Domains that nobody knows stay unknown: tests ask no name servers but their own.
	t.Setenv("MAILSTEAD_DISCOVERY", "false")
	// A program that cannot be built is one failure, not one of every test.
	built := new(program)
	if _, err := built.build(t); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, built)
	if file := os.Getenv("STAGE"); file != "" {
		if err := os.WriteFile(file, []byte(s.url), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		<-ctx.Done()
		return
	}
	// Those that measure are alone.
	count := 0
	for _, args := range [][]string{{"--grep=@alone", "--workers=1"}, {"--grep-invert=@alone"}} {
		count += s.play(t, append(args, strings.Fields(os.Getenv("SPEC"))...))
	}
	if count == 0 {
		t.Error("no test ran")
	}
	t.Logf("the pages used %d operations of the API", len(s.used))
}

// play runs Playwright, reports its tests and returns how many there were.
func (s *stage) play(t *testing.T, args []string) (count int) {
	t.Helper()
	// What the run leaves must be shown before go test itself is out of time.
	ctx := t.Context()
	if deadline, ok := t.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-30*time.Second))
		defer cancel()
	}
	file := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.CommandContext(ctx, runner, append([]string{"test", "--reporter=list,json", "--pass-with-no-tests"}, args...)...)
	// Runs at the same time need places of their own; what failed is kept there.
	results := filepath.Join("e2e", "results", fmt.Sprintf("run-%d", os.Getpid()))
	t.Cleanup(func() {
		if !t.Failed() {
			os.RemoveAll(results)
		}
	})
	cmd.Env = append(os.Environ(), "STAGE_URL="+s.url, "PLAYWRIGHT_JSON_OUTPUT_NAME="+file, "FORCE_COLOR=0", "RESULTS="+results)
	if soak {
		cmd.Env = append(cmd.Env, "SOAK=1")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	runErr := cmd.Run()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Errorf("Playwright reported nothing: %v, %v\n%s", runErr, err, &out)
		return 0
	}
	report := new(report)
	if err := json.Unmarshal(data, report); err != nil {
		t.Fatal(err)
	}
	for _, e := range report.Errors {
		t.Errorf("%s", clean(e.text()))
	}
	for i := range report.Suites {
		count += report.Suites[i].run(t, s)
	}
	if runErr != nil && !t.Failed() {
		t.Errorf("Playwright: %v\n%s", runErr, &out)
	}
	return count
}

// report is what we read of Playwright's JSON.
type report struct {
	Suites []suite
	Errors []failure
}

type suite struct {
	Title  string
	Suites []suite
	Specs  []struct {
		Title string
		OK    bool
		Tests []struct {
			Results []outcome
		}
	}
}

type outcome struct {
	Status   string
	Duration float64
	Errors   []failure
	Stdout   []struct{ Text string }
}

type failure struct {
	Message, Stack, Snippet string
	Location                struct {
		File string
		Line int
	}
}

func (f failure) text() string {
	text := f.Message
	if f.Location.File != "" {
		text = fmt.Sprintf("%s:%d: %s", filepath.Base(f.Location.File), f.Location.Line, text)
	}
	return text + "\n" + f.Snippet
}

// run reports the tests of a suite and returns how many there were. A machine that
// others share lets a browser stand still at the wrong moment: one test of all may need
// a second try, and is named in the summary; the next one is a failure.
func (s *suite) run(t *testing.T, stage *stage) (count int) {
	t.Run(strings.TrimSuffix(s.Title, ".spec.ts"), func(t *testing.T) {
		for _, spec := range s.Specs {
			count++
			t.Run(spec.Title, func(t *testing.T) {
				if len(spec.Tests) == 0 || len(spec.Tests[0].Results) == 0 {
					t.Fatal("it did not run")
				}
				results := spec.Tests[0].Results
				last := results[len(results)-1]
				t.Logf("took %.1f s", last.Duration/1000)
				// What is wrong comes first: the logs of services are long.
				for _, e := range last.Errors {
					t.Error(clean(e.text()))
				}
				if len(results) > 1 && last.Status == "passed" {
					stage.again = append(stage.again, spec.Title)
					t.Attr("second_try", spec.Title)
					for _, e := range results[0].Errors {
						t.Log("first try: " + clean(e.text()))
					}
					if len(stage.again) > 1 {
						t.Errorf("it passed in the second try; so did %q", stage.again[0])
					}
				}
				for _, line := range last.Stdout {
					if name, value, found := strings.Cut(strings.TrimSpace(line.Text), " = "); found {
						t.Attr(strings.ReplaceAll(name, " ", "_"), value)
					} else if !spec.OK {
						t.Log(clean(line.Text))
					}
				}
				if last.Status != "passed" || !spec.OK {
					t.Errorf("%s after %.1fs", last.Status, last.Duration/1000)
				}
			})
		}
		for i := range s.Suites {
			count += s.Suites[i].run(t, stage)
		}
	})
	return count
}

// clean takes the colours out of a text.
func clean(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "\x1b[") {
		if i > 0 {
			_, part, _ = strings.Cut(part, "m")
		}
		b.WriteString(part)
	}
	return b.String()
}

// TestChecks are those of the sources of the pages: types and format, texts, size.
func TestChecks(t *testing.T) {
	for name, args := range map[string][]string{
		"types and format": {"run", "-s", "check"},
		"texts":            {"run", "-s", "texts"},
	} {
		t.Run(name, func(t *testing.T) {
			if out, err := exec.CommandContext(t.Context(), "npm", args...).CombinedOutput(); err != nil {
				t.Errorf("npm %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		})
	}
}

var (
	// entries are the scripts and preloads of index.html.
	entries = regexp.MustCompile(`<(?:script|link rel="modulepreload")[^>]*? (?:src|href)="\.(/assets/[^"]+\.js)"`)
	// imports are those that a script needs at once; import() has a parenthesis.
	imports = regexp.MustCompile(`(?:\bfrom|\bimport)\s*["']\./([^"']+\.js)["']`)
)

// maxScript is the most that a browser loads of scripts before it shows something.
const maxScript = 120 << 10

// TestInitialScriptIsSmall adds up the entry of the pages and what it imports at once,
// as they are sent with gzip.
func TestInitialScriptIsSmall(t *testing.T) {
	index, err := os.ReadFile("dist/index.html")
	if err != nil {
		t.Fatalf("the pages are not built: type make web (%v)", err)
	}
	var files []string
	for _, m := range entries.FindAllSubmatch(index, -1) {
		files = append(files, string(m[1]))
	}
	total := int64(0)
	for i := 0; i < len(files); i++ {
		data, err := os.ReadFile("dist" + files[i])
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat("dist" + files[i] + ".gz")
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
		for _, m := range imports.FindAllSubmatch(data, -1) {
			if name := "/assets/" + string(m[1]); !slices.Contains(files, name) {
				files = append(files, name)
			}
		}
	}
	t.Attr("initial_script", fmt.Sprintf("%.1f KB gz in %d files", float64(total)/1024, len(files)))
	if len(files) == 0 || total > maxScript {
		t.Errorf("%d bytes of scripts in %v, want at most %d", total, files, maxScript)
	}
}
