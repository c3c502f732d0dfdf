package connect

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/mailstead/mailstead"
)

// Account returns one account with what the actor may do with it. Who may do
// nothing is told that there is no such account.
func (s *Service) Account(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (mailstead.Account, mailstead.Rights, error) {
	if err := requireAny(actor, mailstead.ScopeAccounts, mailstead.ScopeRead, mailstead.ScopeSend); err != nil {
		return mailstead.Account{}, mailstead.Rights{}, err
	}
	a, assignments, err := s.c.Store.AccountFor(ctx, id, actor.User.ID)
	if err != nil {
		return mailstead.Account{}, mailstead.Rights{}, err
	}
	rights := mailstead.RightsOn(actor, &a, assignments)
	if rights == (mailstead.Rights{}) {
		return mailstead.Account{}, rights, mailstead.NotFound("account")
	}
	return a, rights, nil
}

// requireAny demands one of the scopes.
func requireAny(actor mailstead.Actor, scopes ...mailstead.Scope) error {
	var first error
	for _, scope := range scopes {
		err := actor.Require(scope)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// Changes is what to change of an account; nil leaves a field as it is.
type Changes struct {
	Name            *string
	DisplayName     *string
	Note            *string
	Signature       *string
	LoadPeriod      *mailstead.LoadPeriod
	IncomingEnabled *bool
	OutgoingEnabled *bool
	// Incoming and Outgoing change a server or login, or add a side. What they
	// leave empty stays as it is. A server that changes needs the password
	// again, so that nobody can send a stored password to a server of his own.
	Incoming         *ServerInput
	Outgoing         *ServerInput
	Password         mailstead.Secret
	OutgoingPassword mailstead.Secret
	// PlainReason says in writing why a server without encryption is used.
	PlainReason string
	// Seen is Account.UpdatedAt of what the person looked at: an account that
	// somebody changed since stays as it is. The zero time stands for any.
	Seen time.Time
}

// updateTries is how often a change that looks at nothing is applied anew to what
// somebody else stored meanwhile.
const updateTries = 5

// UpdateAccount changes an account. Changed servers are tested first: when the
// test fails nothing is stored, and Saved.Result has the report. It is KindConflict
// with CodeAccountChanged when somebody else changed the account after c.Seen, or
// during the test.
func (s *Service) UpdateAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, c Changes) (Saved, error) {
	for try := 1; ; try++ {
		saved, err := s.updateAccount(ctx, actor, id, c)
		tested := c.Incoming != nil || c.Outgoing != nil
		if mailstead.CodeOf(err) != mailstead.CodeAccountChanged || !c.Seen.IsZero() || tested || try == updateTries {
			return saved, err
		}
	}
}

func (s *Service) updateAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, c Changes) (Saved, error) {
	old, err := s.managed(ctx, actor, id)
	if err != nil {
		return Saved{}, err
	}
	if !c.Seen.IsZero() && !c.Seen.Equal(old.UpdatedAt) {
		return Saved{}, mailstead.AccountChanged()
	}
	if err := s.checkChange(ctx, actor, &c); err != nil {
		return Saved{}, err
	}
	a := clone(old)
	c.apply(&a)
	sides, err := s.changedSides(ctx, &old, &a, c)
	if err != nil {
		return Saved{}, err
	}
	check := a.Validate
	if old.Needs() == mailstead.NeedServers {
		check = a.ValidateDraft
	}
	if err := check(); err != nil {
		return Saved{}, err
	}
	if slices.ContainsFunc(sides, func(t *trial) bool { return t.later }) {
		return s.updateUntested(ctx, actor, &old, &a, sides)
	}
	if len(sides) == 0 && (!c.Password.IsZero() || !c.OutgoingPassword.IsZero()) {
		return Saved{}, mailstead.Invalid("password", "input.password_alone", "To replace only the password, use the action for that.")
	}
	if len(sides) > 0 {
		return s.updateServers(ctx, actor, &old, &a, sides)
	}
	e := actor.Audit(mailstead.AuditAccountUpdate, a.AuditObject(), mailstead.AuditChanges(&old, &a))
	if len(e.Changes) == 0 {
		return Saved{Account: a}, nil
	}
	err = s.store(ctx, &a, nil, e)
	return Saved{Account: a}, err
}

// apply sets the fields that need no test.
func (c *Changes) apply(a *mailstead.Account) {
	set(&a.Name, c.Name)
	set(&a.DisplayName, c.DisplayName)
	set(&a.Note, c.Note)
	set(&a.Signature, c.Signature)
	set(&a.LoadPeriod, c.LoadPeriod)
	if a.Incoming != nil {
		set(&a.Incoming.Enabled, c.IncomingEnabled)
	}
	if a.Outgoing != nil {
		set(&a.Outgoing.Enabled, c.OutgoingEnabled)
	}
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// changedSides returns the tests that the changes ask for, with the password that
// each is to be tested with, and puts the first server of each into a.
func (s *Service) changedSides(ctx context.Context, old, a *mailstead.Account, c Changes) ([]*trial, error) {
	rules, err := s.rules(ctx)
	if err != nil {
		return nil, err
	}
	var sides []*trial
	for _, n := range []mailstead.SideName{mailstead.SideIncoming, mailstead.SideOutgoing} {
		in := c.Incoming
		if n == mailstead.SideOutgoing {
			in = c.Outgoing
		}
		t, err := changedSide(old, n, in)
		if err != nil {
			return nil, err
		}
		if t == nil {
			continue
		}
		if err := s.secretFor(ctx, old, t, c); err != nil {
			return nil, err
		}
		if err := t.check(rules.Plain); err != nil {
			return nil, err
		}
		next := mailstead.Side{Enabled: true}
		if side := a.Side(n); side != nil {
			next = *side
		}
		next.Server, next.Login = t.targets[0].server, t.targets[0].login
		setSide(a, n, &next)
		sides = append(sides, t)
	}
	sides = completed(old, sides, c)
	return sides, s.justifyPlain(a, newServers(old, sides), c.PlainReason)
}

// secretFor sets the password that a changed side is tested with: the one that came,
// else the stored one, else the one that comes later.
func (s *Service) secretFor(ctx context.Context, old *mailstead.Account, t *trial, c Changes) (err error) {
	t.secret, t.secretField = c.Password, "password"
	if t.side == mailstead.SideOutgoing && !c.OutgoingPassword.IsZero() {
		t.secret, t.secretField = c.OutgoingPassword, "outgoing_password"
	}
	if !t.secret.IsZero() {
		return nil
	}
	// A side without a sign-in stays so until a user name and password come.
	if t.open = t.targets[0].login == ""; t.open {
		return nil
	}
	if t.later = old.Needs() != mailstead.NeedNothing && lacksPassword(old.Side(t.side)); t.later {
		return nil
	}
	t.kept, t.oauth = true, old.Side(t.side) != nil && old.Side(t.side).Secret == mailstead.SecretOAuth
	t.secret, err = s.keptSecret(ctx, old, t)
	return err
}

// completed adds the test of the other side when the password that came for one is
// what that one lacks, too.
func completed(old *mailstead.Account, sides []*trial, c Changes) []*trial {
	if len(sides) != 1 || c.Password.IsZero() {
		return sides
	}
	n := otherSide(sides[0].side)
	side := old.Side(n)
	if side == nil || side.Login == "" || !lacksPassword(side) {
		return sides
	}
	t := storedTrial(old, n, c.Password)
	t.secretField, t.oauth = "password", false
	return append(sides, t)
}

// lacksPassword reports whether no password is stored for a side.
func lacksPassword(s *mailstead.Side) bool { return s == nil || s.Secret == "" }

func otherSide(n mailstead.SideName) mailstead.SideName {
	if n == mailstead.SideIncoming {
		return mailstead.SideOutgoing
	}
	return mailstead.SideIncoming
}

// updateUntested stores servers of an account that has no password yet: there is
// nothing to test them with, and nothing that a wrong server could be sent.
func (s *Service) updateUntested(ctx context.Context, actor mailstead.Actor, old, a *mailstead.Account, sides []*trial) (Saved, error) {
	a.ProviderID = s.providerOf(a, old.ProviderID)
	for _, t := range sides {
		if !t.secret.IsZero() {
			// One side could be tested and the other could not: nobody would see which.
			return Saved{}, mailstead.Invalid("password", "input.password_needed", "The password is needed.")
		}
		a.Side(t.side).Health = mailstead.Health{State: mailstead.HealthNew}
		if t.later {
			a.Side(t.side).Health = s.missingPassword(t.side)
		}
	}
	e := actor.Audit(mailstead.AuditAccountUpdate, a.AuditObject(), mailstead.AuditChanges(old, a))
	err := s.store(ctx, a, nil, e)
	return Saved{Account: *a}, err
}

// changedSide returns the servers to try for a side, or nil when nothing about
// its sign-in changes.
func changedSide(old *mailstead.Account, n mailstead.SideName, in *ServerInput) (*trial, error) {
	if in == nil {
		return nil, nil
	}
	was := old.Side(n)
	if was == nil {
		was = &mailstead.Side{Login: old.Address}
	}
	typed := *in
	if typed.Protocol == "" {
		typed.Protocol = was.Server.Protocol
	}
	if typed.Text == "" {
		if was.Server.Host == "" {
			return nil, mailstead.Invalid(string(n)+".host", "input.server_needed", "The name of the server is needed.")
		}
		typed = keepServer(typed, was.Server)
	}
	servers, err := typedServers(n, typed)
	if err != nil {
		return nil, err
	}
	if in.Security == "" && slices.Contains(servers, was.Server) {
		servers = []mailstead.Server{was.Server}
	}
	t := &trial{side: n, from: old.Address}
	for _, server := range servers {
		t.targets = append(t.targets, target{server: server, login: typed.login(was.Login)})
	}
	if len(t.targets) == 1 && t.targets[0] == (target{server: was.Server, login: was.Login}) {
		return nil, nil
	}
	return t, nil
}

// newServers returns the tests whose server is not the stored one.
func newServers(old *mailstead.Account, sides []*trial) []*trial {
	return slices.DeleteFunc(slices.Clone(sides), func(t *trial) bool {
		was := old.Side(t.side)
		return was != nil && t.targets[0].server == was.Server
	})
}

// keepServer fills in what the input leaves empty from the present server.
func keepServer(in ServerInput, was mailstead.Server) ServerInput {
	in.Text = was.Host
	if in.Security == "" {
		in.Security = was.Security
	}
	if in.Port == 0 && in.Security == was.Security && in.Protocol == was.Protocol {
		in.Port = was.Port
	}
	return in
}

// keptSecret returns the stored password for a side whose login alone changes.
// Any other server asks for it again.
func (s *Service) keptSecret(ctx context.Context, old *mailstead.Account, t *trial) (mailstead.Secret, error) {
	was := old.Side(t.side)
	for _, g := range t.targets {
		if was == nil || g.server != was.Server {
			return mailstead.Secret{}, mailstead.Invalid("password", "input.password_needed",
				"The server changes, so the password is needed again: it is not sent to a new server by itself.")
		}
	}
	secrets, err := s.openSecrets(ctx, old)
	if err != nil {
		return mailstead.Secret{}, err
	}
	return secrets[t.side], nil
}

// updateServers tests changed servers and stores them with their passwords.
func (s *Service) updateServers(ctx context.Context, actor mailstead.Actor, old, a *mailstead.Account, sides []*trial) (Saved, error) {
	secrets, err := s.keptSecrets(ctx, old, sides)
	if err != nil {
		return Saved{}, err
	}
	if err := s.allowTest(actor); err != nil {
		return Saved{}, err
	}
	if a.ProviderID = s.providerOf(a, old.ProviderID); a.ProviderID != old.ProviderID {
		rules, err := s.rules(ctx)
		if err != nil {
			return Saved{}, err
		}
		if err := rules.CheckProvider(actor, a.ProviderID); err != nil {
			return Saved{}, err
		}
	}
	res := s.run(ctx, sides, actor.IsAdmin(), a.ProviderID)
	if !res.OK {
		return Saved{Account: *old, Result: res}, failure("connect.UpdateAccount", sides)
	}
	if err := s.checkUnchanged(ctx, actor, old); err != nil {
		return Saved{Account: *old, Result: res}, err
	}
	maps.Copy(secrets, s.settle(a, sides))
	changes := append(mailstead.AuditChanges(old, a), passwords(sides)...)
	e := actor.Audit(mailstead.AuditAccountUpdate, a.AuditObject(), changes)
	err = s.storeSecrets(ctx, a, secrets, sides, e)
	return Saved{Account: *a, Result: res}, err
}

// storeSecrets stores an account whose sign-in was just tested, if e tells of any
// change.
func (s *Service) storeSecrets(ctx context.Context, a *mailstead.Account, secrets sideSecrets, tested []*trial, e mailstead.AuditEntry) error {
	if len(e.Changes) > 0 {
		sealed, err := s.sealAgain(ctx, a, secrets)
		if err != nil {
			return err
		}
		if err := s.store(ctx, a, sealed, e); err != nil {
			return err
		}
	}
	if err := s.markHealthy(ctx, a.ID, tested); err != nil {
		return err
	}
	s.c.Healthy(a.ID)
	return nil
}

// store stores a changed account and tells of it; sealed nil keeps the secrets.
func (s *Service) store(ctx context.Context, a *mailstead.Account, sealed map[mailstead.SecretField]mailstead.Sealed, e mailstead.AuditEntry) error {
	events := []mailstead.Event{s.event(mailstead.EventAccountUpdated, a.ID)}
	if err := s.c.Store.UpdateAccount(ctx, a, sealed, e, events); err != nil {
		return err
	}
	s.did(ctx, e)
	s.c.Changed(a.ID)
	return nil
}

// checkUnchanged refuses to store what a test allowed when somebody changed the
// account while it ran.
func (s *Service) checkUnchanged(ctx context.Context, actor mailstead.Actor, old *mailstead.Account) error {
	now, err := s.managed(ctx, actor, old.ID)
	if err != nil {
		return err
	}
	if !now.UpdatedAt.Equal(old.UpdatedAt) {
		return mailstead.AccountChanged()
	}
	return nil
}
