package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

// ownAddress stands for the sending account's own address.
const ownAddress = "self"

// testMailFlags are the flags of a test mail.
type testMailFlags struct{ mail api.TestMail }

func (f *testMailFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.mail.To, "mail", "", "send a test mail to `RECEIVER`, or self for the account's own address")
	fl.StringVar(&f.mail.Subject, "subject", "", "`SUBJECT` of the test mail")
	fl.BoolVar(&f.mail.RoundTrip, "round-trip", false, "send a test mail and wait until it is found in the receiver's mailbox")
}

// wanted tells that a mail is asked for.
func (f *testMailFlags) wanted(cmd *cobra.Command) bool {
	return cmd.Flags().Changed("mail") || cmd.Flags().Changed("subject") || f.mail.RoundTrip
}

// send submits the test mail below a path of the API and shows what becomes of it.
func (f *testMailFlags) send(ctx context.Context, c *cli, path string) error {
	body := f.mail
	if body.To == ownAddress {
		body.To = ""
	}
	return c.withClient(ctx, func(cl *client) error {
		raw, err := cl.raw(ctx, http.MethodPost, path, body)
		if err != nil {
			return err
		}
		var m api.OutgoingDetail
		if err := json.Unmarshal(raw, &m); err != nil {
			return fmt.Errorf("understand the answer of the service: %w", err)
		}
		// Without the service nothing is sent before it runs.
		if cl.running {
			if raw, err = follow(ctx, cl, &m); err != nil {
				return err
			}
		}
		if err := c.show(raw, nil, func(w io.Writer) { writeTestMail(w, &m.OutgoingMessage, cl.running) }); err != nil {
			return err
		}
		return testMailFailed(&m.OutgoingMessage)
	})
}

const (
	// followEvery is how often a test mail is looked at, followFor how long at most.
	followEvery = 200 * time.Millisecond
	followFor   = 90 * time.Second
)

// follow waits until nothing more is to be expected of a test mail for now.
func follow(ctx context.Context, cl *client, m *api.OutgoingDetail) (raw []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, followFor)
	defer cancel()
	path := "/outbox/" + m.ID.String()
	for tick := time.NewTicker(followEvery); ; {
		last := raw
		if raw, err = cl.raw(ctx, http.MethodGet, path, nil); err != nil {
			if ctx.Err() != nil && last != nil {
				return last, nil
			}
			return nil, err
		}
		*m = api.OutgoingDetail{}
		if err := json.Unmarshal(raw, m); err != nil {
			return nil, fmt.Errorf("understand the answer of the service: %w", err)
		}
		moving := m.State == mailstead.OutgoingSending || (m.State == mailstead.OutgoingQueued && m.Code == "")
		expected := m.State == mailstead.OutgoingAccepted && m.Arrival != nil && m.Arrival.State == mailstead.ArrivalWaiting
		if !moving && !expected {
			return raw, nil
		}
		select {
		case <-ctx.Done():
			return raw, nil
		case <-tick.C:
		}
	}
}

func writeTestMail(w io.Writer, m *mailstead.OutgoingMessage, running bool) {
	fmt.Fprintf(w, "Mail %s from %s to %s: %s\n", m.ID, m.From, m.Recipients[0].Address, m.State)
	switch {
	case !running:
		fmt.Fprintln(w, "It is sent as soon as mailstead serve runs.")
	case m.State == mailstead.OutgoingAccepted:
		fmt.Fprintf(w, "Accepted after %d ms.\n", m.AcceptedAt.Sub(m.CreatedAt).Milliseconds())
	case m.Text != "":
		fmt.Fprintf(w, "%s %s\n", m.Text, m.Action)
	}
	if m.Reply != "" {
		fmt.Fprintf(w, "The server said: %s\n", m.Reply)
	}
	if a := m.Arrival; a != nil && m.State == mailstead.OutgoingAccepted {
		switch a.State {
		case mailstead.ArrivalArrived:
			where := string(a.Folder)
			if where == "" {
				where = "a folder"
			}
			fmt.Fprintf(w, "Found in the mailbox (%s) after %d ms.\n", where, a.ArrivedAt.Sub(m.CreatedAt).Milliseconds())
		case mailstead.ArrivalMissing:
			fmt.Fprintln(w, "Accepted, but not seen in the mailbox within 60 seconds. Look into Junk, and whether its mail is forwarded.")
		case mailstead.ArrivalWaiting:
			fmt.Fprintln(w, "Not seen in the mailbox yet.")
		}
	}
}

// testMailFailed is the exit of a test mail that did not do what it was to.
func testMailFailed(m *mailstead.OutgoingMessage) error {
	kind := mailstead.KindPermanent
	switch {
	case m.State == mailstead.OutgoingQueued && m.Code != "", m.State == mailstead.OutgoingHeld, m.State == mailstead.OutgoingUnknown:
		kind = mailstead.KindTemporary
	case m.State == mailstead.OutgoingRejected:
	case m.Arrival != nil && m.State == mailstead.OutgoingAccepted && m.Arrival.State != mailstead.ArrivalArrived:
		kind = mailstead.KindTemporary
	default:
		return nil
	}
	return fmt.Errorf("%w: %w", errShown, &mailstead.Error{Kind: kind, Code: "test.failed", Text: "The test mail did not arrive."})
}

func newUserTest(c *cli) *cobra.Command {
	var f testMailFlags
	cmd := &cobra.Command{
		Use: "test ID", Short: "Test what a user sends with, and send a test mail by it", Args: exactArgs(1),
		Example: "  mailstead user test 4\n  mailstead user test 4 --mail bruno@example.com --subject 'Does this arrive?'",
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "/users/" + url.PathEscape(args[0])
			if f.wanted(cmd) {
				return f.send(cmd.Context(), c, path+"/test-mail")
			}
			return c.withClient(cmd.Context(), func(cl *client) error { return c.testSender(cmd.Context(), cl, path+"/test") })
		},
	}
	f.add(cmd)
	return cmd
}

// testSender tests the account that sends for a user.
func (c *cli) testSender(ctx context.Context, cl *client, path string) error {
	raw, err := cl.raw(ctx, http.MethodPost, path, nil)
	if err != nil {
		return c.testFailed(err)
	}
	var t api.SenderTest
	err = c.show(raw, &t, func(w io.Writer) {
		fmt.Fprintln(w, t.Resolution.Reason)
		writeReports(w, t.Result)
	})
	if err != nil {
		return err
	}
	if t.Result == nil {
		return fmt.Errorf("%w: %w", errShown, &mailstead.Error{Kind: mailstead.KindConflict, Code: "test.failed", Text: t.Resolution.Reason})
	}
	for _, side := range []*mailstead.Report{t.Result.Incoming, t.Result.Outgoing} {
		if side != nil && !side.OK {
			return fmt.Errorf("%w: %w", errShown, failed(side))
		}
	}
	return nil
}
