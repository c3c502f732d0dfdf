// Testsum runs "go test" with its own arguments, shows what a person needs to
// see, and ends with one line that a program can read:
//
//	tests: passed=N failed=0 skipped=0
//
// Arguments behind --then are those of another run of "go test", which begins when
// the one before it has ended; the last line counts them all.
//
// Tests and subtests count alike. A package that fails without a failed test (it
// does not build, its TestMain exits) counts as one failure, and so does a test
// that began and never ended. The exit code is 0 only if some test passed and
// none failed or was skipped: a test that does not run proves nothing.
package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
)

func main() {
	// go test is in the same process group and gets Ctrl-C itself; we stay to
	// show how it ends.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	signal.Ignore(os.Interrupt)
	s := newSummary(os.Stdout)
	var ends []error
	for more := true; more && ctx.Err() == nil; {
		var one []string
		one, args, more = cutAt(args, "--then")
		ends = append(ends, test(ctx, s, one))
	}
	return s.finish(errors.Join(ends...))
}

// cutAt parts args at the first one that is the given word.
func cutAt(args []string, word string) (before, after []string, found bool) {
	if i := slices.Index(args, word); i >= 0 {
		return args[:i], args[i+1:], true
	}
	return args, nil, false
}

// test runs go test once.
func test(ctx context.Context, s *summary, args []string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	events, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	readErr := s.read(events)
	// What go test says at last is worth more than its exit code: that is 1
	// whenever a test failed.
	runErr := cmd.Wait()
	if readErr != nil {
		return readErr
	}
	return runErr
}
