// Mailstead is e-mail accounts for business software: one program that serves
// the API and is its own command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/mailstead/mailstead"
)

// version is set by the linker.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// streams are what a command reads and writes.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// run runs one command and returns its exit code.
func run(ctx context.Context, args []string, io streams) int {
	root := newRoot(io)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	// A failed command whose output tells the failure says nothing more.
	if !errors.Is(err, errShown) {
		fmt.Fprintln(io.err, "mailstead: "+sentence(err))
	}
	return exitCode(err)
}

// errShown is wrapped by errors whose story was printed already.
var errShown = errors.New("shown")

// errUsage marks a wrong command line.
var errUsage = errors.New("usage")

// sentence is what a person reads of an error.
func sentence(err error) string {
	for e := err; e != nil; {
		var me *mailstead.Error
		if !errors.As(e, &me) {
			break
		}
		if me.Text != "" {
			s := me.Text
			if me.Field != "" && me.Kind == mailstead.KindInvalid {
				s += " (" + me.Field + ")"
			}
			return s + " [" + mailstead.CodeOf(err) + "]"
		}
		e = me.Err
	}
	return err.Error()
}

// The exit codes are those of sysexits.h.
const (
	exitUsage       = 64
	exitData        = 65
	exitNotFound    = 66
	exitUnavailable = 69
	exitInternal    = 70
	exitConflict    = 73
	exitTemporary   = 75
	exitNoPerm      = 77
	exitConfig      = 78
)

// exitCode follows from the kind of the error alone, but for a wrong command
// line and a wrong configuration.
func exitCode(err error) int {
	var me *mailstead.Error
	switch {
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errConfig):
		return exitConfig
	case !errors.As(err, &me):
		return exitInternal
	}
	switch me.Kind {
	case mailstead.KindInvalid, mailstead.KindTooLarge:
		return exitData
	case mailstead.KindNotFound:
		return exitNotFound
	case mailstead.KindConflict:
		return exitConflict
	case mailstead.KindUnauthenticated, mailstead.KindForbidden, mailstead.KindCredentials:
		return exitNoPerm
	case mailstead.KindTemporary, mailstead.KindThrottled, mailstead.KindUnknown:
		return exitTemporary
	case mailstead.KindPermanent:
		return exitUnavailable
	case mailstead.KindInternal:
	}
	return exitInternal
}
