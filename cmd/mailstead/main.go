// Mailstead is e-mail accounts for business software: one program that serves
// the API and is its own command line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

// version is set by the linker.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Who presses ctrl-C a second time does not want to wait.
	context.AfterFunc(ctx, stop)
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
	c := &cli{io: io}
	root := newRoot(c) //nolint:contextcheck // commands take the context that they are executed with
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	c.tell(err)
	return exitCode(err)
}

// errShown is wrapped by errors whose story was printed already.
var errShown = errors.New("shown")

// errUsage marks a wrong command line.
var errUsage = errors.New("usage")

// usage is the error of a wrong command line; the text tells what is wrong.
func usage(cmd *cobra.Command, text string) error {
	return fmt.Errorf("%w: %w", errUsage, &mailstead.Error{
		Kind: mailstead.KindInvalid, Code: "usage", Text: text + " See " + cmd.CommandPath() + " --help.",
	})
}

// tell says what went wrong: to a person in a sentence, with --json as an object
// like the problems of the API.
func (c *cli) tell(err error) {
	switch {
	case errors.Is(err, errShown):
		// A failed command whose output tells the failure says nothing more.
	case c.json:
		e := json.NewEncoder(c.io.out)
		e.SetEscapeHTML(false)
		if err := e.Encode(failureOf(err)); err != nil {
			fmt.Fprintln(c.io.err, "mailstead: "+err.Error())
		}
	default:
		fmt.Fprintln(c.io.err, "mailstead: "+failureOf(err).sentence())
	}
}

// failure is an error as scripts read it. What the API answered has more fields,
// those of api.Problem.
type failure struct {
	Detail string `json:"detail"`
	Code   string `json:"code"`
	Field  string `json:"field,omitempty"`
	kind   mailstead.Kind
	answer *api.Problem
}

// MarshalJSON prints the API's own words where there are some.
func (f failure) MarshalJSON() ([]byte, error) {
	if f.answer != nil {
		return json.Marshal(f.answer)
	}
	type plain failure
	return json.Marshal(plain(f))
}

func failureOf(err error) failure {
	f := failure{Detail: err.Error(), Code: mailstead.CodeOf(err), kind: mailstead.KindOf(err)}
	var p *apiError
	if errors.As(err, &p) {
		f.answer = &p.problem
	}
	for e := err; e != nil; {
		var me *mailstead.Error
		if !errors.As(e, &me) {
			break
		}
		if me.Text != "" {
			f.Detail, f.Field = me.Text, me.Field
			break
		}
		e = me.Err
	}
	return f
}

// sentence is what a person reads.
func (f failure) sentence() string {
	s := f.Detail
	if f.Field != "" && f.kind == mailstead.KindInvalid && !strings.Contains(s, f.Field) {
		s += " (" + f.Field + ")"
	}
	return s + " [" + f.Code + "]"
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
