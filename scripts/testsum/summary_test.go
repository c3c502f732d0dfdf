package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each .json file is what "go test -json -trimpath" printed for one package of a
// kind; the .golden file is what a person gets to see.
func TestSummaryOfEveryWayTestsEnd(t *testing.T) {
	tests := []struct {
		name string
		want int
	}{
		{"pass", 0},
		{"fail", 1},
		{"skip", 1},
		{"panic", 1},
		{"hang", 1},
		{"exit", 1},
		{"broken", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events, err := os.ReadFile(filepath.Join("testdata", tt.name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			s := newSummary(&out)
			if err := s.read(bytes.NewReader(events)); err != nil {
				t.Fatal(err)
			}
			if got := s.finish(nil); got != tt.want {
				t.Errorf("exit code %d; want %d", got, tt.want)
			}
			golden := filepath.Join("testdata", tt.name+".golden")
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSummaryNeverReportsSuccessThatItDidNotSee(t *testing.T) {
	const begun = `{"Action":"run","Package":"p","Test":"TestX"}` + "\n"
	const passed = begun + `{"Action":"pass","Package":"p","Test":"TestX"}` + "\n"
	tests := []struct {
		name   string
		events string
		runErr error
		want   string
	}{
		{"no test", "", nil, "tests: passed=0 failed=1 skipped=0\n"},
		{"go test fails without saying why", passed, errors.New("exit status 2"), "tests: passed=1 failed=1 skipped=0\n"},
		{"the events end in the middle", begun, errors.New("signal: killed"), "tests: passed=0 failed=1 skipped=0\n"},
		{"the last line is half", passed + `{"Action":"ru`, errors.New("signal: killed"), "tests: passed=1 failed=1 skipped=0\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			s := newSummary(&out)
			if err := s.read(strings.NewReader(tt.events)); err != nil {
				t.Fatal(err)
			}
			if code := s.finish(tt.runErr); code != 1 {
				t.Errorf("exit code %d; want 1", code)
			}
			if !strings.HasSuffix(out.String(), tt.want) {
				t.Errorf("the report is\n%s\nwant its end to be %s", out.String(), tt.want)
			}
		})
	}
}

func TestThenPartsRuns(t *testing.T) {
	args := []string{"-p", "2", "./a", "--then", "./b", "--then"}
	var got [][]string
	for more := true; more; {
		var one []string
		one, args, more = cutAt(args, "--then")
		got = append(got, one)
	}
	if diff := cmp.Diff([][]string{{"-p", "2", "./a"}, {"./b"}, {}}, got); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}
