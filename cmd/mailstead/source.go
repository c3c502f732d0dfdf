package main

import (
	"context"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/provider/imap"
	"github.com/mailstead/mailstead/provider/pop3"
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
	return s.driver(a.Server.Protocol).Check(ctx, a)
}

// Open implements mailstead.SourceDriver.
func (s *sources) Open(ctx context.Context, a mailstead.Access) (mailstead.Source, error) {
	return s.driver(a.Server.Protocol).Open(ctx, a)
}
