package connect_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

// readers are the methods of the journey that change nothing that people decide;
// a test of an account keeps its health.
var readers = map[string]bool{"Account": true, "Credential": true, "Accounts": true, "Discover": true, "Follow": true, "Known": true, "Test": true, "FollowTest": true, "TestAccount": true, "SendTest": true, "AllowTest": true, "TestStored": true, "PreviewDisconnect": true, "LookAtLink": true, "BeginSignIn": true, "BeginSignInAgain": true, "PasswordLinks": true, "PlanBulk": true, "SenderHealth": true}

// changers are the methods that change something, what they do to anna's account,
// and the fields of the entries that tell it.
var changers = map[string][]struct {
	name   string
	do     func(context.Context, *world, mailstead.AccountID) error
	action mailstead.AuditAction
	fields string
}{
	"Save": {
		{"an account", func(ctx context.Context, w *world, _ mailstead.AccountID) error {
			r := request()
			r.Address, r.SendOnly, r.OutgoingPassword = "info@firm.example", true, mailstead.NewSecret("right")
			_, err := w.Save(ctx, anna, r)
			return err
		}, mailstead.AuditAccountConnect, "owner_id name display_name address outgoing.server.protocol outgoing.server.host outgoing.server.port outgoing.server.security outgoing.login outgoing.enabled load_period outgoing_password"},
	},
	"UpdateAccount": {
		{"a name", func(ctx context.Context, w *world, id mailstead.AccountID) error {
			_, err := w.UpdateAccount(ctx, anna, id, connect.Changes{Name: ptr("Sales")})
			return err
		}, mailstead.AuditAccountUpdate, "name"},
		{"a server", func(ctx context.Context, w *world, id mailstead.AccountID) error {
			_, err := w.UpdateAccount(ctx, anna, id, connect.Changes{
				Incoming: &connect.ServerInput{Text: "new.firm.example", Security: mailstead.SecurityTLS}, Password: mailstead.NewSecret("right"),
			})
			return err
		}, mailstead.AuditAccountUpdate, "incoming.server.host password"},
		{"a login", func(ctx context.Context, w *world, id mailstead.AccountID) error {
			_, err := w.UpdateAccount(ctx, anna, id, connect.Changes{Incoming: &connect.ServerInput{Login: "anna"}})
			return err
		}, mailstead.AuditAccountUpdate, "incoming.login"},
	},
	"ChangePassword": {
		{"a password", func(ctx context.Context, w *world, id mailstead.AccountID) error {
			_, err := w.ChangePassword(ctx, anna, id, mailstead.NewSecret("right"), mailstead.Secret{})
			return err
		}, mailstead.AuditAccountPassword, "password"},
	},
	"DeleteAccount": {
		{
			"an account", func(ctx context.Context, w *world, id mailstead.AccountID) error {
				return w.DeleteAccount(ctx, anna, id)
			},
			mailstead.AuditAccountDelete, "owner_id name display_name address incoming.server.protocol incoming.server.host incoming.server.port " +
				"incoming.server.security incoming.login incoming.enabled outgoing.server.protocol outgoing.server.host outgoing.server.port " +
				"outgoing.server.security outgoing.login outgoing.enabled load_period",
		},
	},
	"RestoreAccount": {
		{"an account", func(ctx context.Context, w *world, id mailstead.AccountID) error {
			if err := w.RemoveAccount(ctx, anna, id, connect.Removal{Disconnect: true}); err != nil {
				return err
			}
			w.store.audit = nil
			_, err := w.RestoreAccount(ctx, anna, id)
			return err
		}, mailstead.AuditAccountRestore, ""},
	},
	"RemoveAccount": {
		{
			"an account", func(ctx context.Context, w *world, id mailstead.AccountID) error {
				return w.RemoveAccount(ctx, anna, id, connect.Removal{Disconnect: true})
			},
			mailstead.AuditAccountLeave, "owner_id name display_name address incoming.server.protocol incoming.server.host incoming.server.port " +
				"incoming.server.security incoming.login incoming.enabled outgoing.server.protocol outgoing.server.host outgoing.server.port " +
				"outgoing.server.security outgoing.login outgoing.enabled load_period",
		},
	},
	// What these leave is tested with them; what is done in bulk is done by the others.
	"Import":        nil,
	"Configure":     nil,
	"CreateAccount": nil,
	"Purge":         nil,
	"KeepPurging":   nil,
	"Bulk":          nil,
	// What it leaves is looked at in TestSignInInsteadOfAPassword of cmd/mailstead.
	"FinishSignIn": nil,
	// And these in link_test.go.
	"AskPassword": nil, "AskConnect": nil, "ClosePasswordLink": nil, "UseLink": nil,
}

func TestEveryChangeIsAuditedOnce(t *testing.T) {
	methods := reflect.TypeFor[*connect.Service]()
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		if _, changes := changers[name]; changes == readers[name] {
			t.Errorf("the method %s is not in the one table or the other: does it change anything?", name)
		}
	}
	for name, cases := range changers {
		for _, c := range cases {
			t.Run(name+" "+c.name, func(t *testing.T) {
				w := newWorld(t)
				a := w.connect(t)
				w.store.audit = nil
				if err := c.do(t.Context(), w, a.ID); err != nil {
					t.Fatal(err)
				}
				if len(w.store.audit) != 1 {
					t.Fatalf("got %d entries, want 1: %+v", len(w.store.audit), w.store.audit)
				}
				e := w.store.audit[0]
				if e.Action != c.action || e.ActorID != anna.User.ID || e.Object.Kind != mailstead.AuditAccount || e.Object.ID == "" || e.Object.Name == "" {
					t.Errorf("got %+v, want %s by anna", e, c.action)
				}
				if name != "Save" && e.Object.ID != a.ID.String() {
					t.Errorf("the object is %q, want %s", e.Object.ID, a.ID)
				}
				var fields []string
				for _, ch := range e.Changes {
					fields = append(fields, ch.Field)
					if strings.Contains(string(ch.Before)+string(ch.After), "right") {
						t.Errorf("a password is told: %s %s %s", ch.Field, ch.Before, ch.After)
					}
				}
				if d := cmp.Diff(c.fields, strings.Join(fields, " ")); d != "" {
					t.Errorf("fields (-want +got):\n%s", d)
				}
			})
		}
	}
}

func TestWhatFailsOrChangesNothingIsNotAudited(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	w.store.audit = nil
	wrong := mailstead.NewSecret("wrong")
	_, _ = w.ChangePassword(t.Context(), anna, a.ID, wrong, mailstead.Secret{})
	_, _ = w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{Incoming: &connect.ServerInput{Text: "other.firm.example"}, Password: wrong})
	_, _ = w.UpdateAccount(t.Context(), boris, a.ID, connect.Changes{Name: ptr("mine")})
	_ = w.DeleteAccount(t.Context(), boris, a.ID)
	if _, err := w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{Name: &a.Name}); err != nil {
		t.Error(err)
	}
	if len(w.store.audit) != 0 {
		t.Errorf("got %+v, want no entry", w.store.audit)
	}
}

func TestALearnedDomainIsAudited(t *testing.T) {
	w := newWorld(t)
	w.connect(t)
	if len(w.store.audit) != 2 {
		t.Fatalf("got %d entries, want the account's and the domain's", len(w.store.audit))
	}
	e := w.store.audit[1]
	want := mailstead.AuditObject{Kind: mailstead.AuditDomain, ID: "firm.example", Name: "firm.example"}
	if e.Action != mailstead.AuditDomainLearn || e.ActorID != anna.User.ID || e.Object != want {
		t.Errorf("got %+v, want the domain that anna's sign-in taught", e)
	}
}

// TestWhatIsStoredIsAudited looks at what the journey may call: whatever changes an
// account takes an entry.
func TestWhatIsStoredIsAudited(t *testing.T) {
	without := map[string]bool{
		"AccountFor": true, "Accounts": true, "Secrets": true, "PasswordSetAt": true, "SetHealth": true, "Reach": true, "Domain": true, "User": true,
		"ConfigurationAccount": true, "Policies": true,
	}
	store := reflect.TypeFor[connect.Store]()
	for i := range store.NumMethod() {
		m := store.Method(i)
		takes := false
		for in := range m.Type.Ins() {
			takes = takes || in == reflect.TypeFor[mailstead.AuditEntry]() || in == reflect.TypeFor[mailstead.Connected]() || in == reflect.TypeFor[[]mailstead.Connected]()
		}
		if takes == without[m.Name] {
			t.Errorf("%s takes an entry of the audit: %v", m.Name, takes)
		}
	}
}
