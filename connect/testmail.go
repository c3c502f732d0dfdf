package connect

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/mailstead/mailstead"
)

// TestMail is a mail by which typed data are tested before they are saved.
type TestMail struct {
	// To is the receiver, "" the address itself.
	To string
	// Subject and Text are "" for plain English ones.
	Subject string
	Text    string
}

// MailTest is how a test mail by typed data went.
type MailTest struct {
	// OK tells that the server took the mail for its receiver.
	OK bool
	To string
	// Outgoing is the test of the sign-in that went before.
	Outgoing *mailstead.Report
	// Took is the time from the first word of the mail to the server's answer.
	Took time.Duration
	// Reply is the server's own words. Code, Cause and Action explain a refusal.
	Reply  string
	Code   string
	Cause  string
	Action string
}

// What a test mail says when nobody chose other words.
const (
	testSubject = "Test mail from Mailstead"
	testText    = "This mail was sent by Mailstead to test the servers of an account. Nothing needs to be done.\n"
)

// SendTest signs in at the outgoing server that the request says and hands one mail
// over to it, once. Nothing is stored and no incoming server is asked. A server's
// refusal is no error: it stands in the MailTest.
func (s *Service) SendTest(ctx context.Context, actor mailstead.Actor, r Request, in TestMail) (MailTest, error) {
	for _, scope := range []mailstead.Scope{mailstead.ScopeAccounts, mailstead.ScopeSend} {
		if err := actor.Require(scope); err != nil {
			return MailTest{}, err
		}
	}
	r.SendOnly = true
	p, err := s.plan(ctx, actor, r)
	if err != nil {
		return MailTest{}, err
	}
	out := MailTest{To: in.To}
	if out.To == "" {
		out.To = p.account.Address
	}
	data, err := s.composeTest(&p.account, &out, in)
	if err != nil {
		return MailTest{}, err
	}
	if err := s.allowTest(actor); err != nil {
		return MailTest{}, err
	}
	res := s.run(ctx, p.sides, actor.IsAdmin(), p.account.ProviderID)
	if out.Outgoing = res.Outgoing; !res.OK {
		if f := res.Outgoing.Failure(); f != nil {
			out.Code, out.Cause, out.Action, out.Reply = f.Code, f.Cause, f.Action, f.Server
		}
		return out, nil
	}
	s.handOver(ctx, actor, p, data, &out)
	return out, nil
}

// composeTest makes the bytes of a test mail, and cleans its receiver.
func (s *Service) composeTest(a *mailstead.Account, out *MailTest, in TestMail) ([]byte, error) {
	d := mailstead.Draft{Kind: mailstead.DraftNew, To: []mailstead.Address{{Address: out.To}}, Subject: in.Subject, Text: in.Text}
	if d.Subject == "" {
		d.Subject = testSubject
	}
	if d.Text == "" {
		d.Text = testText
	}
	if err := d.Validate(0); err != nil {
		return nil, err
	}
	out.To = d.To[0].Address
	return s.c.Compose(d, mailstead.Address{Name: a.DisplayName, Address: a.Address})
}

// handOver sends a test mail by the server that was just seen to work.
func (s *Service) handOver(ctx context.Context, actor mailstead.Actor, p *plan, data []byte, out *MailTest) {
	ctx, cancel := context.WithTimeout(ctx, s.c.TestTimeout)
	defer cancel()
	t := p.sides[0]
	sender, err := s.c.Sender.Open(ctx, mailstead.Access{
		Server: t.won.server, Login: t.won.login, Secret: t.secret, OAuth: t.oauth, Admin: actor.IsAdmin(),
		AllowPlain: t.plain && t.won.server.Security == mailstead.SecurityNone,
	})
	began := s.c.Now()
	var receipt mailstead.Receipt
	if err == nil {
		receipt, err = sender.Send(ctx, mailstead.Envelope{
			From: p.account.Address, To: []string{out.To}, SMTPUTF8: !isASCII(p.account.Address + out.To),
		}, data, func() error { return nil })
		_ = sender.Close() // the mail was taken or refused before
	}
	if err == nil && len(receipt.Rejected) > 0 {
		err = &mailstead.Error{Kind: mailstead.KindPermanent, Op: "connect.SendTest", Text: "The server refused this receiver.", Err: &receipt.Rejected[0].Reply}
	}
	out.Took, out.OK, out.Reply = s.c.Now().Sub(began), err == nil, receipt.Reply
	if err == nil {
		return
	}
	// The report explains a failure like any other of this side.
	r := mailstead.Report{Side: mailstead.SideOutgoing, Protocol: t.won.server.Protocol, Server: t.won.server, Stages: []mailstead.Stage{{
		Stage: mailstead.StageSender, Err: err,
	}}}
	s.c.Explainer.Report(&r, s.explainedAs(p.account.ProviderID, t.won.server))
	f := &r.Stages[0]
	out.Code, out.Cause, out.Action, out.Reply = f.Code, f.Cause, f.Action, f.Server
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// AllowTest takes one connection test of the actor's allowance, for the journeys
// beside this one.
func (s *Service) AllowTest(actor mailstead.Actor) error { return s.allowTest(actor) }
