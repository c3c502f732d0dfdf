package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

func TestSetupOnce(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if needed, err := w.SetupNeeded(ctx); !needed || err != nil {
		t.Fatalf("SetupNeeded = %t, %v", needed, err)
	}
	first, ok, err := w.SetupToken(ctx)
	if !ok || err != nil || !strings.HasPrefix(first.Reveal(), "setup_") {
		t.Fatalf("SetupToken = %t, %v", ok, err)
	}
	token, _, err := w.SetupToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r := admin.SetupRequest{Name: "Root", Email: "root@firm.example", Password: mailstead.NewSecret(password)}
	for name, wrong := range map[string]mailstead.Secret{"none": {}, "a wrong one": mailstead.NewSecret("setup_x"), "the one before": first} {
		r.Token = wrong
		_, _, err := w.Setup(ctx, r)
		wantKind(t, "token: "+name, err, mailstead.KindForbidden)
	}
	r.Token = token
	bad := r
	bad.Password = mailstead.NewSecret("short")
	_, _, err = w.Setup(ctx, bad)
	wantKind(t, "short password", err, mailstead.KindInvalid)
	u, in, err := w.Setup(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	if u.Role != mailstead.RoleAdmin || u.ID == 0 || !in.ExpiresAt.Equal(w.now.AddDate(0, 0, 30)) {
		t.Errorf("user %+v, expires %s", u, in.ExpiresAt)
	}
	actor, err := w.Authenticate(ctx, in.Token, mailstead.Secret{})
	if err != nil || !actor.IsAdmin() {
		t.Errorf("the session is of %+v, %v", actor, err)
	}
	_, _, err = w.Setup(ctx, r)
	wantKind(t, "a second time", err, mailstead.KindConflict)
	if _, ok, err := w.SetupToken(ctx); ok || err != nil {
		t.Errorf("SetupToken afterwards = %t, %v", ok, err)
	}
}

func TestSetupTokenOfTheConfiguration(t *testing.T) {
	w := newWorld(t, func(c *admin.Config) { c.SetupToken = mailstead.NewSecret("demo") })
	token, ok, err := w.SetupToken(t.Context())
	if err != nil || !ok || token.Reveal() != "demo" {
		t.Fatalf("got %t, %v", ok, err)
	}
	_, _, err = w.Setup(t.Context(), admin.SetupRequest{Token: token, Email: "root@firm.example", Password: mailstead.NewSecret(password)})
	wantKind(t, "Setup", err, 0)
}

func TestSetupBeforeATokenWasMade(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.Setup(t.Context(), admin.SetupRequest{Email: "root@firm.example", Password: mailstead.NewSecret(password)})
	wantKind(t, "Setup", err, mailstead.KindForbidden)
}

func TestSetupIsThrottled(t *testing.T) {
	w := newWorld(t)
	var err error
	for range 11 {
		_, _, err = w.Setup(t.Context(), admin.SetupRequest{Token: mailstead.NewSecret("guess")})
	}
	wantKind(t, "the eleventh guess", err, mailstead.KindThrottled)
}

func TestSignInAndOut(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.anna(t)
	in, err := w.SignIn(ctx, " Anna@Firm.example", mailstead.NewSecret(password), "192.0.2.1")
	if err != nil || in.User.ID != anna.User.ID {
		t.Fatalf("got %+v, %v", in.User, err)
	}
	actor, err := w.Authenticate(ctx, in.Token, mailstead.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(anna, actor); diff != "" {
		t.Error(diff)
	}
	wantKind(t, "sign out", w.SignOut(ctx, in.Token), 0)
	wantKind(t, "sign out again", w.SignOut(ctx, in.Token), 0)
	_, err = w.Authenticate(ctx, in.Token, mailstead.Secret{})
	wantKind(t, "after signing out", err, mailstead.KindUnauthenticated)
}

// Whoever guesses learns nothing about who exists.
func TestRefusedSignInsLookTheSame(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.anna(t)
	if _, err := w.CreateUser(ctx, operator, mailstead.User{Email: "app@firm.example"}, mailstead.Secret{}); err != nil {
		t.Fatal(err)
	}
	var want string
	for _, c := range []struct{ name, email, password string }{
		{"wrong password", "anna@firm.example", "wrong"},
		{"no password", "anna@firm.example", ""},
		{"unknown user", "nobody@firm.example", password},
		{"a user without a password", "app@firm.example", password},
		{"a user without a password, none given", "app@firm.example", ""},
		{"no address", "", password},
		{"a very long address", strings.Repeat("x", 10_000), password},
	} {
		_, err := w.SignIn(ctx, c.email, mailstead.NewSecret(c.password), "192.0.2.1")
		wantKind(t, c.name, err, mailstead.KindUnauthenticated)
		if want == "" {
			want = err.Error()
		}
		if err.Error() != want {
			t.Errorf("%s: got %q, want %q", c.name, err, want)
		}
	}
}

func TestADisabledUserCannotSignIn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.anna(t)
	cookie := w.annasCookie(ctx, t)
	_, token, err := w.CreateToken(ctx, anna, admin.TokenRequest{Name: "crm", Scopes: []mailstead.Scope{mailstead.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.UpdateUser(ctx, operator, anna.User.ID, admin.UserChanges{Disabled: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	_, err = w.SignIn(ctx, "anna@firm.example", mailstead.NewSecret(password), "192.0.2.1")
	wantKind(t, "right password", err, mailstead.KindForbidden)
	_, err = w.SignIn(ctx, "anna@firm.example", mailstead.NewSecret("wrong"), "192.0.2.1")
	wantKind(t, "wrong password", err, mailstead.KindUnauthenticated)
	_, err = w.Authenticate(ctx, mailstead.Secret{}, token)
	wantKind(t, "token", err, mailstead.KindUnauthenticated)
	// The session does not come back with the user.
	if _, err := w.UpdateUser(ctx, operator, anna.User.ID, admin.UserChanges{Disabled: ptr(false)}); err != nil {
		t.Fatal(err)
	}
	_, err = w.Authenticate(ctx, cookie, mailstead.Secret{})
	wantKind(t, "old session", err, mailstead.KindUnauthenticated)
	_, err = w.Authenticate(ctx, mailstead.Secret{}, token)
	wantKind(t, "token of the user switched on again", err, 0)
}

func TestGuessingIsThrottledByAddress(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.anna(t)
	for i := range 10 {
		_, err := w.SignIn(ctx, "anna@firm.example", mailstead.NewSecret("guess"), "192.0.2."+itoa(i))
		wantKind(t, "guess", err, mailstead.KindUnauthenticated)
	}
	_, err := w.SignIn(ctx, "ANNA@firm.example ", mailstead.NewSecret(password), "192.0.2.99")
	wantKind(t, "even the right password", err, mailstead.KindThrottled)
	w.now = w.now.Add(30 * time.Second)
	_, err = w.SignIn(ctx, "anna@firm.example", mailstead.NewSecret(password), "192.0.2.99")
	wantKind(t, "half a minute later", err, 0)
}

func TestGuessingIsThrottledByRemote(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.anna(t)
	for i := range 20 {
		_, err := w.SignIn(ctx, "user"+itoa(i)+"@firm.example", mailstead.NewSecret("guess"), "2001:db8::"+itoa(i))
		wantKind(t, "guess", err, mailstead.KindUnauthenticated)
	}
	_, err := w.SignIn(ctx, "anna@firm.example", mailstead.NewSecret(password), "2001:db8::ffff")
	wantKind(t, "the same network", err, mailstead.KindThrottled)
	_, err = w.SignIn(ctx, "anna@firm.example", mailstead.NewSecret(password), "2001:db8:0:1::1")
	wantKind(t, "another network", err, 0)
}

func TestPeopleWhoSignInAreNotThrottled(t *testing.T) {
	w := newWorld(t)
	w.anna(t)
	for i := range 12 {
		if _, err := w.SignIn(t.Context(), "anna@firm.example", mailstead.NewSecret(password), "192.0.2.1"); err != nil {
			t.Fatalf("sign-in %d: %v", i, err)
		}
	}
}

func TestSessionsSlideAndEnd(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.anna(t)
	cookie := w.annasCookie(ctx, t)
	for range 3 {
		w.now = w.now.Add(29 * 24 * time.Hour)
		if _, err := w.Authenticate(ctx, cookie, mailstead.Secret{}); err != nil {
			t.Fatalf("a session in use ended: %v", err)
		}
	}
	w.now = w.now.Add(30 * 24 * time.Hour)
	_, err := w.Authenticate(ctx, cookie, mailstead.Secret{})
	wantKind(t, "after 30 days without use", err, mailstead.KindUnauthenticated)
}

func TestAuthenticateRefuses(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.anna(t)
	cookie := w.annasCookie(ctx, t)
	for name, c := range map[string]struct{ cookie, bearer mailstead.Secret }{
		"nothing":                         {},
		"a made-up cookie":                {cookie: mailstead.NewSecret("mss_x")},
		"a made-up token":                 {bearer: mailstead.NewSecret("mst_x")},
		"a cookie as token":               {bearer: cookie},
		"a made-up token beside a cookie": {cookie: cookie, bearer: mailstead.NewSecret("mst_x")},
	} {
		actor, err := w.Authenticate(ctx, c.cookie, c.bearer)
		wantKind(t, name, err, mailstead.KindUnauthenticated)
		if actor.User.ID != 0 || actor.Operator {
			t.Errorf("%s: got actor %+v", name, actor)
		}
	}
}
