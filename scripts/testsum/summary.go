package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of "go test -json", see "go doc test2json", or of the build
// before it, see "go help buildjson".
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
	Key, Value  string // of an attribute that a test tells of itself
}

// summary counts tests and shows the output of those that need attention.
type summary struct {
	out      io.Writer
	packages map[string]*packageRun
	builds   map[string][]string // output of the compiler by import path

	passed, failed, skipped int
	bad                     []string // names of what failed or was skipped, with their first words
}

// firstLines is how much the end of the report repeats of what a test has said: who sees
// only the end must see why.
const firstLines = 12

// packageRun is a package whose tests are running.
type packageRun struct {
	output map[string][]string // by test; "" is the package's own
	open   []string            // tests that began and have not ended
	count  int                 // tests that have ended
	failed int                 // those of them that failed
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, packages: make(map[string]*packageRun), builds: make(map[string][]string)}
}

// read takes events to the end of r.
func (s *summary) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the events of go test: %w", err)
		}
	}
}

func (s *summary) line(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		fmt.Fprintf(s.out, "%s", line) // go itself has something to say
		return
	}
	switch {
	case e.Action == "build-output":
		s.builds[e.ImportPath] = append(s.builds[e.ImportPath], e.Output)
	case e.Package == "":
	case e.Test == "":
		s.packageEvent(e)
	default:
		s.testEvent(e)
	}
}

func (s *summary) at(name string) *packageRun {
	p := s.packages[name]
	if p == nil {
		p = &packageRun{output: make(map[string][]string)}
		s.packages[name] = p
	}
	return p
}

func (s *summary) testEvent(e event) {
	p := s.at(e.Package)
	switch e.Action {
	case "run":
		p.open = append(p.open, e.Test)
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output)
	case "attr":
		fmt.Fprintf(s.out, "        %s %s: %s\n", e.Test, e.Key, e.Value)
	case "pass":
		s.passed++
		p.end(e.Test)
	case "skip":
		s.skipped++
		s.show("skipped", e.Package, e.Test, p)
		p.end(e.Test)
	case "fail":
		s.failed++
		p.failed++
		s.show("failed", e.Package, e.Test, p)
		p.end(e.Test)
	}
}

func (p *packageRun) end(test string) {
	p.count++
	p.open = slices.DeleteFunc(p.open, func(open string) bool { return open == test })
	delete(p.output, test)
}

func (s *summary) packageEvent(e event) {
	p := s.at(e.Package)
	switch e.Action {
	case "output":
		p.output[""] = append(p.output[""], e.Output)
		return
	case "pass", "skip":
		if p.count > 0 {
			fmt.Fprintf(s.out, "ok      %s  %d tests, %.1fs\n", e.Package, p.count, e.Elapsed)
		}
	case "fail":
		s.packageFailed(e, p)
	default:
		return
	}
	delete(s.packages, e.Package)
}

// packageFailed looks for a failure that no test has reported.
func (s *summary) packageFailed(e event, p *packageRun) {
	for _, test := range p.open {
		s.failed++
		p.failed++
		s.show("did not end", e.Package, test, p)
	}
	if p.failed == 0 {
		s.failed++
		s.show("failed", e.Package, "", p)
	} else if own := strings.Join(p.output[""], ""); strings.Contains(own, "panic:") {
		fmt.Fprint(s.out, own)
	}
	for _, line := range s.builds[e.FailedBuild] {
		fmt.Fprint(s.out, "    ", line)
	}
	fmt.Fprintf(s.out, "FAILED  %s  %d tests, %d failed, %.1fs\n", e.Package, p.count, p.failed, e.Elapsed)
}

// show prints what a test has written and remembers its name for the end.
func (s *summary) show(what, pkg, test string, p *packageRun) {
	name := pkg
	if test != "" {
		name += " " + test
	}
	fmt.Fprintf(s.out, "\n%s: %s\n", what, name)
	first := []string{what + ": " + name}
	for _, line := range p.output[test] {
		if strings.HasPrefix(line, "=== ") {
			continue
		}
		fmt.Fprint(s.out, "    ", line)
		if len(first) <= firstLines && strings.TrimSpace(line) != "" && !strings.HasPrefix(strings.TrimSpace(line), "--- ") {
			first = append(first, "    "+strings.TrimRight(fmt.Sprintf("%.200s", line), "\n"))
		}
	}
	s.bad = append(s.bad, strings.Join(first, "\n"))
}

// finish prints the end of the report and returns the exit code. runErr is how
// go test itself ended.
func (s *summary) finish(runErr error) int {
	for pkg, p := range s.packages {
		if p.count+len(p.open) > 0 { // go test was stopped in the middle
			s.packageFailed(event{Package: pkg}, p)
		}
	}
	if runErr != nil && s.failed == 0 {
		s.failed++
		s.bad = append(s.bad, fmt.Sprintf("failed: go test: %v", runErr))
	}
	if s.passed+s.failed+s.skipped == 0 {
		s.failed++
		s.bad = append(s.bad, "failed: no test ran")
	}
	if len(s.bad) > 0 {
		fmt.Fprintf(s.out, "\n%s\n", strings.Join(s.bad, "\n"))
	}
	fmt.Fprintf(s.out, "tests: passed=%d failed=%d skipped=%d\n", s.passed, s.failed, s.skipped)
	if s.failed+s.skipped > 0 {
		return 1
	}
	return 0
}
