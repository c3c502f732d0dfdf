package outbox

import (
	"errors"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
)

// explain puts a failure of an account's outgoing side into plain words.
func (s *Service) explain(a *mailstead.Account, cause error) mailstead.Explanation {
	return s.c.Explain.Explain(mailstead.SMTP, string(a.ProviderID), cause)
}

// words are the server's own, if the failure has any.
func words(cause error) string {
	var reply *mailstead.ServerReply
	if errors.As(cause, &reply) {
		return reply.Text
	}
	return ""
}

// isLimit tells a server that has had enough of us from one that refuses the
// mail itself: many say so with a 5xx reply.
func isLimit(x *mailstead.Explanation) bool { return strings.HasPrefix(x.Code, "limit.") }

// needsPerson reports whether a failure to get a connection stays until somebody
// does something.
func needsPerson(cause error) bool {
	switch mailstead.KindOf(cause) {
	case mailstead.KindCredentials, mailstead.KindPermanent, mailstead.KindForbidden, mailstead.KindInvalid, mailstead.KindNotFound:
		return true
	default:
		return false
	}
}

// accountFailure tells whether an error that Send returned is about the account
// and not about that mail: the sign-in, or a limit of the sender.
func (s *Service) accountFailure(a *mailstead.Account, cause error) bool {
	switch mailstead.KindOf(cause) {
	case mailstead.KindCredentials:
		return true
	case mailstead.KindPermanent, mailstead.KindTemporary:
		x := s.explain(a, cause)
		return isLimit(&x)
	default:
		return false
	}
}

// settleAll gives a mail that could not be tried the fate of its account.
func (s *Service) settleAll(m *mailstead.OutgoingMessage, f *failure) {
	m.Code, m.Text, m.Action, m.Reply = f.why.Code, f.why.Cause, f.why.Action, f.reply
	if f.trouble {
		m.State, m.DueAt = mailstead.OutgoingHeld, time.Time{}
		return
	}
	m.State, m.DueAt = mailstead.OutgoingQueued, f.until
	s.giveUpOld(m)
}

// settle decides what becomes of a mail after an attempt: receipt and cause are
// what Send returned.
func (s *Service) settle(m *mailstead.OutgoingMessage, a *mailstead.Account, receipt mailstead.Receipt, cause error) {
	now := s.c.Now()
	m.Code, m.Text, m.Action, m.Reply, m.DueAt = "", "", "", receipt.Reply, time.Time{}
	again := s.c.delay(m.Attempts)
	if cause != nil {
		x := s.explain(a, cause)
		m.Code, m.Text, m.Action, m.Reply = x.Code, x.Cause, x.Action, words(cause)
	}
	// What the attempt means for those who were not refused one by one.
	rest := mailstead.OutgoingQueued
	switch mailstead.KindOf(cause) {
	case mailstead.KindPermanent, mailstead.KindInvalid, mailstead.KindTooLarge:
		rest = mailstead.OutgoingRejected
	case mailstead.KindUnknown:
		rest = mailstead.OutgoingUnknown
	default:
		if cause == nil {
			rest = mailstead.OutgoingAccepted
		}
	}
	refused := make(map[string]*mailstead.RejectedRecipient, len(receipt.Rejected))
	for i := range receipt.Rejected {
		refused[receipt.Rejected[i].Address] = &receipt.Rejected[i]
	}
	for i := range m.Recipients {
		r := &m.Recipients[i]
		if r.State != mailstead.OutgoingQueued {
			continue
		}
		x, ok := refused[r.Address]
		if !ok {
			r.State = rest
			if r.Code, r.Reply = "", ""; rest == mailstead.OutgoingRejected {
				r.Code, r.Reply = m.Code, m.Reply
			}
			continue
		}
		why := s.explain(a, refusalOf(x))
		r.Code, r.Reply = why.Code, x.Reply.Text
		if !x.Temporary || rest == mailstead.OutgoingRejected {
			r.State = mailstead.OutgoingRejected
		} else if why.Retry == "now" && cause == nil {
			// RFC 5321 section 4.5.3.1.10: the server takes so many at once, and the
			// others right afterwards.
			again = 0
		}
		if cause == nil {
			m.Code, m.Text, m.Action = why.Code, why.Cause, why.Action
		}
	}
	s.stand(m, a, now, again)
	s.giveUpOld(m)
}

// refusalOf is the error that a recipient's refusal means.
func refusalOf(x *mailstead.RejectedRecipient) error {
	kind := mailstead.KindPermanent
	if x.Temporary {
		kind = mailstead.KindTemporary
	}
	return &mailstead.Error{Kind: kind, Op: "outbox", Text: "The server refused this recipient.", Err: &x.Reply}
}

// stand derives a mail's state from its recipients'. again is the pause before
// the next attempt.
func (s *Service) stand(m *mailstead.OutgoingMessage, a *mailstead.Account, now time.Time, again time.Duration) {
	count := make(map[mailstead.OutgoingState]int)
	for _, r := range m.Recipients {
		count[r.State]++
	}
	switch {
	case count[mailstead.OutgoingUnknown] > 0:
		m.State, m.DueAt = mailstead.OutgoingUnknown, now.Add(s.c.LookDelays[0])
	case count[mailstead.OutgoingQueued] > 0:
		m.State, m.DueAt = mailstead.OutgoingQueued, now.Add(again)
		if again > 0 {
			m.DueAt = now.Add(spread(again))
		}
	case count[mailstead.OutgoingAccepted] > 0:
		m.State = mailstead.OutgoingAccepted
	default:
		m.State = mailstead.OutgoingRejected
	}
	if count[mailstead.OutgoingAccepted] > 0 && m.AcceptedAt.IsZero() {
		m.AcceptedAt = now
		if m.SentCopy == mailstead.SentCopyNone && a.Incoming != nil && a.Incoming.Enabled && a.Incoming.Server.Protocol.HasFolders() {
			m.SentCopy, m.SentCopyDueAt = mailstead.SentCopyPending, now.Add(s.c.CopyDelays[0])
		}
	}
}

// giveUpOld rejects what was tried for too long. A mail that was held for days
// gets its tries before it counts as old.
func (s *Service) giveUpOld(m *mailstead.OutgoingMessage) {
	young := s.c.Now().Sub(m.CreatedAt) < s.c.MaxAge || m.Attempts <= len(s.c.RetryDelays)
	if m.State != mailstead.OutgoingQueued || young {
		return
	}
	m.State, m.DueAt = mailstead.OutgoingRejected, time.Time{}
	for i := range m.Recipients {
		switch r := &m.Recipients[i]; r.State {
		case mailstead.OutgoingQueued:
			r.State = mailstead.OutgoingRejected
			if r.Code == "" {
				r.Code, r.Reply = m.Code, m.Reply
			}
		case mailstead.OutgoingAccepted:
			m.State = mailstead.OutgoingAccepted
		default:
		}
	}
}
