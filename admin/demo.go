package admin

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
)

// DemoServers is the sample mail service that this program can run itself.
type DemoServers interface {
	// Start starts it; it does nothing while it runs.
	Start(ctx context.Context) error
	// Stop ends it and waits. It may be called twice.
	Stop()
	Running() bool
	Provider() mailstead.Provider
	// Domains are the rows of the table of domains that lead to it. While the last
	// one is there, the demo is on.
	Domains() []mailstead.Domain
	Addresses() []mailstead.DemoAddress
}

// DemoDirectory takes the demo in among the providers.
type DemoDirectory interface {
	Add(p mailstead.Provider) error
	Remove()
}

// DemoAccounts is the journey that owns the accounts.
type DemoAccounts interface {
	Accounts(ctx context.Context, actor mailstead.Actor, q mailstead.AccountQuery) ([]mailstead.Account, error)
	DeleteAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) error
}

// DemoOutbox is the journey that owns mail on its way out.
type DemoOutbox interface {
	List(ctx context.Context, actor mailstead.Actor, q mailstead.OutgoingQuery) ([]mailstead.OutgoingMessage, error)
	Cancel(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error)
}

// DemoConfig is all that the demo works with. Nothing of it is needed but for the
// methods of the demo.
type DemoConfig struct {
	Servers   DemoServers
	Directory DemoDirectory
	Accounts  DemoAccounts
	Outbox    DemoOutbox
}

// demo keeps steps of turning the demo on and off apart.
type demo struct {
	DemoConfig
	mu sync.Mutex
}

// Demo tells whether the demo is on, what can be tried, and what goes with it.
func (s *Service) Demo(ctx context.Context, actor mailstead.Actor) (mailstead.Demo, error) {
	actor, err := s.requireDemo(actor)
	if err != nil {
		return mailstead.Demo{}, err
	}
	return s.demoState(ctx, actor)
}

// requireDemo demands an administrator, and returns one whom no scope keeps from
// the accounts of the demo.
func (s *Service) requireDemo(actor mailstead.Actor) (mailstead.Actor, error) {
	if err := actor.RequireAdmin(); err != nil {
		return actor, err
	}
	actor.Scopes = nil
	return actor, nil
}

func (s *Service) demoState(ctx context.Context, actor mailstead.Actor) (mailstead.Demo, error) {
	on, err := s.demoOn(ctx)
	if err != nil {
		return mailstead.Demo{}, err
	}
	state := mailstead.Demo{Active: on && s.demo.Servers.Running(), Addresses: s.demo.Servers.Addresses(), Accounts: []mailstead.AccountID{}}
	if on {
		state.Accounts, err = s.demoAccounts(ctx, actor)
	}
	return state, err
}

// demoOn reads the choice, which the last of the demo's domains keeps.
func (s *Service) demoOn(ctx context.Context) (bool, error) {
	rows := s.demo.Servers.Domains()
	row, err := s.c.Store.Domain(ctx, rows[len(rows)-1].Name)
	if mailstead.KindOf(err) == mailstead.KindNotFound {
		return false, nil
	}
	return err == nil && row.ProviderID == s.demo.Servers.Provider().ID, err
}

// AddDemo turns the demo on: its servers run, the directory of providers and the
// table of domains know it. It does nothing that was done already.
func (s *Service) AddDemo(ctx context.Context, actor mailstead.Actor) (mailstead.Demo, error) {
	actor, err := s.requireDemo(actor)
	if err != nil {
		return mailstead.Demo{}, err
	}
	s.demo.mu.Lock()
	defer s.demo.mu.Unlock()
	if err := s.startDemo(ctx); err != nil {
		return mailstead.Demo{}, err
	}
	known, err := s.demoKnown(ctx)
	switch {
	case err != nil:
		return mailstead.Demo{}, err
	case known:
		return s.demoState(ctx, actor)
	}
	e := s.auditDemo(actor, mailstead.AuditDemoAdd, false)
	if err := s.c.Store.PutDomains(ctx, s.demo.Servers.Domains(), e); err != nil {
		return mailstead.Demo{}, err
	}
	s.did(ctx, e)
	return s.demoState(ctx, actor)
}

// demoKnown reports whether the table of domains has all of the demo's.
func (s *Service) demoKnown(ctx context.Context) (bool, error) {
	rows := s.demo.Servers.Domains()
	for i := range rows {
		if changes, err := s.domainChanges(ctx, &rows[i]); err != nil || len(changes) > 0 {
			return false, err
		}
	}
	return true, nil
}

// auditDemo returns the entry of turning the demo on or off.
func (s *Service) auditDemo(actor mailstead.Actor, action mailstead.AuditAction, was bool) mailstead.AuditEntry {
	type state struct {
		Active bool `json:"active"`
	}
	object := mailstead.AuditObject{Kind: mailstead.AuditDemo, Name: s.demo.Servers.Provider().Name}
	return actor.Audit(action, object, mailstead.AuditChanges(&state{was}, &state{!was}))
}

// ResumeDemo starts the demo's servers if it was on when the service stopped.
func (s *Service) ResumeDemo(ctx context.Context) error {
	s.demo.mu.Lock()
	defer s.demo.mu.Unlock()
	on, err := s.demoOn(ctx)
	if err != nil || !on {
		return err
	}
	return s.startDemo(ctx)
}

func (s *Service) startDemo(ctx context.Context) error {
	if err := s.demo.Servers.Start(ctx); err != nil {
		return err
	}
	return s.demo.Directory.Add(s.demo.Servers.Provider())
}

// RemoveDemo turns the demo off: its servers stop, the accounts that are connected
// to it go with their mail and all that refers to them, then its domains and its
// provider. What it could not finish it finishes when it is called again.
func (s *Service) RemoveDemo(ctx context.Context, actor mailstead.Actor) (err error) {
	actor, err = s.requireDemo(actor)
	if err != nil {
		return err
	}
	s.demo.mu.Lock()
	defer s.demo.mu.Unlock()
	running := s.demo.Servers.Running()
	// First, so that nothing comes in while things go.
	s.demo.Servers.Stop()
	if err := s.removeDemo(ctx, actor); err != nil {
		if running {
			err = errors.Join(err, s.demo.Servers.Start(ctx))
		}
		return err
	}
	s.demo.Directory.Remove()
	return nil
}

func (s *Service) removeDemo(ctx context.Context, actor mailstead.Actor) error {
	ids, err := s.demoAccounts(ctx, actor)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.removeDemoAccount(ctx, actor, id); err != nil {
			return err
		}
	}
	var names []string
	for _, row := range s.demo.Servers.Domains() {
		names = append(names, row.Name)
	}
	e := s.auditDemo(actor, mailstead.AuditDemoRemove, true)
	switch err := s.c.Store.DeleteDomains(ctx, names, e); {
	case mailstead.KindOf(err) == mailstead.KindNotFound:
		return nil // It was off.
	case err != nil:
		return err
	}
	s.did(ctx, e)
	return nil
}

// demoAccounts lists the accounts with a server of the demo.
func (s *Service) demoAccounts(ctx context.Context, actor mailstead.Actor) ([]mailstead.AccountID, error) {
	p := s.demo.Servers.Provider()
	servers := slices.Concat(p.Incoming, p.Outgoing)
	for _, row := range s.demo.Servers.Domains() {
		servers = slices.Concat(servers, row.Incoming, row.Outgoing)
	}
	q := mailstead.AccountQuery{Limit: mailstead.MaxPage}
	for i := range servers {
		q.Hosts = append(q.Hosts, servers[i].Host)
	}
	ids := []mailstead.AccountID{}
	if len(q.Hosts) == 0 {
		return ids, nil // none would mean the accounts of everybody
	}
	for {
		page, err := s.demo.Accounts.Accounts(ctx, actor, q)
		if err != nil {
			return nil, err
		}
		for i := range page {
			ids = append(ids, page[i].ID)
		}
		if len(page) < q.Limit {
			return ids, nil
		}
		q.After = page[len(page)-1].Position(q.Sort)
	}
}

const (
	// removeTries is how often an account is tried to be removed while a mail of it
	// is just being sent, and removePause how long to wait between.
	removeTries = 100
	removePause = 100 * time.Millisecond
)

// removeDemoAccount removes an account together with its assignments, its mail and
// what it has to send.
func (s *Service) removeDemoAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) error {
	assignments, err := s.c.Store.Assignments(ctx, id)
	switch {
	case mailstead.KindOf(err) == mailstead.KindNotFound:
		return nil // Somebody else was faster.
	case err != nil:
		return err
	}
	for _, a := range assignments {
		if err := s.DeleteAssignment(ctx, actor, a.ID); err != nil && mailstead.KindOf(err) != mailstead.KindNotFound {
			return err
		}
	}
	for try := 1; ; try++ {
		if err := s.cancelOutgoing(ctx, actor, id); err != nil {
			return err
		}
		// A deleted account would keep its mail. Without folders nothing more is stored.
		if _, err := s.c.Store.SyncFolders(ctx, id, nil, s.c.Now()); err != nil && mailstead.KindOf(err) != mailstead.KindNotFound {
			return err
		}
		err := s.demo.Accounts.DeleteAccount(ctx, actor, id)
		if err == nil || mailstead.KindOf(err) == mailstead.KindNotFound {
			return nil
		}
		if mailstead.KindOf(err) != mailstead.KindConflict || try == removeTries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(removePause):
		}
	}
}

// cancelOutgoing cancels what waits to be sent from an account. What is being sent
// at this moment it leaves.
func (s *Service) cancelOutgoing(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) error {
	q := mailstead.OutgoingQuery{
		AccountID: id, Limit: mailstead.MaxPage,
		States: []mailstead.OutgoingState{mailstead.OutgoingQueued, mailstead.OutgoingHeld, mailstead.OutgoingUnknown},
	}
	for {
		page, err := s.demo.Outbox.List(ctx, actor, q)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if _, err := s.demo.Outbox.Cancel(ctx, actor, page[i].ID); err != nil && mailstead.KindOf(err) != mailstead.KindConflict {
				return err
			}
		}
		q.Before = page[len(page)-1].ID
	}
}
