package api_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/importer"
	"github.com/mailstead/mailstead/inbox"
	"github.com/mailstead/mailstead/notice"
	"github.com/mailstead/mailstead/outbox"
)

// The fake journeys know the users Ada (1, administrator) and Anna (4). They
// answer err when it is set, record what they were given, and decide no rights:
// those are tested with the real journeys.

const (
	annaCookie = "mss_anna"
	adaCookie  = "mss_ada"
	annaToken  = "mst_anna"
	password   = "hunter2-hunter2"
)

var (
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	adaUser  = mailstead.User{ID: 1, Name: "Ada", Email: "ada@example.com", Role: mailstead.RoleAdmin, CreatedAt: noon}
	annaUser = mailstead.User{ID: 4, Name: "Anna", Email: "anna@example.com", Role: mailstead.RoleUser, CreatedAt: noon}
)

// fakes is every journey at once.
type fakes struct {
	mu sync.Mutex
	// err is answered by every journey.
	err error
	// panics makes listing accounts panic.
	panics bool

	actor     mailstead.Actor
	remote    string
	request   connect.Request
	imported  connect.ImportRequest
	submitted outbox.Submission
	tested    outbox.TestMail
	report    notice.Report
	messages  mailstead.MessageQuery
	outgoing  mailstead.OutgoingQuery
	audit     mailstead.AuditQuery
	checkup   mailstead.CheckupQuery
	accounts  mailstead.AccountQuery
	created   connect.NewAccount
	removal   connect.Removal
	changes   connect.Changes
	set, mask mailstead.Flags
	marked    []mailstead.MessageID
	signedOut mailstead.Secret
	opened    inbox.Opened
	result    connect.Result
	existed   bool
	// manyAccounts is how many accounts there are.
	manyAccounts int
}

// note records the actor and returns the error to answer.
func (f *fakes) note(actor mailstead.Actor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.actor = actor
	return f.err
}

type fakeGate struct{ *fakes }

func (f fakeGate) SetupNeeded(context.Context) (bool, error) { return true, f.err }

func (f fakeGate) Setup(_ context.Context, r admin.SetupRequest) (mailstead.User, admin.SignedIn, error) {
	if f.err != nil {
		return mailstead.User{}, admin.SignedIn{}, f.err
	}
	if r.Token.Reveal() != "setup_token" || r.Password.Reveal() != password {
		return mailstead.User{}, admin.SignedIn{}, &mailstead.Error{Kind: mailstead.KindForbidden, Code: "setup.bad_token", Text: "No."}
	}
	return adaUser, admin.SignedIn{Token: mailstead.NewSecret(adaCookie), ExpiresAt: noon.Add(time.Hour)}, nil
}

func (f fakeGate) SignIn(_ context.Context, email string, p mailstead.Secret, remote string) (admin.SignedIn, error) {
	f.remote = remote
	switch {
	case f.err != nil:
		return admin.SignedIn{}, f.err
	case email != annaUser.Email || p.Reveal() != password:
		return admin.SignedIn{}, &mailstead.Error{Kind: mailstead.KindUnauthenticated, Code: "signin.bad_credentials", Text: "The address or the password is wrong."}
	}
	return admin.SignedIn{Token: mailstead.NewSecret(annaCookie), ExpiresAt: noon.Add(time.Hour), User: annaUser}, nil
}

func (f fakeGate) SignOut(_ context.Context, cookie mailstead.Secret) error {
	f.signedOut = cookie
	return f.err
}

func (f fakeGate) Authenticate(_ context.Context, cookie, bearer mailstead.Secret) (mailstead.Actor, error) {
	switch {
	case bearer.Reveal() == annaToken:
		return mailstead.Actor{User: annaUser, Scopes: []mailstead.Scope{mailstead.ScopeSend}}, nil
	case bearer.IsZero() && cookie.Reveal() == annaCookie:
		return mailstead.Actor{User: annaUser}, nil
	case bearer.IsZero() && cookie.Reveal() == adaCookie:
		return mailstead.Actor{User: adaUser}, nil
	}
	return mailstead.Actor{}, &mailstead.Error{Kind: mailstead.KindUnauthenticated, Code: "signin.required", Text: "Sign in first."}
}

type fakePeople struct{ *fakes }

func (f fakePeople) CreateUser(_ context.Context, actor mailstead.Actor, u mailstead.User, _ mailstead.Secret) (mailstead.User, error) {
	u.ID, u.CreatedAt = 9, noon
	return u, f.note(actor)
}

func (f fakePeople) Users(_ context.Context, actor mailstead.Actor, after mailstead.UserID, _ int) ([]mailstead.User, error) {
	if after >= annaUser.ID {
		return nil, f.note(actor)
	}
	return []mailstead.User{adaUser, annaUser}, f.note(actor)
}

func (f fakePeople) User(_ context.Context, actor mailstead.Actor, id mailstead.UserID) (mailstead.User, error) {
	if err := f.note(actor); err != nil {
		return mailstead.User{}, err
	}
	for _, u := range []mailstead.User{adaUser, annaUser, {ID: 5, Disabled: true}} {
		if u.ID == id {
			return u, nil
		}
	}
	return mailstead.User{}, mailstead.NotFound("user")
}

func (f fakePeople) UpdateUser(_ context.Context, actor mailstead.Actor, id mailstead.UserID, c admin.UserChanges) (mailstead.User, error) {
	u := annaUser
	u.ID = id
	if c.Name != nil {
		u.Name = *c.Name
	}
	return u, f.note(actor)
}

func (f fakePeople) SetPassword(_ context.Context, actor mailstead.Actor, _ admin.PasswordChange) error {
	return f.note(actor)
}

func (f fakePeople) SetDefaultAccount(_ context.Context, actor mailstead.Actor, _ mailstead.UserID, _ mailstead.AccountID) error {
	return f.note(actor)
}

func (f fakePeople) CreateToken(_ context.Context, actor mailstead.Actor, r admin.TokenRequest) (mailstead.Token, mailstead.Secret, error) {
	return mailstead.Token{ID: 3, UserID: 4, Name: r.Name, Scopes: r.Scopes, Hash: []byte("hash-of-it"), CreatedAt: noon}, mailstead.NewSecret("mst_new"), f.note(actor)
}

func (f fakePeople) Tokens(_ context.Context, actor mailstead.Actor, _ mailstead.UserID) ([]mailstead.Token, error) {
	return nil, f.note(actor)
}

func (f fakePeople) DeleteToken(_ context.Context, actor mailstead.Actor, _ mailstead.TokenID, _ mailstead.UserID) error {
	return f.note(actor)
}

type fakeDirectory struct{ *fakes }

func (f fakeDirectory) Providers(_ context.Context, actor mailstead.Actor, _ bool) ([]mailstead.Provider, error) {
	return []mailstead.Provider{{ID: "gmail", Name: "Gmail", Kind: "freemail", Status: "ok"}}, f.note(actor)
}

func (f fakeDirectory) Provider(_ context.Context, actor mailstead.Actor, id mailstead.ProviderID) (mailstead.Provider, error) {
	if id != "gmail" {
		return mailstead.Provider{}, mailstead.NotFound("provider")
	}
	return mailstead.Provider{ID: "gmail", Name: "Gmail", Kind: "freemail", Status: "ok"}, f.note(actor)
}

func (f fakeDirectory) CreateProvider(_ context.Context, actor mailstead.Actor, copyOf mailstead.ProviderID, c admin.ProviderChanges) (mailstead.Provider, error) {
	p := mailstead.Provider{ID: "own-x", Own: true, CopyOf: copyOf, UpdatedAt: noon}
	if c.Name != nil {
		p.Name = *c.Name
	}
	return p, f.note(actor)
}

func (f fakeDirectory) UpdateProvider(_ context.Context, actor mailstead.Actor, id mailstead.ProviderID, c admin.ProviderChanges) (mailstead.Provider, error) {
	if !c.Seen.IsZero() && !c.Seen.Equal(noon) {
		return mailstead.Provider{}, mailstead.ProviderChanged()
	}
	return mailstead.Provider{ID: id, Own: true, UpdatedAt: noon}, f.note(actor)
}

func (f fakeDirectory) HideProvider(_ context.Context, actor mailstead.Actor, id mailstead.ProviderID, hidden bool) (mailstead.Provider, error) {
	return mailstead.Provider{ID: id, Hidden: hidden}, f.note(actor)
}

func (f fakeDirectory) DeleteProvider(_ context.Context, actor mailstead.Actor, id mailstead.ProviderID) error {
	if id == "own-used" {
		used := []mailstead.Use{{Kind: mailstead.UseAccount, ID: "7", Name: "Sales"}, {Kind: mailstead.UseDomain, ID: "a.example", Name: "a.example"}}
		return &mailstead.Error{Kind: mailstead.KindConflict, Code: "provider.in_use", Text: "It is used.", UsedBy: used}
	}
	return f.note(actor)
}

func (f fakeDirectory) Domains(_ context.Context, actor mailstead.Actor, q mailstead.DomainQuery) ([]mailstead.Domain, error) {
	var out []mailstead.Domain
	for _, name := range []string{"a.example", "b.example", "c.example"} {
		if name > q.After && len(out) < q.Limit {
			out = append(out, mailstead.Domain{Name: name, Source: mailstead.DomainAdministrator})
		}
	}
	return out, f.note(actor)
}

func (f fakeDirectory) Domain(_ context.Context, actor mailstead.Actor, name string) (mailstead.Domain, error) {
	return mailstead.Domain{Name: name, Source: mailstead.DomainLearned, State: mailstead.DomainPending, UpdatedAt: noon}, f.note(actor)
}

// fakeDomain is what becomes of a domain that somebody has seen at noon.
func (f fakeDirectory) fakeDomain(actor mailstead.Actor, d mailstead.Domain, seen time.Time) (mailstead.Domain, error) {
	if !seen.IsZero() && !seen.Equal(noon) {
		return d, mailstead.DomainChanged()
	}
	d.UpdatedAt = noon
	return d, f.note(actor)
}

func (f fakeDirectory) PutDomain(_ context.Context, actor mailstead.Actor, d mailstead.Domain, seen time.Time) (mailstead.Domain, error) {
	d.Source = mailstead.DomainAdministrator
	return f.fakeDomain(actor, d, seen)
}

func (f fakeDirectory) ApproveDomain(_ context.Context, actor mailstead.Actor, name string, seen time.Time) (mailstead.Domain, error) {
	return f.fakeDomain(actor, mailstead.Domain{Name: name, Source: mailstead.DomainAdministrator}, seen)
}

func (f fakeDirectory) RejectDomain(_ context.Context, actor mailstead.Actor, name string, seen time.Time) (mailstead.Domain, error) {
	return f.fakeDomain(actor, mailstead.Domain{Name: name, Source: mailstead.DomainLearned, State: mailstead.DomainRejected}, seen)
}

func (f fakeDirectory) DeleteDomain(_ context.Context, actor mailstead.Actor, _ string) error {
	return f.note(actor)
}

type fakeDemo struct{ *fakes }

func (f fakeDemo) Demo(_ context.Context, actor mailstead.Actor) (mailstead.Demo, error) {
	return mailstead.Demo{
		Addresses: []mailstead.DemoAddress{{Address: "anna@demo.example", Password: "open", Shows: "Mail.", Mailbox: true}},
		Accounts:  []mailstead.AccountID{7},
	}, f.note(actor)
}

func (f fakeDemo) AddDemo(ctx context.Context, actor mailstead.Actor) (mailstead.Demo, error) {
	d, err := f.Demo(ctx, actor)
	d.Active = true
	return d, err
}

func (f fakeDemo) RemoveDemo(_ context.Context, actor mailstead.Actor) error { return f.note(actor) }

type fakeAudit struct{ *fakes }

func (f fakeAudit) Audit(_ context.Context, actor mailstead.Actor, q mailstead.AuditQuery) ([]mailstead.AuditEntry, error) {
	f.audit = q
	e := mailstead.Actor{User: adaUser, TokenID: 3}.Audit(mailstead.AuditAccountUpdate, mailstead.AuditObject{Kind: mailstead.AuditAccount, ID: "7", Name: "Sales"}, nil)
	e.Changes = []mailstead.AuditChange{{Field: "name", Before: []byte(`"Sale"`), After: []byte(`"Sales"`)}, {Field: "password"}}
	var out []mailstead.AuditEntry
	for i := range min(q.Limit, 5) {
		e.ID, e.At = mailstead.AuditID(100-i), noon
		out = append(out, e)
	}
	return out, f.note(actor)
}

type fakeCheckups struct{ *fakes }

func (f fakeCheckups) Begin(_ context.Context, actor mailstead.Actor, everything bool, accounts []mailstead.AccountID) (mailstead.Checkup, error) {
	c := mailstead.Checkup{ID: 3, StartedBy: actor.User.ID, State: mailstead.CheckupRunning, Total: len(accounts), CreatedAt: noon}
	if everything {
		c.Total = 100
	}
	return c, f.note(actor)
}

func (f fakeCheckups) Checkup(_ context.Context, actor mailstead.Actor, id mailstead.CheckupID) (mailstead.Checkup, error) {
	return mailstead.Checkup{ID: id, State: mailstead.CheckupRunning, Total: 2, OK: 1, CreatedAt: noon}, f.note(actor)
}

func (f fakeCheckups) Checkups(_ context.Context, actor mailstead.Actor) ([]mailstead.Checkup, error) {
	return []mailstead.Checkup{{ID: 3, State: mailstead.CheckupDone, Scheduled: true, CreatedAt: noon, FinishedAt: noon}}, f.note(actor)
}

func (f fakeCheckups) Results(_ context.Context, actor mailstead.Actor, q mailstead.CheckupQuery) ([]mailstead.CheckupResult, error) {
	f.checkup = q
	var out []mailstead.CheckupResult
	for i := range min(q.Limit, 5) {
		out = append(out, mailstead.CheckupResult{AccountID: q.After + mailstead.AccountID(i) + 1, Address: "a@example.com", Verdict: mailstead.VerdictOK, TestedAt: noon})
	}
	return out, f.note(actor)
}

func (f fakeCheckups) Cancel(_ context.Context, actor mailstead.Actor, id mailstead.CheckupID) (mailstead.Checkup, error) {
	return mailstead.Checkup{ID: id, State: mailstead.CheckupCancelled, CreatedAt: noon, FinishedAt: noon}, f.note(actor)
}

type fakeSharing struct{ *fakes }

func (f fakeSharing) CreateProfile(_ context.Context, actor mailstead.Actor, name string) (mailstead.Profile, error) {
	return mailstead.Profile{ID: 2, Name: name}, f.note(actor)
}

func (f fakeSharing) Profiles(_ context.Context, actor mailstead.Actor) ([]mailstead.Profile, error) {
	return nil, f.note(actor)
}

func (f fakeSharing) DeleteProfile(_ context.Context, actor mailstead.Actor, _ mailstead.ProfileID) error {
	return f.note(actor)
}

func (f fakeSharing) Assign(_ context.Context, actor mailstead.Actor, a mailstead.Assignment) (mailstead.Assignment, error) {
	a.ID = 8
	return a, f.note(actor)
}

func (f fakeSharing) Assignments(_ context.Context, actor mailstead.Actor, _ mailstead.AccountID) ([]mailstead.Assignment, error) {
	return nil, f.note(actor)
}

func (f fakeSharing) AssignedAccounts(_ context.Context, actor mailstead.Actor, _ mailstead.UserID, _ mailstead.ProfileID) ([]mailstead.Assigned, error) {
	return nil, f.note(actor)
}

func (f fakeSharing) DeleteAssignment(_ context.Context, actor mailstead.Actor, _ mailstead.AssignmentID) error {
	return f.note(actor)
}

func (f fakeSharing) SetSystemAccount(_ context.Context, actor mailstead.Actor, _ mailstead.AccountID) error {
	return f.note(actor)
}

type fakeConnect struct{ *fakes }

func (f fakeConnect) Discover(_ context.Context, actor mailstead.Actor, address string) (discover.Result, error) {
	return discover.Result{Address: address, Source: discover.SourceNone, Trust: discover.TrustNone}, f.note(actor)
}

func (f fakeConnect) FollowTest(ctx context.Context, actor mailstead.Actor, r connect.Request, told func(connect.Told)) (connect.Result, error) {
	result, err := f.Test(ctx, actor, r)
	if err == nil {
		told(connect.Told{Side: mailstead.SideIncoming, Stage: mailstead.Stage{Stage: mailstead.StageDNS, OK: true}})
	}
	return result, err
}

func (f fakeConnect) Follow(ctx context.Context, actor mailstead.Actor, address string, told func(discover.Question)) (discover.Result, error) {
	r, err := f.Discover(ctx, actor, address)
	if err == nil {
		told(discover.Question{Source: discover.SourceMX, Asked: "MX", Outcome: discover.OutcomeNothing})
	}
	return r, err
}

func (f fakeConnect) Known(ctx context.Context, actor mailstead.Actor, address string) (discover.Result, error) {
	return f.Discover(ctx, actor, address)
}

func (f fakeConnect) Test(_ context.Context, actor mailstead.Actor, r connect.Request) (connect.Result, error) {
	f.request = r
	return f.result, f.note(actor)
}

func (f fakeConnect) SendTest(_ context.Context, actor mailstead.Actor, r connect.Request, t connect.TestMail) (connect.MailTest, error) {
	f.request = r
	return connect.MailTest{OK: true, To: t.To, Reply: "250 2.0.0 ok", Took: 120 * time.Millisecond}, f.note(actor)
}

func (f fakeConnect) Save(_ context.Context, actor mailstead.Actor, r connect.Request) (connect.Saved, error) {
	f.request = r
	return connect.Saved{Account: account(7), Result: f.result, Next: []string{"open_mail"}}, f.note(actor)
}

func (f fakeConnect) Import(_ context.Context, actor mailstead.Actor, r connect.ImportRequest) (connect.ImportReport, error) {
	f.imported = r
	return connect.ImportReport{Format: importer.CSV, DryRun: r.DryRun, Findings: []importer.Finding{}, Items: []connect.ImportItem{
		{Line: 2, Address: "anna@example.com", Outcome: connect.ImportNeedsPassword, AccountID: 7, Findings: []importer.Finding{
			importer.NewFinding(importer.Warning, 2, "import.server_found", "imap.example.com:993"),
		}},
	}}, f.note(actor)
}

func account(id mailstead.AccountID) mailstead.Account {
	return mailstead.Account{ID: id, Key: "account-key", Name: "Sales", Address: "sales@example.com", LoadPeriod: "all", CreatedAt: noon, UpdatedAt: noon}
}

func (f fakeConnect) Accounts(_ context.Context, actor mailstead.Actor, q mailstead.AccountQuery) ([]mailstead.Account, error) {
	if f.panics {
		panic("defect with " + password)
	}
	f.accounts = q
	var out []mailstead.Account
	for id := q.After.ID + 1; id <= mailstead.AccountID(f.manyAccounts) && len(out) < q.Limit; id++ {
		out = append(out, account(id))
	}
	return out, f.note(actor)
}

func (f fakeConnect) Account(_ context.Context, actor mailstead.Actor, id mailstead.AccountID) (mailstead.Account, mailstead.Rights, error) {
	return account(id), mailstead.Rights{Read: true}, f.note(actor)
}

func (f fakeConnect) Credential(context.Context, mailstead.Actor, mailstead.AccountID) (*mailstead.Credential, error) {
	return &mailstead.Credential{EndsAt: noon, Reason: mailstead.CredentialAppSecret, Warn: 7}, nil
}

func (f fakeConnect) UpdateAccount(_ context.Context, actor mailstead.Actor, id mailstead.AccountID, c connect.Changes) (connect.Saved, error) {
	f.changes = c
	return connect.Saved{Account: account(id), Result: f.result}, f.note(actor)
}

func (f fakeConnect) CreateAccount(_ context.Context, actor mailstead.Actor, n connect.NewAccount) (mailstead.Account, error) {
	f.created = n
	return account(8), f.note(actor)
}

func (f fakeConnect) RemoveAccount(_ context.Context, actor mailstead.Actor, _ mailstead.AccountID, r connect.Removal) error {
	f.removal = r
	return f.note(actor)
}

func (f fakeConnect) PreviewDisconnect(_ context.Context, actor mailstead.Actor, id mailstead.AccountID) (connect.Disconnection, error) {
	d := connect.Disconnection{AccountHoldings: mailstead.AccountHoldings{Messages: 1204, Waiting: 2}, UndoUntil: noon}
	if id != unused {
		d.Uses = []mailstead.Use{{Kind: mailstead.UseProfile, ID: "2", Name: "Sales"}}
	}
	return d, f.note(actor)
}

// unused is an account that nobody uses beside its owner.
const unused mailstead.AccountID = 8

func (f fakeConnect) RestoreAccount(_ context.Context, actor mailstead.Actor, id mailstead.AccountID) (mailstead.Account, error) {
	return account(id), f.note(actor)
}

func (f fakeConnect) Bulk(
	ctx context.Context, actor mailstead.Actor, ids []mailstead.AccountID, do func(context.Context, mailstead.AccountID) error,
) ([]connect.BulkResult, error) {
	var out []connect.BulkResult
	for _, id := range ids {
		r := connect.BulkResult{ID: id, Account: account(id), Err: do(ctx, id)}
		if id == 13 {
			r.Err = (&mailstead.Account{}).CheckUnused([]mailstead.Use{{Kind: mailstead.UseProfile, ID: "2", Name: "Sales"}})
		}
		out = append(out, r)
	}
	return out, f.note(actor)
}

func (f fakeConnect) TestAccount(_ context.Context, actor mailstead.Actor, _ mailstead.AccountID) (connect.Result, error) {
	return f.result, f.note(actor)
}

func (f fakeConnect) ChangePassword(_ context.Context, actor mailstead.Actor, _ mailstead.AccountID, _, _ mailstead.Secret) (connect.Result, error) {
	return f.result, f.note(actor)
}

type fakeInbox struct{ *fakes }

func (f fakeInbox) Folders(_ context.Context, actor mailstead.Actor, id mailstead.AccountID) ([]mailstead.Folder, error) {
	return []mailstead.Folder{{ID: 3, AccountID: id, Path: "INBOX", Role: mailstead.FolderInbox}}, f.note(actor)
}

func (f fakeInbox) Messages(_ context.Context, actor mailstead.Actor, q mailstead.MessageQuery) ([]mailstead.Message, error) {
	f.messages = q
	var out []mailstead.Message
	for i := range min(q.Limit, 5) {
		out = append(out, mailstead.Message{ID: mailstead.MessageID(100 - i), AccountID: q.AccountID, FolderID: 3, ReceivedAt: noon.Add(-time.Duration(i) * time.Millisecond)})
	}
	return out, f.note(actor)
}

func (f fakeInbox) Open(_ context.Context, actor mailstead.Actor, id mailstead.MessageID) (inbox.Opened, error) {
	o := f.opened
	o.Message.ID = id
	return o, f.note(actor)
}

func (f fakeInbox) Raw(_ context.Context, actor mailstead.Actor, _ mailstead.MessageID) ([]byte, error) {
	return []byte("Subject: x\r\n\r\n<script>alert(1)</script>"), f.note(actor)
}

func (f fakeInbox) SetFlags(_ context.Context, actor mailstead.Actor, ids []mailstead.MessageID, set, mask mailstead.Flags) error {
	f.marked, f.set, f.mask = ids, set, mask
	return f.note(actor)
}

func (f fakeInbox) Sync(_ context.Context, actor mailstead.Actor, _ mailstead.AccountID) error {
	return f.note(actor)
}

func (f fakeInbox) Export(_ context.Context, actor mailstead.Actor, _ mailstead.AccountID, _ inbox.ExportFormat) (*inbox.Export, error) {
	return &inbox.Export{Name: "anna@example.com.zip", MediaType: "application/zip"}, f.note(actor)
}

type fakeOutbox struct{ *fakes }

func outgoing(id mailstead.OutgoingID) mailstead.OutgoingMessage {
	return mailstead.OutgoingMessage{ID: id, AccountID: 7, State: mailstead.OutgoingQueued, From: "sales@example.com", CreatedAt: noon}
}

func (f fakeOutbox) Submit(_ context.Context, actor mailstead.Actor, s outbox.Submission) (mailstead.OutgoingMessage, bool, error) {
	f.submitted = s
	return outgoing(12), f.existed, f.note(actor)
}

func (f fakeOutbox) SubmitTest(_ context.Context, actor mailstead.Actor, t outbox.TestMail) (mailstead.OutgoingMessage, error) {
	f.tested = t
	m := mailstead.OutgoingMessage{ID: 12, AccountID: t.AccountID, State: mailstead.OutgoingQueued, Subject: t.Subject, CreatedAt: noon}
	if t.RoundTrip {
		m.Arrival = &mailstead.Arrival{AccountID: 7, State: mailstead.ArrivalWaiting}
	}
	return m, f.note(actor)
}

func (f fakeOutbox) Prepare(_ context.Context, actor mailstead.Actor, kind mailstead.DraftKind, parent mailstead.MessageID) (mailstead.Draft, error) {
	return mailstead.Draft{Kind: kind, ParentID: parent}, f.note(actor)
}

func (f fakeOutbox) Resolve(_ context.Context, actor mailstead.Actor, _ mailstead.UserID, chosen mailstead.AccountID, _ mailstead.TemplateID) (mailstead.Resolution, error) {
	return mailstead.Resolution{AccountID: chosen, Level: mailstead.LevelChosen}, f.note(actor)
}

func (f fakeOutbox) List(_ context.Context, actor mailstead.Actor, q mailstead.OutgoingQuery) ([]mailstead.OutgoingMessage, error) {
	f.outgoing = q
	return []mailstead.OutgoingMessage{outgoing(12)}, f.note(actor)
}

func (f fakeOutbox) Get(_ context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, []mailstead.Attempt, error) {
	return outgoing(id), nil, f.note(actor)
}

func (f fakeOutbox) Cancel(_ context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error) {
	return outgoing(id), f.note(actor)
}

func (f fakeOutbox) Retry(_ context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error) {
	return outgoing(id), f.note(actor)
}

func (f fakeOutbox) ForceRetry(_ context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error) {
	m := outgoing(id)
	m.State = mailstead.OutgoingSending
	return m, f.note(actor)
}

type fakeExplain struct{ *fakes }

func (f fakeExplain) ExplainText(protocol, _, text string) mailstead.Explanation {
	return mailstead.Explanation{Code: "auth.bad_credentials", Class: "auth", Cause: protocol + ": " + text, Who: "user"}
}

func (f *fakes) Ping(context.Context) error { return f.err }

// eventLog is a store of events for notify.Stream.
type eventLog struct {
	mu     sync.Mutex
	events []mailstead.Event
	err    error
}

func (l *eventLog) add(types ...mailstead.EventType) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range types {
		e := mailstead.NewEvent(t, 7, nil)
		e.ID, e.At = mailstead.EventID(len(l.events)+1), noon
		l.events = append(l.events, e)
	}
}

func (l *eventLog) Events(_ context.Context, after mailstead.EventID, limit int, _ mailstead.UserID) ([]mailstead.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return nil, l.err
	}
	rest := l.events[min(int(after), len(l.events)):]
	return rest[:min(limit, len(rest))], nil
}

func (l *eventLog) LastEventID(context.Context) (mailstead.EventID, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return mailstead.EventID(len(l.events)), l.err
}

// revocable is a gate whose sign-ins can end.
type revocable struct {
	api.Gate
	revoked atomic.Bool
}

func (r *revocable) Authenticate(ctx context.Context, cookie, bearer mailstead.Secret) (mailstead.Actor, error) {
	if r.revoked.Load() {
		return mailstead.Actor{}, &mailstead.Error{Kind: mailstead.KindUnauthenticated}
	}
	return r.Gate.Authenticate(ctx, cookie, bearer)
}

// slowOutbox takes its time over submissions.
type slowOutbox struct {
	api.Outbox
	entered chan struct{}
	release chan struct{}
}

func (s *slowOutbox) Submit(ctx context.Context, actor mailstead.Actor, in outbox.Submission) (mailstead.OutgoingMessage, bool, error) {
	s.entered <- struct{}{}
	<-s.release
	return outgoing(12), false, nil
}

type fakeTemplates struct{ *fakes }

func (f fakeTemplates) Templates(_ context.Context, actor mailstead.Actor, _ mailstead.TemplateQuery, _ bool) ([]mailstead.Template, error) {
	return []mailstead.Template{{ID: 3, Name: "Invoice"}}, f.note(actor)
}

func (f fakeTemplates) Template(_ context.Context, actor mailstead.Actor, id mailstead.TemplateID) (mailstead.Template, error) {
	return mailstead.Template{ID: id, UpdatedAt: noon}, f.note(actor)
}

func (f fakeTemplates) CreateTemplate(_ context.Context, actor mailstead.Actor, _ mailstead.TemplateID, _ admin.TemplateChanges) (mailstead.Template, error) {
	return mailstead.Template{ID: 3, UpdatedAt: noon}, f.note(actor)
}

func (f fakeTemplates) UpdateTemplate(_ context.Context, actor mailstead.Actor, id mailstead.TemplateID, _ admin.TemplateChanges) (mailstead.Template, error) {
	return mailstead.Template{ID: id, UpdatedAt: noon}, f.note(actor)
}

func (f fakeTemplates) DeleteTemplate(_ context.Context, actor mailstead.Actor, _ mailstead.TemplateID) error {
	return f.note(actor)
}

type fakeNotices struct{ *fakes }

func (f fakeNotices) Notices(_ context.Context, actor mailstead.Actor) ([]mailstead.Notice, error) {
	return []mailstead.Notice{{ID: 5, UserID: 4, AccountID: 7, Kind: mailstead.NoticeStopped, Since: noon, CreatedAt: noon}}, f.note(actor)
}

func (f fakeNotices) Read(_ context.Context, actor mailstead.Actor, id mailstead.NoticeID) error {
	if id > 5 {
		return mailstead.NotFound("notice")
	}
	return f.note(actor)
}

func (f fakeNotices) Preview(_ context.Context, actor mailstead.Actor, r notice.Report) (notice.ReportView, error) {
	f.report = r
	return notice.ReportView{Subject: "A problem", Text: r.What, Receivers: 1}, f.note(actor)
}

func (f fakeNotices) Send(_ context.Context, actor mailstead.Actor, r notice.Report) (mailstead.OutgoingMessage, error) {
	f.report = r
	return mailstead.OutgoingMessage{ID: 13, State: mailstead.OutgoingQueued, CreatedAt: noon}, f.note(actor)
}

type fakeOAuth struct{ *fakes }

func (f fakeOAuth) OAuthApps(_ context.Context, actor mailstead.Actor) ([]mailstead.OAuthApp, []mailstead.OAuthService, error) {
	return []mailstead.OAuthApp{fakeApp}, []mailstead.OAuthService{}, f.note(actor)
}

func (f fakeOAuth) OAuthApp(_ context.Context, actor mailstead.Actor, _ mailstead.OAuthAppID) (mailstead.OAuthApp, error) {
	return fakeApp, f.note(actor)
}

func (f fakeOAuth) CreateOAuthApp(_ context.Context, actor mailstead.Actor, _ string, _ mailstead.OAuthKind, _ admin.OAuthAppChanges) (mailstead.OAuthApp, error) {
	return fakeApp, f.note(actor)
}

func (f fakeOAuth) UpdateOAuthApp(_ context.Context, actor mailstead.Actor, _ mailstead.OAuthAppID, _ admin.OAuthAppChanges) (mailstead.OAuthApp, error) {
	return fakeApp, f.note(actor)
}

func (f fakeOAuth) DeleteOAuthApp(_ context.Context, actor mailstead.Actor, _ mailstead.OAuthAppID) error {
	return f.note(actor)
}

func (f fakeOAuth) BeginSignIn(_ context.Context, actor mailstead.Actor, _ connect.Request, o connect.SignInOptions) (connect.SignIn, error) {
	return connect.SignIn{State: "state", URL: "https://login.example.com/?redirect_uri=" + o.RedirectURL, ExpiresAt: noon}, f.note(actor)
}

func (f fakeOAuth) BeginSignInAgain(_ context.Context, actor mailstead.Actor, _ mailstead.AccountID, o connect.SignInOptions) (connect.SignIn, error) {
	return connect.SignIn{State: "state", URL: "https://login.example.com/?redirect_uri=" + o.RedirectURL, ExpiresAt: noon}, f.note(actor)
}

func (f fakeOAuth) FinishSignIn(_ context.Context, actor mailstead.Actor, _ connect.SignInAnswer) (connect.Saved, error) {
	return connect.Saved{}, f.note(actor)
}

var fakeApp = mailstead.OAuthApp{
	ID: 2, Name: "Work", Service: mailstead.OAuthCustom, Kind: mailstead.OAuthPerson, ClientID: "client", TokenURL: "https://login.example.com/token",
	Scopes: []string{"mail"}, ProviderIDs: []mailstead.ProviderID{"gmail"}, Active: true, CreatedAt: noon, UpdatedAt: noon,
}

type fakeTrust struct{ *fakes }

func (f fakeTrust) TrustedServers(_ context.Context, actor mailstead.Actor) ([]mailstead.TrustedServer, error) {
	return []mailstead.TrustedServer{{ID: 2, Host: "mail.example.com", Port: 993, Kind: mailstead.TrustKey, CreatedAt: noon}}, f.note(actor)
}

func (f fakeTrust) TrustServer(_ context.Context, actor mailstead.Actor, t mailstead.TrustedServer) (mailstead.TrustedServer, error) {
	return t, f.note(actor)
}

func (f fakeTrust) DistrustServer(_ context.Context, actor mailstead.Actor, _ mailstead.TrustID) error {
	return f.note(actor)
}
