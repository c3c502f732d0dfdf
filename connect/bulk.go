package connect

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/mailstead/mailstead"
)

// BulkRow is an account by its address, and its new password.
type BulkRow struct {
	Address  string
	Password mailstead.Secret
}

// BulkRequest gives many accounts new passwords, and new servers with them where
// Incoming or Outgoing says so.
type BulkRequest struct {
	Rows     []BulkRow
	Incoming *ServerInput
	Outgoing *ServerInput
}

// BulkOutcome is what became of a row.
type BulkOutcome string

// The outcomes.
const (
	BulkChanged BulkOutcome = "changed"
	BulkRefused BulkOutcome = "refused"
	BulkUnknown BulkOutcome = "unknown"
)

// BulkItem is the result of a row. A row whose address several accounts have gets one
// for each.
type BulkItem struct {
	// Row counts from 1.
	Row       int                 `json:"row"`
	Address   string              `json:"address"`
	AccountID mailstead.AccountID `json:"account_id,omitempty"`
	Outcome   BulkOutcome         `json:"outcome"`
	// Code and Text say why a row was refused.
	Code string `json:"code,omitempty"`
	Text string `json:"text,omitempty"`
}

const (
	// maxBulk is the most rows of a bulk change.
	maxBulk = 2000
	// bulkWorkers is how many accounts are under way at a time.
	bulkWorkers = 20
)

// Bulk is a bulk change that was understood and has not begun.
type Bulk struct {
	// Total is how many results there will be.
	Total int

	s     *Service
	actor mailstead.Actor
	r     BulkRequest
	jobs  []bulkJob
}

type bulkJob struct {
	item     BulkItem
	password mailstead.Secret
}

// PlanBulk checks a bulk change. Nothing is asked or stored before Bulk.Run. Only
// administrators may.
func (s *Service) PlanBulk(ctx context.Context, actor mailstead.Actor, r BulkRequest) (*Bulk, error) {
	if err := requireLinks(actor); err != nil {
		return nil, err
	}
	switch {
	case len(r.Rows) == 0:
		return nil, mailstead.Invalid("rows", "input.rows_needed", "Give at least one address with its new password.")
	case len(r.Rows) > maxBulk:
		return nil, mailstead.Invalid("rows", "input.too_many", "These are too many rows at once: 2000 are the most.")
	}
	for n, in := range map[mailstead.SideName]*ServerInput{mailstead.SideIncoming: r.Incoming, mailstead.SideOutgoing: r.Outgoing} {
		if in == nil {
			continue
		}
		if _, err := typedServers(n, *in); err != nil {
			return nil, err
		}
	}
	b := &Bulk{s: s, actor: actor, r: r}
	return b, b.find(ctx)
}

// find looks the accounts of the rows up. An address that stands in the list twice is
// changed once, by its last row.
func (b *Bulk) find(ctx context.Context) error {
	last := make(map[string]int, len(b.r.Rows))
	for i := range b.r.Rows {
		last[strings.ToLower(strings.TrimSpace(b.r.Rows[i].Address))] = i
	}
	for i := range b.r.Rows {
		row := &b.r.Rows[i]
		key := strings.ToLower(strings.TrimSpace(row.Address))
		item := BulkItem{Row: i + 1, Address: strings.TrimSpace(row.Address)}
		if last[key] != i {
			item.Outcome, item.Code, item.Text = BulkRefused, "bulk.twice", "This address stands in the list again: its last row counts."
			b.jobs = append(b.jobs, bulkJob{item: item})
			continue
		}
		found, err := b.accounts(ctx, key)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			item.Outcome = BulkUnknown
			b.jobs = append(b.jobs, bulkJob{item: item})
		}
		for k := range found {
			item.AccountID = found[k].ID
			b.jobs = append(b.jobs, bulkJob{item, row.Password})
		}
	}
	b.Total = len(b.jobs)
	return nil
}

// accounts are those that have an address.
func (b *Bulk) accounts(ctx context.Context, address string) ([]mailstead.Account, error) {
	if address == "" {
		return nil, nil
	}
	return b.s.c.Store.Accounts(ctx, mailstead.AccountQuery{Address: address, Limit: accountPage})
}

// Run changes the accounts and tells of each as soon as it is done, one at a time and
// in no order. Each is tried first and changed whole or not at all. When ctx ends
// nothing more begins; what was not told then is as it was, or was changed whole.
func (b *Bulk) Run(ctx context.Context, tell func(BulkItem) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(bulkWorkers)
	for _, job := range b.jobs {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			item := b.do(ctx, job)
			mu.Lock()
			defer mu.Unlock()
			if ctx.Err() != nil && item.Outcome != BulkChanged {
				return ctx.Err()
			}
			if err := tell(item); err != nil {
				stop()
				return err
			}
			return nil
		})
	}
	return g.Wait()
}

func (b *Bulk) do(ctx context.Context, job bulkJob) BulkItem {
	item := job.item
	if item.Outcome != "" || ctx.Err() != nil {
		return item
	}
	item.Outcome = BulkChanged
	if err := b.change(ctx, item.AccountID, job.password); err != nil {
		item.Outcome, item.Code = BulkRefused, mailstead.CodeOf(err)
		var e *mailstead.Error
		if errors.As(err, &e) && e.Kind != mailstead.KindInternal {
			item.Text = e.Text
		} else if ctx.Err() == nil {
			b.s.c.Logger.LogAttrs(ctx, slog.LevelError, "bulk change failed", slog.String("account_id", item.AccountID.String()), slog.String("err", err.Error()))
		}
	}
	return item
}

// change tries the new password of one account at its servers, old or new, and stores
// servers and password in one step.
func (b *Bulk) change(ctx context.Context, id mailstead.AccountID, password mailstead.Secret) error {
	s := b.s
	old, err := s.managed(ctx, b.actor, id)
	if err != nil {
		return err
	}
	a := clone(old)
	sides, moved, err := b.trials(ctx, &old, &a, password)
	if err != nil {
		return err
	}
	need := make(map[string]int)
	for _, t := range sides {
		need[t.targets[0].server.Host]++
	}
	done, err := s.c.Hosts.Enter(ctx, need)
	if err != nil {
		return err
	}
	res := s.run(ctx, sides, b.actor.IsAdmin(), a.ProviderID)
	done()
	if !res.OK {
		return failure("connect.Bulk", sides)
	}
	if err := s.checkUnchanged(ctx, b.actor, &old); err != nil {
		return err
	}
	// Who goes away now leaves a whole change behind, not the half of one.
	ctx = context.WithoutCancel(ctx)
	secrets := make(sideSecrets)
	for _, t := range sides {
		side := a.Side(t.side)
		side.Server, side.Login, side.Health = t.won.server, t.won.login, s.healthOK()
		secrets[t.side] = t.secret
	}
	action := mailstead.AuditAccountPassword
	if moved {
		action = mailstead.AuditAccountUpdate
	}
	changes := append(mailstead.AuditChanges(&old, &a), passwords(sides)...)
	return s.storeSecrets(ctx, &a, secrets, sides, b.actor.Audit(action, a.AuditObject(), changes))
}

// trials returns the tests of every side that somebody signs in to, and whether a
// server changes.
func (b *Bulk) trials(ctx context.Context, old, a *mailstead.Account, password mailstead.Secret) (sides []*trial, moved bool, err error) {
	rules, err := b.s.rules(ctx)
	if err != nil {
		return nil, false, err
	}
	for n, in := range map[mailstead.SideName]*ServerInput{mailstead.SideIncoming: b.r.Incoming, mailstead.SideOutgoing: b.r.Outgoing} {
		side := old.Side(n)
		if side == nil || (side.Login == "" && in == nil) {
			continue
		}
		t, err := changedSide(old, n, in)
		if err != nil {
			return nil, false, err
		}
		if t == nil {
			t = storedTrial(old, n, password)
		} else {
			moved = true
		}
		t.secret, t.secretField, t.open = password, "password", side.Login == ""
		if t.open {
			t.secret = mailstead.Secret{}
		}
		if err := t.check(rules.Plain); err != nil {
			return nil, false, err
		}
		next := *side
		next.Server, next.Login = t.targets[0].server, t.targets[0].login
		setSide(a, n, &next)
		sides = append(sides, t)
	}
	if !slices.ContainsFunc(sides, func(t *trial) bool { return !t.open }) {
		return nil, false, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "password_link.no_sign_in", Text: "Nobody signs in to the servers of this account, so it has no password.",
		}
	}
	if moved {
		a.ProviderID = b.s.providerOf(a, old.ProviderID)
	}
	return sides, moved, b.s.justifyPlain(a, newServers(old, sides), "")
}
