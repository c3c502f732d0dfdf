package admin_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

// readers are the methods of the journey that change nothing of the
// administration. SignIn and Authenticate keep sessions; what SignIn tells the
// audit is tested by itself. ResumeDemo does again what was told before.
var readers = map[string]bool{
	"AssignedAccounts": true, "Assignments": true, "Audit": true, "Authenticate": true, "Demo": true, "Domain": true, "Domains": true, "LoadProviders": true, "LoadTrust": true, "OAuthApp": true, "OAuthApps": true, "TrustedServers": true, "Policies": true, "Profiles": true, "Provider": true, "Providers": true,
	"ResumeDemo": true, "SetupNeeded": true, "SetupToken": true, "SignIn": true, "SignOut": true, "Template": true, "Templates": true, "Tokens": true, "User": true, "Users": true,
}

// cast is what the steps of the table work with.
type cast struct {
	*world
	root, anna     mailstead.Actor
	account, other mailstead.AccountID
	profile        mailstead.Profile
	assignment     mailstead.AssignmentID
	token          mailstead.TokenID
}

func newCast(t *testing.T) *cast {
	t.Helper()
	w, _ := newStage(t)
	ctx := t.Context()
	c := &cast{world: w, root: w.person(t, "root@firm.example", mailstead.RoleAdmin), anna: w.anna(t)}
	c.account, c.other = w.account(t, c.anna.User.ID, mailstead.SideOutgoing), w.account(t, 0, mailstead.SideOutgoing)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	c.profile, err = w.CreateProfile(ctx, operator, "Sales")
	check(err)
	a, err := w.Assign(ctx, operator, mailstead.Assignment{AccountID: c.account, ProfileID: c.profile.ID, Rights: []mailstead.Right{mailstead.RightRead}})
	check(err)
	c.assignment = a.ID
	made, _, err := w.CreateToken(ctx, c.anna, admin.TokenRequest{Name: "CRM", Scopes: []mailstead.Scope{mailstead.ScopeRead}})
	check(err)
	c.token = made.ID
	_, err = w.PutDomain(ctx, operator, mailstead.Domain{Name: "firm.example", ProviderID: "gmail"}, time.Time{})
	check(err)
	taught := mailstead.Domain{Name: "taught.example", ProviderID: "aruba", Source: mailstead.DomainLearned, State: mailstead.DomainPending, LearnedBy: c.anna.User.ID}
	check(w.store.PutDomains(ctx, []mailstead.Domain{taught}, audited))
	_, err = w.CreateProvider(ctx, operator, "", ownMail("Our mail"))
	check(err)
	_, err = w.CreateOAuthApp(ctx, operator, "microsoft", "", admin.OAuthAppChanges{ClientID: ptr("client"), Tenant: ptr("firm.example")})
	check(err)
	_, err = w.TrustServer(ctx, operator, trusted("imap.firm.example"))
	check(err)
	_, err = w.CreateTemplate(ctx, operator, 0, admin.TemplateChanges{Name: ptr("Offer"), Module: ptr("sales")})
	check(err)
	return c
}

// ownMail is a provider of the house.
func ownMail(name string) admin.ProviderChanges {
	return admin.ProviderChanges{
		Name:     &name,
		Incoming: &[]mailstead.Server{{Protocol: mailstead.IMAP, Host: "imap.firm.example", Port: 993, Security: mailstead.SecurityTLS}},
		Outgoing: &[]mailstead.Server{{Protocol: mailstead.SMTP, Host: "smtp.firm.example", Port: 587, Security: mailstead.SecurityStartTLS}},
	}
}

// changers are the methods that change something: what they do as the
// administrator root, and the entry that tells it.
var changers = map[string]struct {
	do      func(context.Context, *cast) error
	action  mailstead.AuditAction
	object  func(*cast) mailstead.AuditObject
	changes []string
}{
	"CreateUser": {
		func(ctx context.Context, c *cast) error {
			_, err := c.CreateUser(ctx, c.root, mailstead.User{Email: "new@firm.example"}, mailstead.NewSecret(password))
			return err
		},
		mailstead.AuditUserCreate, object(mailstead.AuditUser, "3", "new"),
		[]string{"name", "email", "role", "password"},
	},
	"UpdateUser": {
		func(ctx context.Context, c *cast) error {
			_, err := c.UpdateUser(ctx, c.root, c.anna.User.ID, admin.UserChanges{Name: ptr("Anne"), Disabled: ptr(true), Profiles: &[]mailstead.ProfileID{c.profile.ID}})
			return err
		},
		mailstead.AuditUserUpdate, object(mailstead.AuditUser, "2", "Anne"),
		[]string{"name", "disabled", "profile_ids"},
	},
	"SetPassword": {
		func(ctx context.Context, c *cast) error {
			return c.SetPassword(ctx, c.root, admin.PasswordChange{UserID: c.anna.User.ID, New: mailstead.NewSecret("another good one")})
		},
		mailstead.AuditUserPassword, object(mailstead.AuditUser, "2", "anna"),
		[]string{"password"},
	},
	"SetDefaultAccount": {
		func(ctx context.Context, c *cast) error {
			return c.SetDefaultAccount(ctx, c.root, c.anna.User.ID, c.account)
		},
		mailstead.AuditUserSender, object(mailstead.AuditUser, "2", "anna"),
		[]string{"default_account_id"},
	},
	"CreateProfile": {
		func(ctx context.Context, c *cast) error { _, err := c.CreateProfile(ctx, c.root, "Office"); return err },
		mailstead.AuditProfileCreate, object(mailstead.AuditProfile, "2", "Office"),
		[]string{"name"},
	},
	"DeleteProfile": {
		func(ctx context.Context, c *cast) error { return c.DeleteProfile(ctx, c.root, c.profile.ID) },
		mailstead.AuditProfileDelete, object(mailstead.AuditProfile, "1", "Sales"),
		[]string{"name"},
	},
	"Assign": {
		func(ctx context.Context, c *cast) error {
			_, err := c.Assign(ctx, c.root, mailstead.Assignment{AccountID: c.other, UserID: c.anna.User.ID, Rights: []mailstead.Right{mailstead.RightSend}, Priority: 4})
			return err
		},
		mailstead.AuditAssignmentCreate, accountObject((*cast).otherID),
		[]string{"user_id", "user", "rights", "priority"},
	},
	"DeleteAssignment": {
		func(ctx context.Context, c *cast) error { return c.DeleteAssignment(ctx, c.root, c.assignment) },
		mailstead.AuditAssignmentDelete, accountObject((*cast).accountID),
		[]string{"profile_id", "profile", "rights"},
	},
	"SetSystemAccount": {
		func(ctx context.Context, c *cast) error { return c.SetSystemAccount(ctx, c.root, c.other) },
		mailstead.AuditSystemAccount, accountObject((*cast).otherID),
		[]string{"account_id", "account"},
	},
	"PutDomain": {
		func(ctx context.Context, c *cast) error {
			_, err := c.PutDomain(ctx, c.root, mailstead.Domain{Name: "firm.example", ProviderID: "aruba"}, time.Time{})
			return err
		},
		mailstead.AuditDomainPut, object(mailstead.AuditDomain, "firm.example", "firm.example"),
		[]string{"provider_id"},
	},
	"DeleteDomain": {
		func(ctx context.Context, c *cast) error { return c.DeleteDomain(ctx, c.root, "firm.example") },
		mailstead.AuditDomainDelete, object(mailstead.AuditDomain, "firm.example", "firm.example"),
		[]string{"provider_id", "source"},
	},
	"ApproveDomain": {
		func(ctx context.Context, c *cast) error {
			_, err := c.ApproveDomain(ctx, c.root, "taught.example", time.Time{})
			return err
		},
		mailstead.AuditDomainApprove, object(mailstead.AuditDomain, "taught.example", "taught.example"),
		[]string{"source", "state"},
	},
	"RejectDomain": {
		func(ctx context.Context, c *cast) error {
			_, err := c.RejectDomain(ctx, c.root, "taught.example", time.Time{})
			return err
		},
		mailstead.AuditDomainReject, object(mailstead.AuditDomain, "taught.example", "taught.example"),
		[]string{"state"},
	},
	"CreateProvider": {
		func(ctx context.Context, c *cast) error {
			p := ownMail("Second mail")
			p.Domains = &[]string{"second.example"}
			_, err := c.CreateProvider(ctx, c.root, "", p)
			return err
		},
		mailstead.AuditProviderCreate, object(mailstead.AuditProvider, "own-second-mail", "Second mail"),
		[]string{"name", "domains", "incoming", "outgoing", "username", "auth"},
	},
	"UpdateProvider": {
		func(ctx context.Context, c *cast) error {
			_, err := c.UpdateProvider(ctx, c.root, "own-our-mail", admin.ProviderChanges{Notes: ptr("Ask Ada."), Domains: &[]string{"first.example"}})
			return err
		},
		mailstead.AuditProviderUpdate, object(mailstead.AuditProvider, "own-our-mail", "Our mail"),
		[]string{"domains", "notes"},
	},
	"HideProvider": {
		func(ctx context.Context, c *cast) error {
			_, err := c.HideProvider(ctx, c.root, "gmail", true)
			return err
		},
		mailstead.AuditProviderHide, object(mailstead.AuditProvider, "gmail", "Gmail"),
		[]string{"hidden"},
	},
	"DeleteProvider": {
		func(ctx context.Context, c *cast) error { return c.DeleteProvider(ctx, c.root, "own-our-mail") },
		mailstead.AuditProviderDelete, object(mailstead.AuditProvider, "own-our-mail", "Our mail"),
		[]string{"name", "incoming", "outgoing", "username", "auth"},
	},
	"CreateTemplate": {
		func(ctx context.Context, c *cast) error {
			_, err := c.CreateTemplate(ctx, c.root, 0, admin.TemplateChanges{Name: ptr("Invoice"), Module: ptr("invoices"), AccountID: &c.other})
			return err
		},
		mailstead.AuditTemplateCreate, object(mailstead.AuditTemplate, "2", "Invoice"),
		[]string{"name", "module", "active", "account_id"},
	},
	"UpdateTemplate": {
		func(ctx context.Context, c *cast) error {
			_, err := c.UpdateTemplate(ctx, c.root, 1, admin.TemplateChanges{Default: ptr(true), Text: ptr("Dear customer")})
			return err
		},
		mailstead.AuditTemplateUpdate, object(mailstead.AuditTemplate, "1", "Offer"),
		[]string{"default", "text"},
	},
	"DeleteTemplate": {
		func(ctx context.Context, c *cast) error { return c.DeleteTemplate(ctx, c.root, 1) },
		mailstead.AuditTemplateDelete, object(mailstead.AuditTemplate, "1", "Offer"),
		[]string{"name", "module", "active"},
	},
	"TrustServer": {
		func(ctx context.Context, c *cast) error {
			_, err := c.TrustServer(ctx, c.root, trusted("new.firm.example"))
			return err
		},
		mailstead.AuditTrustCreate, object(mailstead.AuditTrust, "2", "new.firm.example:993"),
		[]string{"host", "port", "kind", "fingerprint", "reason"},
	},
	"DistrustServer": {
		func(ctx context.Context, c *cast) error { return c.DistrustServer(ctx, c.root, 1) },
		mailstead.AuditTrustDelete, object(mailstead.AuditTrust, "1", "imap.firm.example:993"),
		[]string{"host", "port", "kind", "fingerprint", "reason"},
	},
	"CreateOAuthApp": {
		func(ctx context.Context, c *cast) error {
			_, err := c.CreateOAuthApp(ctx, c.root, "google", "", admin.OAuthAppChanges{Name: ptr("Work"), ClientID: ptr("client"), ClientSecret: ptr(mailstead.NewSecret("hidden"))})
			return err
		},
		mailstead.AuditOAuthAppCreate, object(mailstead.AuditOAuthApp, "2", "Work"),
		[]string{"name", "service", "kind", "client_id", "issuer", "auth_url", "token_url", "revoke_url", "user_info_url", "scopes", "provider_ids", "active", "client_secret"},
	},
	"UpdateOAuthApp": {
		func(ctx context.Context, c *cast) error {
			_, err := c.UpdateOAuthApp(ctx, c.root, 1, admin.OAuthAppChanges{Active: ptr(false), ClientSecret: ptr(mailstead.NewSecret("hidden"))})
			return err
		},
		mailstead.AuditOAuthAppUpdate, object(mailstead.AuditOAuthApp, "1", "Microsoft"),
		[]string{"active", "client_secret"},
	},
	"DeleteOAuthApp": {
		func(ctx context.Context, c *cast) error { return c.DeleteOAuthApp(ctx, c.root, 1) },
		mailstead.AuditOAuthAppDelete, object(mailstead.AuditOAuthApp, "1", "Microsoft"),
		[]string{"name", "service", "kind", "client_id", "tenant", "issuer", "auth_url", "token_url", "device_url", "scopes", "provider_ids", "active"},
	},
	"PutPolicies": {
		func(ctx context.Context, c *cast) error {
			p := mailstead.DefaultPolicies()
			p.AccountsPerUser, p.Copies, p.CopyProfiles = 1, mailstead.CopiesProfiles, []mailstead.ProfileID{c.profile.ID}
			_, err := c.PutPolicies(ctx, c.root, p, nil)
			return err
		},
		mailstead.AuditPoliciesUpdate, object(mailstead.AuditPolicy, "", ""),
		[]string{"copies", "copy_profiles", "accounts_per_user"},
	},
	"CreateToken": {
		func(ctx context.Context, c *cast) error {
			_, _, err := c.CreateToken(ctx, c.root, admin.TokenRequest{Name: "ERP", UserID: c.anna.User.ID, Scopes: []mailstead.Scope{mailstead.ScopeSend}})
			return err
		},
		mailstead.AuditTokenCreate, object(mailstead.AuditToken, "2", "ERP"),
		[]string{"user_id", "name", "scopes"},
	},
	"DeleteToken": {
		func(ctx context.Context, c *cast) error { return c.DeleteToken(ctx, c.root, c.token, c.anna.User.ID) },
		mailstead.AuditTokenDelete, object(mailstead.AuditToken, "1", "CRM"),
		[]string{"user_id", "name", "scopes"},
	},
	"AddDemo": {
		func(ctx context.Context, c *cast) error { _, err := c.AddDemo(ctx, c.root); return err },
		mailstead.AuditDemoAdd, object(mailstead.AuditDemo, "", "Demo mail"),
		[]string{"active"},
	},
	"RemoveDemo": {
		func(ctx context.Context, c *cast) error {
			if _, err := c.AddDemo(ctx, operator); err != nil {
				return err
			}
			return c.RemoveDemo(ctx, c.root)
		},
		mailstead.AuditDemoRemove, object(mailstead.AuditDemo, "", "Demo mail"),
		[]string{"active"},
	},
	"Setup": {action: mailstead.AuditSetup}, // Needs a house without users: TestSetupIsAudited.
}

func (c *cast) accountID() mailstead.AccountID { return c.account }
func (c *cast) otherID() mailstead.AccountID   { return c.other }

func object(kind mailstead.AuditKind, id, name string) func(*cast) mailstead.AuditObject {
	return func(*cast) mailstead.AuditObject { return mailstead.AuditObject{Kind: kind, ID: id, Name: name} }
}

// accountObject is an account that newWorld stores, whose name is its key.
func accountObject(id func(*cast) mailstead.AccountID) func(*cast) mailstead.AuditObject {
	return func(c *cast) mailstead.AuditObject {
		a, _ := c.store.Account(context.Background(), id(c)) //nolint:usetesting // the table has no test
		return a.AuditObject()
	}
}

// by returns what root did, newest first.
func (c *cast) byRoot(t *testing.T) []mailstead.AuditEntry {
	t.Helper()
	list, err := c.Audit(t.Context(), operator, mailstead.AuditQuery{ActorID: c.root.User.ID})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEveryChangeIsAuditedOnce(t *testing.T) {
	methods := reflect.TypeFor[*admin.Service]()
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		if _, changes := changers[name]; changes == readers[name] {
			t.Errorf("the method %s is not in the one table or the other: does it change anything?", name)
		}
	}
	for name, step := range changers {
		if step.do == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			c := newCast(t)
			want := mailstead.AuditEntry{ActorID: c.root.User.ID, ActorName: "root", Action: step.action, Object: step.object(c)}
			if err := step.do(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			got := c.byRoot(t)
			if len(got) != 1 {
				t.Fatalf("got %d entries, want 1: %+v", len(got), got)
			}
			want.ID, want.At, want.Changes = got[0].ID, c.now, got[0].Changes
			if d := cmp.Diff(want, got[0]); d != "" {
				t.Error(d)
			}
			var fields []string
			for _, ch := range got[0].Changes {
				fields = append(fields, ch.Field)
			}
			if d := cmp.Diff(step.changes, fields); d != "" {
				t.Errorf("changes (-want +got):\n%s", d)
			}
		})
		t.Run(name+" refused", func(t *testing.T) {
			c := newCast(t)
			weak := c.root
			weak.User.Role = mailstead.RoleUser
			if err := step.do(t.Context(), &cast{world: c.world, root: weak, anna: mailstead.Actor{User: mailstead.User{ID: 99}}, account: c.account, profile: c.profile}); err == nil {
				t.Error("got no error")
			}
			if got := c.byRoot(t); len(got) != 0 {
				t.Errorf("got %+v, want no entry", got)
			}
		})
	}
}

// TestWhatIsStoredIsAudited looks at what the journey may call: whatever changes
// the administration takes an entry.
func TestWhatIsStoredIsAudited(t *testing.T) {
	// What changes nothing that administrators decide.
	without := map[string]bool{
		"CreateSession": true, "TouchSession": true, "DeleteSession": true, "DeleteSessionsBefore": true, "TouchToken": true, "SyncFolders": true,
	}
	reads := []string{
		"Account", "Assignment", "AssignedAccounts", "Assignments", "Audit", "AccountFor", "CountUsers", "Domain", "DomainUses", "Domains", "HiddenProviders", "OwnProviders", "OwnedAccounts", "Policies", "Profiles", "ProviderAccounts", "SenderFacts", "Session",
		"OAuthApp", "OAuthAppAccounts", "OAuthApps", "TrustedServers", "Template", "Templates", "TokenByHash", "Tokens", "User", "UserByEmail", "Users",
	}
	for _, name := range reads {
		without[name] = true
	}
	store := reflect.TypeFor[admin.Store]()
	for i := range store.NumMethod() {
		m := store.Method(i)
		last := m.Type.In(m.Type.NumIn() - 1)
		if takes := last == reflect.TypeFor[mailstead.AuditEntry](); takes == without[m.Name] {
			t.Errorf("%s takes an entry of the audit: %v", m.Name, takes)
		}
	}
}

func TestSetupIsAudited(t *testing.T) {
	w := newWorld(t)
	token, _, err := w.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u, _, err := w.Setup(t.Context(), admin.SetupRequest{Token: token, Name: "Ada", Email: "ada@firm.example", Password: mailstead.NewSecret(password)})
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.Audit(t.Context(), operator, mailstead.AuditQuery{})
	if err != nil || len(list) != 1 || list[0].Action != mailstead.AuditSetup || list[0].ActorID != u.ID || list[0].Object != u.AuditObject() {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestWhatChangesNothingIsNotAudited(t *testing.T) {
	c := newCast(t)
	ctx := t.Context()
	u := c.anna.User
	wantKind(t, "the same name", second(c.UpdateUser(ctx, c.root, u.ID, admin.UserChanges{Name: &u.Name, Profiles: &[]mailstead.ProfileID{}})), 0)
	wantKind(t, "the same domain", second(c.PutDomain(ctx, c.root, mailstead.Domain{Name: "firm.example", ProviderID: "gmail"}, time.Time{})), 0)
	wantKind(t, "no system account", c.SetSystemAccount(ctx, c.root, 0), 0)
	wantKind(t, "no preferred account", c.SetDefaultAccount(ctx, c.root, u.ID, 0), 0)
	wantKind(t, "no demo", c.RemoveDemo(ctx, c.root), 0)
	wantKind(t, "an address that is taken", second(c.CreateUser(ctx, c.root, mailstead.User{Email: u.Email}, mailstead.Secret{})), mailstead.KindConflict)
	if got := c.byRoot(t); len(got) != 0 {
		t.Errorf("got %+v, want no entry", got)
	}
}

func second[T any](_ T, err error) error { return err }

func TestTheAuditTellsWhichTokenWasUsed(t *testing.T) {
	c := newCast(t)
	ctx := t.Context()
	made, secret, err := c.CreateToken(ctx, c.root, admin.TokenRequest{Name: "CRM", Scopes: []mailstead.Scope{mailstead.ScopeAdmin}})
	if err != nil {
		t.Fatal(err)
	}
	program, err := c.Authenticate(ctx, mailstead.Secret{}, secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateProfile(ctx, program, "Office"); err != nil {
		t.Fatal(err)
	}
	if got := c.byRoot(t)[0]; got.TokenID != made.ID || got.ActorName != "root" {
		t.Errorf("got %+v, want the token %d of root", got, made.ID)
	}
}

func TestLockedSignInsAreAudited(t *testing.T) {
	c := newCast(t)
	ctx := t.Context()
	locks := func() []string {
		list, err := c.Audit(ctx, operator, mailstead.AuditQuery{Action: mailstead.AuditSignInLock})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, e := range list {
			if e.ActorID != 0 {
				t.Errorf("nobody was signed in, got the actor %d", e.ActorID)
			}
			text := string(e.Object.Kind) + " " + e.Object.Name
			for _, ch := range e.Changes {
				text += " " + string(ch.After)
			}
			out = append(out, strings.TrimSpace(text))
		}
		return out
	}
	guess := func(email, remote string, times int) {
		for range times {
			_, _ = c.SignIn(ctx, email, mailstead.NewSecret("guess guess"), remote)
		}
	}
	guess("anna@firm.example", "192.0.2.1", 9)
	if got := locks(); len(got) != 0 {
		t.Errorf("after nine guesses: %v, want none", got)
	}
	guess("Anna@firm.example", "192.0.2.1", 3)
	guess("my-password-in-the-wrong-field", "2001:db8::1", 10)
	guess("boris@firm.example", "192.0.2.1", 8)
	want := []string{"network 192.0.2.1", `user  "2001:db8::/64"`, `user anna "192.0.2.1"`}
	if d := cmp.Diff(want, locks()); d != "" {
		t.Error(d)
	}
	// Who goes on guessing is not told again within an hour.
	c.now = c.now.Add(time.Minute)
	guess("anna@firm.example", "192.0.2.1", 5)
	if got := len(locks()); got != 3 {
		t.Errorf("a minute later: %d entries, want 3", got)
	}
}
