package connect

import (
	"context"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/sender"
)

// SenderHealth looks at what the domains of accounts tell those who receive their mail.
// The zero value looks at nothing.
type SenderHealth struct {
	// Checker asks the name servers: *sender.Checker is one. Nil asks nobody.
	Checker interface {
		Check(ctx context.Context, q sender.Question) sender.Result
	}
	// Returned returns the last mail of an account that was sent since a time and came
	// into a mailbox that is read here, with that mailbox's address; nil when there is
	// none.
	Returned func(ctx context.Context, id mailstead.AccountID, since time.Time) (raw []byte, mailbox string, err error)
}

// returnedFor is how old a mail may be whose signature is looked at: keys change.
const returnedFor = 7 * 24 * time.Hour

// SenderHealth says how the domain of an account stands as a sender: advice, which
// blocks nothing. It asks name servers alone, for five seconds at most.
func (s *Service) SenderHealth(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (sender.Result, error) {
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return sender.Result{}, err
	}
	a, _, err := s.Account(ctx, actor, id)
	if err != nil {
		return sender.Result{}, err
	}
	if s.c.Health.Checker == nil {
		return sender.Result{}, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "sender_health.off",
			Text: "The name servers of domains are not asked here: the configuration switches it off.",
		}
	}
	q, err := s.senderQuestion(ctx, &a)
	if err != nil {
		return sender.Result{}, err
	}
	if !s.lookups.allow(actor.User.ID, s.c.Now()) {
		return sender.Result{}, errTooManyTests()
	}
	return s.c.Health.Checker.Check(ctx, q), ctx.Err()
}

func (s *Service) senderQuestion(ctx context.Context, a *mailstead.Account) (q sender.Question, err error) {
	q = sender.Question{Address: a.Address}
	if a.Outgoing != nil {
		q.OutgoingHost = a.Outgoing.Server.Host
	}
	domain := mailstead.DomainOf(a.Address)
	switch p, ok := s.c.Directory.Find(domain); {
	case ok && !p.Own:
		q.Provider, q.Owned = p.Name, true
	default:
		q.Provider, q.MXSuffixes = s.mailboxAt(a)
	}
	if s.c.Health.Returned == nil {
		return q, nil
	}
	raw, mailbox, err := s.c.Health.Returned(ctx, a.ID, s.c.Now().Add(-returnedFor))
	if err != nil {
		return q, err
	}
	q.Mail, q.Near = raw, strings.EqualFold(mailstead.DomainOf(mailbox), domain)
	return q, nil
}

// mailboxAt names the service that has an account's mailbox, and where it takes mail.
func (s *Service) mailboxAt(a *mailstead.Account) (name string, suffixes []string) {
	if a.Incoming == nil {
		return "", nil
	}
	host := a.Incoming.Server.Host
	p, ok := s.c.Directory.Provider(a.ProviderID)
	if !ok || !s.c.Directory.HasHosts(p.ID, host) {
		p, _ = s.c.Directory.ByHosts(host)
	}
	return p.Name, p.MXSuffixes
}
