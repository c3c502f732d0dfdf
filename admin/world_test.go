package admin_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
	"github.com/mailstead/mailstead/credential"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

// audited is an entry for steps whose audit a test does not look at.
var audited = mailstead.AuditEntry{
	Action: mailstead.AuditAccountUpdate, Object: mailstead.AuditObject{Kind: mailstead.AuditAccount, ID: "1"},
}

// world is the journey on a real store, with a clock that tests turn.
type world struct {
	*admin.Service
	store *store.DB
	now   time.Time
}

const password = "correct horse battery"

func newWorld(t *testing.T, change ...func(*admin.Config)) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return w.now }
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "mailstead.db"), store.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	directory, err := discover.New()
	if err != nil {
		t.Fatal(err)
	}
	_, sealer, err := credential.NewKeyring(sealingKey(t))
	if err != nil {
		t.Fatal(err)
	}
	c := admin.Config{
		Store: db, Directory: directory, Sealer: sealer, Now: now, Logger: slog.New(slog.DiscardHandler),
		HashPassword: mailtest.HashPassword,
	}
	for _, f := range change {
		f(&c)
	}
	w.store, w.Service = db, admin.New(c)
	return w
}

// sealingKey is a fresh key of an installation.
func sealingKey(t *testing.T) credential.Key {
	t.Helper()
	key, err := credential.CreateKeyFile(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var operator = mailstead.Actor{Operator: true}

// person makes a user, who has no password, and returns it as an actor.
func (w *world) person(t *testing.T, email string, role mailstead.Role) mailstead.Actor {
	t.Helper()
	return w.user(t, email, role, mailstead.Secret{})
}

// anna makes a user with the password and returns it as an actor.
func (w *world) anna(t *testing.T) mailstead.Actor {
	t.Helper()
	return w.user(t, "anna@firm.example", mailstead.RoleUser, mailstead.NewSecret(password))
}

func (w *world) user(t *testing.T, email string, role mailstead.Role, secret mailstead.Secret) mailstead.Actor {
	t.Helper()
	u, err := w.CreateUser(t.Context(), operator, mailstead.User{Email: email, Role: role}, secret)
	if err != nil {
		t.Fatal(err)
	}
	return mailstead.Actor{User: u}
}

// account stores an account of owner without testing it.
func (w *world) account(t *testing.T, owner mailstead.UserID, sides ...mailstead.SideName) mailstead.AccountID {
	t.Helper()
	key := credential.NewKey()
	a := mailstead.Account{Key: key, OwnerID: owner, Name: key, Address: "box@firm.example"}
	for _, n := range sides {
		side := &mailstead.Side{Login: "box", Enabled: true, Secret: mailstead.SecretBoth}
		if n == mailstead.SideOutgoing {
			side.Server = mailstead.Server{Protocol: mailstead.SMTP, Host: "smtp.firm.example", Port: 587, Security: mailstead.SecurityStartTLS}
			a.Outgoing = side
			continue
		}
		side.Server = mailstead.Server{Protocol: mailstead.IMAP, Host: "imap.firm.example", Port: 993, Security: mailstead.SecurityTLS}
		a.Incoming = side
	}
	id, err := w.store.ConnectAccount(t.Context(), mailstead.Connected{Audit: audited, Account: &a})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// wantKind checks the kind of an error; want 0 means none.
func wantKind(t *testing.T, what string, err error, want mailstead.Kind) {
	t.Helper()
	if (want == 0) != (err == nil) || (err != nil && mailstead.KindOf(err) != want) {
		t.Errorf("%s: got %v, want kind %s", what, err, want)
	}
}

func ptr[T any](v T) *T { return &v }

func itoa(n int) string { return strconv.Itoa(n) }

// annasCookie signs Anna in.
func (w *world) annasCookie(ctx context.Context, t *testing.T) mailstead.Secret {
	t.Helper()
	in, err := w.SignIn(ctx, "anna@firm.example", mailstead.NewSecret(password), "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	return in.Token
}
