package connect

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/mailstead/mailstead"
)

// Removal is how an account is removed.
type Removal struct {
	// Disconnect tells that a person ends the use of the mailbox, rather than that
	// the administration deletes the account. It is the word of the audit.
	Disconnect bool
	// Seen is Account.UpdatedAt of what the person looked at: an account that
	// somebody changed since stays. The zero time stands for any.
	Seen time.Time
}

// DeleteAccount removes an account, whatever it was changed to.
func (s *Service) DeleteAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) error {
	return s.RemoveAccount(ctx, actor, id, Removal{})
}

// RemoveAccount takes an account and its mail out of view and destroys its
// passwords. It is refused with mailstead.CodeAccountInUse while others use it. Until
// mailstead.UndoPeriod has passed RestoreAccount undoes it.
func (s *Service) RemoveAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, r Removal) error {
	a, err := s.managed(ctx, actor, id)
	if err != nil {
		return err
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return err
	}
	if err := rules.CheckConnect(actor); err != nil {
		return err
	}
	action := mailstead.AuditAccountDelete
	if r.Disconnect {
		action = mailstead.AuditAccountLeave
	}
	e := actor.Audit(action, a.AuditObject(), mailstead.AuditChanges(&a, nil))
	revoke := s.revoker(ctx, &a)
	err = s.c.Bin.RemoveAccount(ctx, mailstead.AccountRemoval{ID: id, At: s.c.Now(), Seen: r.Seen, Audit: e})
	if err != nil {
		return s.discreet(ctx, actor, id, err)
	}
	s.did(ctx, e)
	s.c.Changed(id)
	revoke()
	return nil
}

// revokeTimeout is how long a service has to take a permission back.
const revokeTimeout = 5 * time.Second

// revoker returns what gives the permission of an account back to the service: its
// tokens are read now, because they go with the account. A service that does not
// answer changes nothing: nobody has the tokens any more.
func (s *Service) revoker(ctx context.Context, a *mailstead.Account) func() {
	if !a.SignsInByOAuth() {
		return func() {}
	}
	failed := func(err error) {
		s.c.Logger.LogAttrs(ctx, slog.LevelWarn, "a permission was not given back", slog.Int64("account", int64(a.ID)), slog.Any("err", err))
	}
	revoke, err := s.c.OAuth.Tokens.Revoke(ctx, a.ID)
	if err != nil {
		failed(err)
		return func() {}
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
		defer cancel()
		if err := revoke(ctx); err != nil {
			failed(err)
		}
	}
}

// discreet takes the subjects of mails out of a refusal to somebody who may not read
// the account's mail.
func (s *Service) discreet(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, err error) error {
	uses := mailstead.UsesOf(err)
	if len(uses) == 0 {
		return err
	}
	_, rights, lost := s.Account(ctx, actor, id)
	if lost != nil {
		return lost
	}
	hideSubjects(uses, rights)
	return err
}

func hideSubjects(uses []mailstead.Use, rights mailstead.Rights) {
	for i := range uses {
		if uses[i].Kind == mailstead.UseOutgoing && !rights.Read {
			uses[i].Name = ""
		}
	}
}

// Disconnection is what would happen if an account was disconnected.
type Disconnection struct {
	mailstead.AccountHoldings
	// Uses are those who use the account beside its owner; while there are any it
	// stays.
	Uses []mailstead.Use
	// UndoUntil is until when it could be brought back.
	UndoUntil time.Time
}

// PreviewDisconnect tells what would happen and changes nothing.
func (s *Service) PreviewDisconnect(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (Disconnection, error) {
	if _, err := s.managed(ctx, actor, id); err != nil {
		return Disconnection{}, err
	}
	a, rights, err := s.Account(ctx, actor, id)
	if err != nil {
		return Disconnection{}, err
	}
	d := Disconnection{UndoUntil: s.c.Now().Add(mailstead.UndoPeriod)}
	if d.AccountHoldings, err = s.c.Bin.AccountHoldings(ctx, id); err != nil {
		return Disconnection{}, err
	}
	uses, err := s.c.Bin.AccountUses(ctx, id)
	if err != nil {
		return Disconnection{}, err
	}
	d.Uses = mailstead.UsesOf(a.CheckUnused(uses))
	hideSubjects(d.Uses, rights)
	return d, nil
}

// RestoreAccount brings back an account that was removed within
// mailstead.UndoPeriod, with its mail and settings. Its passwords are gone: it does
// nothing until somebody enters them. Its owner and administrators may.
func (s *Service) RestoreAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (mailstead.Account, error) {
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return mailstead.Account{}, err
	}
	a, err := s.c.Bin.DeletedAccount(ctx, id)
	if err != nil {
		return mailstead.Account{}, err
	}
	if !mailstead.RightsOn(actor, &a, nil).Manage {
		return mailstead.Account{}, mailstead.NotFound("account")
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return mailstead.Account{}, err
	}
	if err := rules.CheckConnect(actor); err != nil {
		return mailstead.Account{}, err
	}
	done, ok := s.begin(&a)
	if !ok {
		return mailstead.Account{}, errExists("This address is being connected at this moment.")
	}
	defer done()
	e := actor.Audit(mailstead.AuditAccountRestore, a.AuditObject(), nil)
	a, err = s.c.Bin.RestoreAccount(ctx, mailstead.AccountRestoring{
		ID: id, At: s.c.Now(), Since: s.c.Now().Add(-mailstead.UndoPeriod), Audit: e,
		Health: s.missingPassword(mailstead.SideIncoming),
		Events: []mailstead.Event{s.event(mailstead.EventAccountConnected, id)},
	})
	if err != nil {
		return mailstead.Account{}, err
	}
	s.did(ctx, e)
	s.c.Connected(id)
	return a, nil
}

// missingPassword is the health of a side that has no password.
func (s *Service) missingPassword(n mailstead.SideName) mailstead.Health {
	stage := mailstead.Stage{Stage: mailstead.StageLogin, Err: errNoSecret("connect")}
	report := mailstead.Report{Side: n, Stages: []mailstead.Stage{stage}}
	s.c.Explainer.Report(&report, "")
	x := report.Stages[0]
	return mailstead.Health{State: mailstead.HealthTrouble, Code: x.Code, Text: x.Cause, Action: x.Action, CheckedAt: s.c.Now()}
}

const (
	// purgeBatch is how many mails one step of a purge removes.
	purgeBatch = 500
	// purgeEvery is how often it is looked for accounts to purge.
	purgeEvery = time.Hour
)

// Purge removes for good the accounts that were deleted too long ago to be brought
// back, with their mail, a part at a time.
func (s *Service) Purge(ctx context.Context) error {
	told := func(a mailstead.Account) mailstead.AuditEntry {
		return mailstead.Actor{}.Audit(mailstead.AuditAccountPurge, a.AuditObject(), nil)
	}
	for {
		more, err := s.c.Bin.PurgeAccount(ctx, s.c.Now().Add(-mailstead.UndoPeriod), purgeBatch, told)
		if err != nil || !more {
			return err
		}
	}
}

// KeepPurging purges now and every hour, until ctx ends.
func (s *Service) KeepPurging(ctx context.Context) {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		if err := s.Purge(ctx); err != nil && ctx.Err() == nil {
			s.c.Logger.LogAttrs(ctx, slog.LevelError, "deleted accounts were not purged", slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// MaxBulk is the most accounts of one bulk action.
const MaxBulk = 200

// BulkResult is what became of one account of a bulk action.
type BulkResult struct {
	ID mailstead.AccountID
	// Account is the account as it is now, with its name alone when it is gone.
	Account mailstead.Account
	// Err is why nothing was done to it.
	Err error
}

// Bulk does the same to several accounts, each in a step of its own: where it fails
// nothing of that account is changed, and the others are done nevertheless.
func (s *Service) Bulk(
	ctx context.Context, actor mailstead.Actor, ids []mailstead.AccountID, do func(ctx context.Context, id mailstead.AccountID) error,
) ([]BulkResult, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > MaxBulk {
		return nil, mailstead.Invalid("ids", "input.limit", "Name 1 to 200 accounts.")
	}
	seen := make(map[mailstead.AccountID]bool)
	ids = slices.DeleteFunc(slices.Clone(ids), func(id mailstead.AccountID) bool {
		twice := seen[id]
		seen[id] = true
		return twice
	})
	out := make([]BulkResult, 0, len(ids))
	for _, id := range ids {
		r := BulkResult{ID: id}
		r.Account, _, r.Err = s.Account(ctx, actor, id)
		if r.Err == nil {
			r.Err = do(ctx, id)
		}
		if mailstead.KindOf(r.Err) == mailstead.KindInternal && r.Err != nil {
			return out, r.Err
		}
		out = append(out, r)
	}
	return out, nil
}
