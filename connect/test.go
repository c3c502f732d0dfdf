package connect

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mailstead/mailstead"
)

// trial is the test of one side: its servers are tried in order until one works.
type trial struct {
	side    mailstead.SideName
	targets []target
	secret  mailstead.Secret
	// secretField is the input field that the secret came from.
	secretField string
	// kept tells that the secret is the one that is stored.
	kept bool
	// open tells that the server takes mail without a sign-in: there is neither
	// login nor secret.
	open bool
	// oauth tells that the secret is an access token, renew gets another one.
	oauth bool
	renew func(ctx context.Context, refused mailstead.Secret) (mailstead.Secret, error)
	// told hears of every stage as it ends; it may be nil.
	told func(mailstead.Server, mailstead.Stage)
	// later tells that the password comes later: nothing is tested.
	later bool
	// plain tells that servers without encryption may be spoken to.
	plain bool
	// from is the address that the outgoing server is asked to send for.
	from string
	// won is the target whose report stands: the one that works, else the one
	// that came furthest.
	won    target
	report mailstead.Report
}

// Test tries what the request says, both sides at once, and stores nothing. A
// server's refusal is no error: it stands in the Result.
func (s *Service) Test(ctx context.Context, actor mailstead.Actor, r Request) (Result, error) {
	return s.FollowTest(ctx, actor, r, nil)
}

// Told is a stage of a test that has just ended. A side whose Server changes begins anew:
// what was tried before did not work.
type Told struct {
	Side   mailstead.SideName `json:"side"`
	Server mailstead.Server   `json:"server"`
	Stage  mailstead.Stage    `json:"stage"`
}

// FollowTest is Test that tells of every stage as it ends, of one at a time.
func (s *Service) FollowTest(ctx context.Context, actor mailstead.Actor, r Request, told func(Told)) (Result, error) {
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return Result{}, err
	}
	p, err := s.plan(ctx, actor, r)
	if err != nil {
		return Result{}, err
	}
	if err := s.allowTest(actor); err != nil {
		return Result{}, err
	}
	if told != nil {
		var one sync.Mutex
		for _, t := range p.sides {
			t.told = func(server mailstead.Server, stage mailstead.Stage) {
				report := mailstead.Report{Side: t.side, Protocol: server.Protocol, Server: server, Stages: []mailstead.Stage{stage}}
				s.c.Explainer.Report(&report, s.explainedAs(p.account.ProviderID, server))
				one.Lock()
				defer one.Unlock()
				told(Told{t.side, server, report.Stages[0]})
			}
		}
	}
	return s.run(ctx, p.sides, actor.IsAdmin(), p.account.ProviderID), nil
}

// TestAccount tries an account as it is stored.
func (s *Service) TestAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (Result, error) {
	a, err := s.manageable(ctx, actor, id)
	if err != nil {
		return Result{}, err
	}
	if err := s.allowTest(actor); err != nil {
		return Result{}, err
	}
	return s.testStored(ctx, &a)
}

// testStored tries the sides of a and stores that those which work are well.
func (s *Service) testStored(ctx context.Context, a *mailstead.Account) (Result, error) {
	secrets, err := s.openSecrets(ctx, a)
	if err != nil {
		return Result{}, err
	}
	var sides []*trial
	for _, n := range []mailstead.SideName{mailstead.SideIncoming, mailstead.SideOutgoing} {
		if side := a.Side(n); side != nil {
			t := storedTrial(a, n, secrets[n])
			if t.oauth {
				t.renew = func(ctx context.Context, refused mailstead.Secret) (mailstead.Secret, error) {
					return s.c.OAuth.Tokens.Renew(ctx, a.ID, refused)
				}
			}
			sides = append(sides, t)
		}
	}
	// The limit to mail ports was kept when the servers were saved.
	res := s.run(ctx, sides, true, a.ProviderID)
	if err := s.markHealthy(ctx, a.ID, sides); err != nil {
		return res, err
	}
	mended := func(t *trial) bool { return t.report.OK && a.Side(t.side).Health.State != mailstead.HealthOK }
	if slices.ContainsFunc(sides, mended) {
		s.c.Healthy(a.ID)
	}
	return res, nil
}

// TestStored tries the sides of an account that are switched on, for the service
// itself. It tells how that went, and returns an error when nothing could be tried.
func (s *Service) TestStored(ctx context.Context, id mailstead.AccountID) (mailstead.CheckupResult, error) {
	a, _, err := s.c.Store.AccountFor(ctx, id, 0)
	if err != nil {
		return mailstead.CheckupResult{}, err
	}
	a = clone(a)
	for _, n := range []mailstead.SideName{mailstead.SideIncoming, mailstead.SideOutgoing} {
		if side := a.Side(n); side != nil && !side.Enabled {
			setSide(&a, n, nil)
		}
	}
	if a.Incoming == nil && a.Outgoing == nil {
		return mailstead.CheckupResult{
			Verdict: mailstead.VerdictSkipped, Code: "account.disabled", Cause: "Receiving and sending are switched off for this account.",
		}, nil
	}
	res, err := s.testStored(ctx, &a)
	if err != nil {
		return mailstead.CheckupResult{}, err
	}
	for _, r := range []*mailstead.Report{res.Incoming, res.Outgoing} {
		if r == nil || r.OK {
			continue
		}
		out := mailstead.CheckupResult{Verdict: mailstead.VerdictFailed, Side: r.Side}
		if f := r.Failure(); f != nil {
			out.Code, out.Cause, out.Action = f.Code, f.Cause, f.Action
		}
		return out, nil
	}
	return mailstead.CheckupResult{Verdict: mailstead.VerdictOK}, nil
}

// storedTrial is the test of a side with the server that is stored.
func storedTrial(a *mailstead.Account, n mailstead.SideName, secret mailstead.Secret) *trial {
	side := a.Side(n)
	return &trial{side: n, from: a.Address, secret: secret, open: side.Login == "", oauth: side.Secret == mailstead.SecretOAuth, targets: []target{{server: side.Server, login: side.Login}}}
}

// run tests the sides side by side within the time limit.
func (s *Service) run(ctx context.Context, sides []*trial, admin bool, provider mailstead.ProviderID) Result {
	ctx, cancel := context.WithTimeout(ctx, s.c.TestTimeout)
	defer cancel()
	plain := s.plainAllowed(ctx, sides)
	var g errgroup.Group
	for _, t := range sides {
		t.plain = plain
		g.Go(func() error {
			s.runSide(ctx, t, admin)
			s.c.Explainer.Report(&t.report, s.explainedAs(provider, t.won.server))
			return nil
		})
	}
	_ = g.Wait() // no side returns an error: what fails stands in its report
	res := Result{OK: true}
	for _, t := range sides {
		res.OK = res.OK && t.report.OK
		if t.side == mailstead.SideIncoming {
			res.Incoming = &t.report
		} else {
			res.Outgoing = &t.report
		}
	}
	return res
}

// explainedAs is the provider whose failures are known by their words.
func (s *Service) explainedAs(id mailstead.ProviderID, server mailstead.Server) string {
	p, ok := s.c.Directory.Provider(id)
	switch {
	case id == "":
		p, _ = s.c.Directory.ByHosts(server.Host)
	case !ok:
		return string(id)
	}
	if p.CopyOf != "" {
		return string(p.CopyOf)
	}
	return string(p.ID)
}

// runSide tries the targets of a side in order. Each gets an equal part of the
// time, so that a silent server does not eat the turn of the next.
func (s *Service) runSide(ctx context.Context, t *trial, admin bool) {
	share := s.c.TestTimeout / time.Duration(len(t.targets))
	furthest := -1
	for i, g := range t.targets {
		r := s.check(ctx, share, t, g, admin)
		if passed := stagesPassed(&r); r.OK || passed > furthest {
			t.won, t.report, furthest = g, r, passed
		}
		if r.OK || ctx.Err() != nil || i+1 == len(t.targets) || !worthTrying(&r, g.server, t.targets[i+1].server) {
			return
		}
	}
}

func (s *Service) check(ctx context.Context, limit time.Duration, t *trial, g target, admin bool) mailstead.Report {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a := mailstead.Access{
		Server: g.server, Login: g.login, Secret: t.secret, OAuth: t.oauth, Renew: t.renew, Admin: admin,
		AllowPlain: t.plain && g.server.Security == mailstead.SecurityNone,
	}
	if t.told != nil {
		a.Told = func(stage mailstead.Stage) { t.told(g.server, stage) }
	}
	var r mailstead.Report
	if t.side == mailstead.SideIncoming {
		r = s.c.Source.Check(ctx, a)
	} else {
		r = s.c.Sender.Check(ctx, a, t.from)
	}
	r.Side, r.Protocol, r.Server = t.side, g.server.Protocol, g.server
	return r
}

func stagesPassed(r *mailstead.Report) int {
	n := 0
	for _, st := range r.Stages {
		if st.OK {
			n++
		}
	}
	return n
}

// worthTrying reports whether next may be tried after r failed at server. Once
// the password was sent nothing more is tried: repeating it elsewhere locks
// accounts. A certificate that does not convince is a verdict on the server, not
// on the kind of protection.
func worthTrying(r *mailstead.Report, server, next mailstead.Server) bool {
	f := r.Failure()
	if f == nil {
		return false
	}
	if kind := mailstead.KindOf(f.Err); kind == mailstead.KindCredentials || kind == mailstead.KindForbidden {
		return false
	}
	switch mailstead.CodeOf(f.Err) {
	case "tls.untrusted", "tls.name_mismatch", "tls.expired", "tls.key_changed":
		return false
	}
	switch f.Stage {
	case mailstead.StageDNS:
		return next.Host != server.Host
	case mailstead.StageLogin, mailstead.StageFolders, mailstead.StageSender:
		return false
	case mailstead.StageTCP, mailstead.StageTLS, mailstead.StageGreeting, mailstead.StageCapabilities:
	}
	return true
}

// failure turns the first failed report into an error that names the field to
// correct.
func failure(op string, sides []*trial) error {
	for _, t := range sides {
		f := t.report.Failure()
		if t.report.OK || f == nil {
			continue
		}
		e := &mailstead.Error{Kind: mailstead.KindOf(f.Err), Code: f.Code, Op: op, Text: f.Cause + " " + f.Action, Err: f.Err}
		e.Field = string(t.side) + ".host"
		if e.Kind == mailstead.KindCredentials {
			e.Field = t.secretField
		}
		return e
	}
	return &mailstead.Error{Kind: mailstead.KindInternal, Op: op, Text: "The connection test ended without a result."}
}

// markHealthy stores that the sides which were just seen to work are well.
func (s *Service) markHealthy(ctx context.Context, id mailstead.AccountID, sides []*trial) error {
	for _, t := range sides {
		if !t.report.OK {
			continue
		}
		if err := s.c.Store.SetHealth(ctx, id, t.side, s.healthOK()); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) healthOK() mailstead.Health {
	now := s.c.Now()
	return mailstead.Health{State: mailstead.HealthOK, CheckedAt: now, SuccessAt: now}
}
