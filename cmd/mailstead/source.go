package main

import (
	"context"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/provider/imap"
	"github.com/mailstead/mailstead/provider/pop3"
	"github.com/mailstead/mailstead/sasl"
)

// sources reads every mailbox by its own protocol.
type sources struct {
	imap *imap.Driver
	pop3 *pop3.Driver
}

var _ mailstead.SourceDriver = (*sources)(nil)

func (s *sources) driver(p mailstead.Protocol) mailstead.SourceDriver {
	if p == mailstead.POP3 {
		return s.pop3
	}
	return s.imap
}

// Check implements mailstead.SourceDriver.
func (s *sources) Check(ctx context.Context, a mailstead.Access) mailstead.Report {
	return checkRenewed(ctx, a, s.driver(a.Server.Protocol).Check)
}

// Open implements mailstead.SourceDriver.
func (s *sources) Open(ctx context.Context, a mailstead.Access) (mailstead.Source, error) {
	return openRenewed(ctx, a, s.driver(a.Server.Protocol).Open)
}

// senders sends all mail.
type senders struct{ mailstead.SenderDriver }

// Check implements mailstead.SenderDriver.
func (s senders) Check(ctx context.Context, a mailstead.Access, from string) mailstead.Report {
	return checkRenewed(ctx, a, func(ctx context.Context, a mailstead.Access) mailstead.Report {
		return s.SenderDriver.Check(ctx, a, from)
	})
}

// Open implements mailstead.SenderDriver.
func (s senders) Open(ctx context.Context, a mailstead.Access) (mailstead.Sender, error) {
	return openRenewed(ctx, a, s.SenderDriver.Open)
}

// openRenewed opens a connection, and once more with another access token when the
// server refused the first: services take some back before their time.
func openRenewed[T any](ctx context.Context, a mailstead.Access, open func(context.Context, mailstead.Access) (T, error)) (T, error) {
	opened, err := open(ctx, a)
	if a.Renew == nil || mailstead.CodeOf(err) != sasl.CodeTokenRefused {
		return opened, err
	}
	other, failed := a.Renew(ctx, a.Secret)
	if failed != nil {
		return opened, failed
	}
	a.Secret = other
	return open(ctx, a)
}

// checkRenewed is openRenewed for tests.
func checkRenewed(ctx context.Context, a mailstead.Access, check func(context.Context, mailstead.Access) mailstead.Report) mailstead.Report {
	report := check(ctx, a)
	f := report.Failure()
	if a.Renew == nil || f == nil || mailstead.CodeOf(f.Err) != sasl.CodeTokenRefused {
		return report
	}
	other, failed := a.Renew(ctx, a.Secret)
	if failed != nil {
		f.Err = failed
		return report
	}
	a.Secret = other
	return check(ctx, a)
}
