package outbox

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
)

// reasonToHold returns why mail of the account waits for a person, or nil.
func reasonToHold(a *mailstead.Account) *mailstead.Explanation {
	switch {
	case a.Outgoing == nil:
		return &mailstead.Explanation{
			Code: "account.no_outgoing", Cause: "The account has no server to send by.", Action: "Add one, or cancel the mail.",
		}
	case !a.Outgoing.Enabled:
		return &mailstead.Explanation{
			Code: "account.disabled", Cause: "Sending is switched off for this account.", Action: "Switch it on, or cancel the mail.",
		}
	case a.Outgoing.Health.State == mailstead.HealthTrouble:
		h := &a.Outgoing.Health
		return &mailstead.Explanation{Code: h.Code, Cause: h.Text, Action: h.Action}
	}
	return nil
}

// holdDue makes all due mails of an account wait until it is well.
func (s *Service) holdDue(ctx context.Context, id mailstead.AccountID, why *mailstead.Explanation) error {
	s.setHolds(s.line(id), true)
	for {
		mails, err := s.c.Store.ClaimOutgoing(ctx, id, s.c.Now(), claimBatch)
		if err != nil || len(mails) == 0 {
			return err
		}
		s.change(ctx, mails, func(m *mailstead.OutgoingMessage) {
			m.State, m.DueAt = mailstead.OutgoingHeld, time.Time{}
			m.Code, m.Text, m.Action = why.Code, why.Cause, why.Action
		})
	}
}

// heal gives up what belongs to an account's past, when it was told to be well
// again, and releases its held mail.
func (s *Service) heal(ctx context.Context, id mailstead.AccountID, l *line) error {
	s.mu.Lock()
	healed := l.healed
	idle := l.idle
	if healed {
		l.healed, l.idle, l.failures, l.pausedUntil, l.most = false, nil, 0, time.Time{}, 0
	}
	s.mu.Unlock()
	if !healed {
		return nil
	}
	for _, c := range idle {
		_ = c.Close()
	}
	account, err := s.c.Store.Account(ctx, id)
	if err != nil || reasonToHold(&account) != nil {
		return ignoreNotFound(err)
	}
	s.setHolds(l, false)
	n, err := s.c.Store.ReleaseHeld(ctx, id, s.c.Now())
	if ignoreNotFound(err) != nil {
		s.setHolds(l, true)
	}
	if n > 0 {
		s.c.Logger.LogAttrs(ctx, slog.LevelInfo, "held mail released", slog.Int64("account_id", int64(id)), slog.Int("mails", n))
	}
	return ignoreNotFound(err)
}

func ignoreNotFound(err error) error {
	if mailstead.KindOf(err) == mailstead.KindNotFound {
		return nil
	}
	return err
}

// tend looks after the accounts that hold mail: those that are well by now, told
// or not, send it; those whose server failed are tried again.
func (s *Service) tend(ctx context.Context) error {
	var ids []mailstead.AccountID
	s.mu.Lock()
	for id, l := range s.lines {
		if l.holds {
			ids = append(ids, id)
		}
	}
	s.mu.Unlock()
	for _, id := range ids {
		if err := s.tendAccount(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// findHeld notes which accounts hold mail from before the start.
func (s *Service) findHeld(ctx context.Context) error {
	q := mailstead.OutgoingQuery{States: []mailstead.OutgoingState{mailstead.OutgoingHeld}, Limit: 200}
	for {
		mails, err := s.c.Shelf.OutgoingList(ctx, q)
		for i := range mails {
			s.setHolds(s.line(mails[i].AccountID), true)
			q.Before = mails[i].ID
		}
		if err != nil || len(mails) < q.Limit {
			return err
		}
	}
}

func (s *Service) tendAccount(ctx context.Context, id mailstead.AccountID) error {
	a, err := s.c.Store.Account(ctx, id)
	if err != nil {
		return ignoreNotFound(err)
	}
	if reasonToHold(&a) == nil {
		s.Healthy(id)
		return nil
	}
	if !mayProbe(&a) {
		return nil
	}
	l := s.line(id)
	s.mu.Lock()
	now := s.c.Now()
	due := !now.Before(l.probedAt.Add(s.c.ProbeEvery)) && !now.Before(a.Outgoing.Health.CheckedAt.Add(s.c.ProbeEvery))
	if due {
		l.probedAt = now
	}
	s.mu.Unlock()
	if due {
		s.probe(ctx, &a)
	}
	return nil
}

// mayProbe tells whether an account's trouble may pass without a person: that of
// a server or a certificate. A refused sign-in must not be repeated, it locks
// accounts.
func mayProbe(a *mailstead.Account) bool {
	if a.Outgoing == nil || !a.Outgoing.Enabled {
		return false
	}
	class, _, _ := strings.Cut(a.Outgoing.Health.Code, ".")
	switch class {
	case "dns", "net", "tls", "proto", "clock":
		return true
	default:
		return false
	}
}

// probeTime bounds one try to sign in.
const probeTime = time.Minute

// probe signs in once and stores how it went.
func (s *Service) probe(ctx context.Context, a *mailstead.Account) {
	bounded, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	access, err := s.c.Credentials.Access(bounded, a.ID, mailstead.SideOutgoing)
	var sender mailstead.Sender
	if err == nil {
		sender, err = s.c.Sender.Open(bounded, access)
	}
	if ctx.Err() != nil {
		return
	}
	now := s.c.Now()
	h := mailstead.Health{State: mailstead.HealthOK, CheckedAt: now, SuccessAt: now}
	if err != nil {
		x := s.explain(a, err)
		h = mailstead.Health{
			State: mailstead.HealthTrouble, Code: x.Code, Text: x.Cause, Action: x.Action,
			CheckedAt: now, SuccessAt: a.Outgoing.Health.SuccessAt,
		}
	}
	s.setHealth(ctx, a.ID, h)
	if err == nil {
		_ = sender.Close()
		s.Healthy(a.ID)
	}
}
