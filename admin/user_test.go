package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

func TestPasswordRules(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name, password string
		want           mailstead.Kind
	}{
		{"nine characters", strings.Repeat("ж", 9), mailstead.KindInvalid},
		{"ten characters", strings.Repeat("ж", 10), 0},
		{"ten equal letters", "aaaaaaaaaa", 0},
		{"a thousand characters", strings.Repeat("ж", 1000), 0},
		{"too long", strings.Repeat("a", 1001), mailstead.KindInvalid},
		{"the address", "u4@firm.example", mailstead.KindInvalid},
		{"the address in capitals", " U5@FIRM.example ", mailstead.KindInvalid},
	} {
		i := len(c.name)
		email := "p" + itoa(i) + "@firm.example"
		if strings.Contains(strings.ToLower(c.password), "@firm.example") {
			email = strings.ToLower(strings.TrimSpace(c.password))
		}
		_, err := w.CreateUser(t.Context(), operator, mailstead.User{Email: email}, mailstead.NewSecret(c.password))
		wantKind(t, c.name, err, c.want)
	}
}

func TestCreateUser(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	p, err := w.CreateProfile(ctx, operator, "Sales")
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.CreateUser(ctx, operator, mailstead.User{
		ID: 77, Email: "Anna@FIRM.example", ProfileIDs: []mailstead.ProfileID{p.ID}, DefaultAccountID: 9,
	}, mailstead.NewSecret(password))
	if err != nil {
		t.Fatal(err)
	}
	want := mailstead.User{
		ID: got.ID, Name: "Anna", Email: "Anna@firm.example", Role: mailstead.RoleUser,
		ProfileIDs: []mailstead.ProfileID{p.ID}, CreatedAt: w.now,
	}
	if diff := cmp.Diff(want, got); diff != "" || got.ID == 77 {
		t.Error(diff)
	}
	stored, err := w.User(ctx, operator, got.ID)
	if diff := cmp.Diff(want, stored, cmp.Comparer(time.Time.Equal)); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for _, c := range []struct {
		name string
		u    mailstead.User
		want mailstead.Kind
	}{
		{"the same address", mailstead.User{Email: "anna@firm.example"}, mailstead.KindConflict},
		{"a line break in the name", mailstead.User{Email: "b@firm.example", Name: "a\nb"}, mailstead.KindInvalid},
		{"no address", mailstead.User{Name: "B"}, mailstead.KindInvalid},
		{"a role that is none", mailstead.User{Email: "b@firm.example", Role: "king"}, mailstead.KindInvalid},
		{"a profile that is none", mailstead.User{Email: "b@firm.example", ProfileIDs: []mailstead.ProfileID{99}}, mailstead.KindInvalid},
	} {
		_, err := w.CreateUser(ctx, operator, c.u, mailstead.NewSecret(password))
		wantKind(t, c.name, err, c.want)
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	root := w.person(t, "root@firm.example", mailstead.RoleAdmin)
	demoted := admin.UserChanges{Role: ptr(mailstead.RoleUser)}
	off := admin.UserChanges{Disabled: ptr(true)}
	for name, c := range map[string]admin.UserChanges{"demoted": demoted, "switched off": off} {
		for _, actor := range []mailstead.Actor{root, operator} {
			_, err := w.UpdateUser(ctx, actor, root.User.ID, c)
			if mailstead.CodeOf(err) != "user.last_admin" {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
	second := w.person(t, "second@firm.example", mailstead.RoleAdmin)
	_, err := w.UpdateUser(ctx, root, second.User.ID, off)
	wantKind(t, "the second of two", err, 0)
	_, err = w.UpdateUser(ctx, root, root.User.ID, demoted)
	wantKind(t, "the last who is switched on", err, mailstead.KindConflict)
	_, err = w.UpdateUser(ctx, root, second.User.ID, admin.UserChanges{Disabled: ptr(false)})
	wantKind(t, "switched on again", err, 0)
	_, err = w.UpdateUser(ctx, root, root.User.ID, demoted)
	wantKind(t, "one of two", err, 0)
}

func TestTwoAdministratorsCannotDemoteEachOtherAtOnce(t *testing.T) {
	w := newWorld(t)
	a, b := w.person(t, "a@firm.example", mailstead.RoleAdmin), w.person(t, "b@firm.example", mailstead.RoleAdmin)
	results := make(chan error, 2)
	for _, pair := range [][2]mailstead.Actor{{a, b}, {b, a}} {
		go func() {
			_, err := w.UpdateUser(t.Context(), pair[0], pair[1].User.ID, admin.UserChanges{Role: ptr(mailstead.RoleUser)})
			results <- err
		}()
	}
	failed := 0
	for range 2 {
		if err := <-results; err != nil {
			failed++
		}
	}
	if failed != 1 {
		t.Errorf("%d of the two changes were refused, want 1", failed)
	}
}

func TestWhoMayChangeUsers(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.person(t, "anna@firm.example", mailstead.RoleUser)
	boris := w.person(t, "boris@firm.example", mailstead.RoleUser)
	root := w.person(t, "root@firm.example", mailstead.RoleAdmin)
	token := anna
	token.Scopes = []mailstead.Scope{mailstead.ScopeAccounts}
	name := admin.UserChanges{Name: ptr("New")}
	for _, c := range []struct {
		what  string
		actor mailstead.Actor
		id    mailstead.UserID
		c     admin.UserChanges
		want  mailstead.Kind
	}{
		{"nobody", mailstead.Actor{}, anna.User.ID, name, mailstead.KindUnauthenticated},
		{"own name", anna, anna.User.ID, name, 0},
		{"own role", anna, anna.User.ID, admin.UserChanges{Role: ptr(mailstead.RoleAdmin)}, mailstead.KindForbidden},
		{"own address", anna, anna.User.ID, admin.UserChanges{Email: ptr("x@y.example")}, mailstead.KindForbidden},
		{"own profiles", anna, anna.User.ID, admin.UserChanges{Profiles: &[]mailstead.ProfileID{}}, mailstead.KindForbidden},
		{"own name by a token", token, anna.User.ID, name, mailstead.KindForbidden},
		{"somebody else's name", anna, boris.User.ID, name, mailstead.KindForbidden},
		{"an administrator", root, boris.User.ID, admin.UserChanges{Role: ptr(mailstead.RoleAdmin), Email: ptr("b@firm.example")}, 0},
		{"an address that is taken", root, boris.User.ID, admin.UserChanges{Email: ptr("ANNA@firm.example")}, mailstead.KindConflict},
		{"a hostile name", root, boris.User.ID, admin.UserChanges{Name: ptr("a\r\nb")}, mailstead.KindInvalid},
		{"a profile that is none", root, boris.User.ID, admin.UserChanges{Profiles: &[]mailstead.ProfileID{42}}, mailstead.KindInvalid},
		{"a user that is none", root, 99, name, mailstead.KindNotFound},
	} {
		_, err := w.UpdateUser(ctx, c.actor, c.id, c.c)
		wantKind(t, c.what, err, c.want)
	}
	_, err := w.Users(ctx, anna, 0, 10)
	wantKind(t, "a user lists users", err, mailstead.KindForbidden)
	_, err = w.User(ctx, anna, boris.User.ID)
	wantKind(t, "a user reads another", err, mailstead.KindForbidden)
	_, err = w.User(ctx, anna, anna.User.ID)
	wantKind(t, "a user reads herself", err, 0)
	_, err = w.CreateUser(ctx, anna, mailstead.User{Email: "c@firm.example"}, mailstead.NewSecret(password))
	wantKind(t, "a user creates a user", err, mailstead.KindForbidden)
	list, err := w.Users(ctx, root, 0, 0)
	if err != nil || len(list) != 3 {
		t.Errorf("an administrator lists %d users, %v", len(list), err)
	}
}

func TestProfilesOfAUser(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.person(t, "anna@firm.example", mailstead.RoleUser)
	p, err := w.CreateProfile(ctx, operator, "Sales")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.UpdateUser(ctx, operator, anna.User.ID, admin.UserChanges{Profiles: &[]mailstead.ProfileID{p.ID}}); err != nil {
		t.Fatal(err)
	}
	u, err := w.User(ctx, anna, anna.User.ID)
	if err != nil || len(u.ProfileIDs) != 1 {
		t.Errorf("got %+v, %v", u, err)
	}
	if _, err := w.UpdateUser(ctx, operator, anna.User.ID, admin.UserChanges{Name: ptr("Anna")}); err != nil {
		t.Fatal(err)
	}
	if u, _ = w.User(ctx, anna, anna.User.ID); len(u.ProfileIDs) != 1 {
		t.Error("a new name took the profile away")
	}
}

func TestSetPassword(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.anna(t)
	boris := w.person(t, "boris@firm.example", mailstead.RoleUser)
	root := w.person(t, "root@firm.example", mailstead.RoleAdmin)
	token := anna
	token.Scopes = []mailstead.Scope{mailstead.ScopeAccounts, mailstead.ScopeRead}
	id, now, fresh := anna.User.ID, mailstead.NewSecret(password), mailstead.NewSecret("another good one")
	for _, c := range []struct {
		what  string
		actor mailstead.Actor
		c     admin.PasswordChange
		want  mailstead.Kind
	}{
		{"nobody", mailstead.Actor{}, admin.PasswordChange{UserID: id, New: fresh}, mailstead.KindUnauthenticated},
		{"somebody else", boris, admin.PasswordChange{UserID: id, Current: now, New: fresh}, mailstead.KindForbidden},
		{"a token", token, admin.PasswordChange{UserID: id, Current: now, New: fresh}, mailstead.KindForbidden},
		{"without the present one", anna, admin.PasswordChange{UserID: id, New: fresh}, mailstead.KindForbidden},
		{"with a wrong present one", anna, admin.PasswordChange{UserID: id, Current: fresh, New: fresh}, mailstead.KindForbidden},
		{"too short", anna, admin.PasswordChange{UserID: id, Current: now, New: mailstead.NewSecret("short")}, mailstead.KindInvalid},
		{"an administrator, own without the present one", root, admin.PasswordChange{UserID: root.User.ID, New: fresh}, mailstead.KindForbidden},
	} {
		wantKind(t, c.what, w.SetPassword(ctx, c.actor, c.c), c.want)
	}
	cookie := w.annasCookie(ctx, t)
	wantKind(t, "own", w.SetPassword(ctx, anna, admin.PasswordChange{UserID: id, Current: now, New: fresh}), 0)
	_, err := w.Authenticate(ctx, cookie, mailstead.Secret{})
	wantKind(t, "the old session", err, mailstead.KindUnauthenticated)
	_, err = w.SignIn(ctx, "anna@firm.example", now, "192.0.2.1")
	wantKind(t, "the old password", err, mailstead.KindUnauthenticated)
	_, err = w.SignIn(ctx, "anna@firm.example", fresh, "192.0.2.1")
	wantKind(t, "the new password", err, 0)
	wantKind(t, "by an administrator", w.SetPassword(ctx, root, admin.PasswordChange{UserID: id, New: now}), 0)
	wantKind(t, "by the operator", w.SetPassword(ctx, operator, admin.PasswordChange{UserID: id, New: fresh}), 0)
}

func TestGuessingThePresentPasswordIsThrottled(t *testing.T) {
	w := newWorld(t)
	anna := w.person(t, "anna@firm.example", mailstead.RoleUser)
	var err error
	for range 11 {
		err = w.SetPassword(t.Context(), anna, admin.PasswordChange{UserID: anna.User.ID, Current: mailstead.NewSecret("guess"), New: mailstead.NewSecret(password)})
	}
	wantKind(t, "the eleventh guess", err, mailstead.KindThrottled)
}

func TestDefaultAccount(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.person(t, "anna@firm.example", mailstead.RoleUser)
	boris := w.person(t, "boris@firm.example", mailstead.RoleUser)
	own := w.account(t, anna.User.ID, mailstead.SideIncoming, mailstead.SideOutgoing)
	other := w.account(t, boris.User.ID, mailstead.SideOutgoing)
	wantKind(t, "own account", w.SetDefaultAccount(ctx, anna, anna.User.ID, own), 0)
	if u, err := w.User(ctx, anna, anna.User.ID); err != nil || u.DefaultAccountID != own {
		t.Errorf("got %d, %v", u.DefaultAccountID, err)
	}
	wantKind(t, "an account without the right", w.SetDefaultAccount(ctx, anna, anna.User.ID, other), mailstead.KindInvalid)
	wantKind(t, "an account that is none", w.SetDefaultAccount(ctx, anna, anna.User.ID, 99), mailstead.KindInvalid)
	wantKind(t, "somebody else's choice", w.SetDefaultAccount(ctx, anna, boris.User.ID, other), mailstead.KindForbidden)
	if _, err := w.Assign(ctx, operator, mailstead.Assignment{AccountID: other, UserID: anna.User.ID, Rights: []mailstead.Right{mailstead.RightSend}}); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "an assigned account", w.SetDefaultAccount(ctx, operator, anna.User.ID, other), 0)
	wantKind(t, "none", w.SetDefaultAccount(ctx, anna, anna.User.ID, 0), 0)
}

// TestPasswordsAreHashedAtFullCost: only a test asks for a cheaper hash.
func TestPasswordsAreHashedAtFullCost(t *testing.T) {
	w := newWorld(t, func(c *admin.Config) { c.HashPassword = nil })
	w.anna(t)
	_, hash, err := w.store.UserByEmail(t.Context(), "anna@firm.example")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %.31s…, %v", hash, err)
	}
}
