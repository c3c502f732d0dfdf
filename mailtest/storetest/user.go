package storetest

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

var userTests = map[string]func(*testing.T, *kit){
	"a keyring is stored once": func(t *testing.T, k *kit) {
		ctx := t.Context()
		_, err := k.db.Keyring(ctx)
		k.missing(err, "keyring")
		want := mailstead.Keyring{Wrapped: []byte{0, 1, 255}, Check: []byte("check")}
		k.ok(k.db.SaveKeyring(ctx, want))
		k.fails(k.db.SaveKeyring(ctx, mailstead.Keyring{Wrapped: []byte{9}, Check: []byte{9}}), mailstead.KindConflict, "keyring.exists")
		got, err := k.db.Keyring(ctx)
		k.ok(err)
		k.same("keyring", got, want)
	},
	"a user is found by id and by address in any case": func(t *testing.T, k *kit) {
		ctx := t.Context()
		p := k.profile("sales")
		u := &mailstead.User{
			Name: "Žofie 'x' \\ ?", Email: "Zofie@Example.com", Role: mailstead.RoleAdmin, Disabled: true,
			ProfileIDs: []mailstead.ProfileID{p.ID},
		}
		k.ok(k.db.CreateUser(ctx, u, "hash", false, audited))
		want := *u
		want.CreatedAt = start
		got, err := k.db.User(ctx, u.ID)
		k.ok(err)
		k.same("user", got, want)
		got, hash, err := k.db.UserByEmail(ctx, "zOFIE@example.COM")
		k.ok(err)
		k.same("user", got, want)
		k.same("hash", hash, "hash")
		n, err := k.db.CountUsers(ctx)
		k.ok(err)
		k.same("users", n, 1)
	},
	"a user's address is its own whatever the case": func(t *testing.T, k *kit) {
		ctx := t.Context()
		k.user("anna")
		bert := k.user("bert")
		u := &mailstead.User{Name: "x", Email: "ANNA@example.com", Role: mailstead.RoleUser}
		k.fails(k.db.CreateUser(ctx, u, "h", false, audited), mailstead.KindConflict, "user.exists")
		bert.Email = "Anna@Example.com"
		k.fails(k.db.UpdateUser(ctx, bert, audited), mailstead.KindConflict, "user.exists")
	},
	"the first user is only the first": func(t *testing.T, k *kit) {
		ctx := t.Context()
		k.ok(k.db.CreateUser(ctx, &mailstead.User{Email: "a@example.com", Role: mailstead.RoleAdmin}, "h", true, audited))
		err := k.db.CreateUser(ctx, &mailstead.User{Email: "b@example.com", Role: mailstead.RoleAdmin}, "h", true, audited)
		k.fails(err, mailstead.KindConflict, "setup.done")
	},
	"a new user's profile must exist, else nothing is stored": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := &mailstead.User{Email: "a@example.com", Role: mailstead.RoleUser, ProfileIDs: []mailstead.ProfileID{7}}
		k.missing(k.db.CreateUser(ctx, u, "h", false, audited), "profile")
		n, err := k.db.CountUsers(ctx)
		k.ok(err)
		k.same("users", n, 0)
	},
	"users come in pages by id": func(t *testing.T, k *kit) {
		a, b, c := k.user("a"), k.user("b"), k.user("c")
		first, err := k.db.Users(t.Context(), 0, 2)
		k.ok(err)
		k.same("first page", []mailstead.UserID{first[0].ID, first[1].ID}, []mailstead.UserID{a.ID, b.ID})
		rest, err := k.db.Users(t.Context(), b.ID, 2)
		k.ok(err)
		k.same("second page", rest[0].ID, c.ID)
		k.same("users of the second page", len(rest), 1)
	},
	"a user is changed": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := k.user("anna")
		a := k.account("shared", 0)
		u.Name, u.Email, u.Role, u.Disabled, u.DefaultAccountID = "Anne", "anne@example.com", mailstead.RoleAdmin, true, a.ID
		k.ok(k.db.UpdateUser(ctx, u, audited))
		got, err := k.db.User(ctx, u.ID)
		k.ok(err)
		k.same("user", got, *u)
		_, hash, err := k.db.UserByEmail(ctx, "anne@example.com")
		k.ok(err)
		k.same("hash", hash, "hash of anna")
		u.DefaultAccountID = 99
		k.missing(k.db.UpdateUser(ctx, u, audited), "account")
	},
	"a new password ends the user's sessions and nobody else's": func(t *testing.T, k *kit) {
		ctx := t.Context()
		anna, bert := k.user("anna"), k.user("bert")
		k.ok(k.db.CreateSession(ctx, mailstead.Session{Hash: []byte("a"), UserID: anna.ID, CreatedAt: start, ExpiresAt: start.Add(time.Hour)}))
		k.ok(k.db.CreateSession(ctx, mailstead.Session{Hash: []byte("b"), UserID: bert.ID, CreatedAt: start, ExpiresAt: start.Add(time.Hour)}))
		k.ok(k.db.SetUserPassword(ctx, anna.ID, "new", audited))
		_, _, err := k.db.Session(ctx, []byte("a"))
		k.missing(err, "session")
		_, _, err = k.db.Session(ctx, []byte("b"))
		k.ok(err)
		_, hash, err := k.db.UserByEmail(ctx, anna.Email)
		k.ok(err)
		k.same("hash", hash, "new")
	},
	"a session knows its user and ends": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := k.user("anna")
		want := mailstead.Session{Hash: []byte{0, 1, 2}, UserID: u.ID, CreatedAt: start, ExpiresAt: start.Add(time.Hour)}
		k.ok(k.db.CreateSession(ctx, want))
		k.fails(k.db.CreateSession(ctx, want), mailstead.KindConflict, "session.exists")
		got, who, err := k.db.Session(ctx, want.Hash)
		k.ok(err)
		k.same("session", got, want)
		k.same("user", who, *u)
		k.ok(k.db.DeleteSession(ctx, want.Hash))
		k.missing(k.db.DeleteSession(ctx, want.Hash), "session")
	},
	"a session is extended, and all of a user end together": func(t *testing.T, k *kit) {
		ctx := t.Context()
		anna, bert := k.user("anna"), k.user("bert")
		for hash, u := range map[string]*mailstead.User{"a1": anna, "a2": anna, "b": bert} {
			k.ok(k.db.CreateSession(ctx, mailstead.Session{Hash: []byte(hash), UserID: u.ID, ExpiresAt: start}))
		}
		k.ok(k.db.TouchSession(ctx, []byte("a1"), start.Add(time.Hour)))
		got, _, err := k.db.Session(ctx, []byte("a1"))
		k.ok(err)
		k.same("end", got.ExpiresAt, start.Add(time.Hour))
		k.missing(k.db.TouchSession(ctx, []byte("c"), start), "session")
		anna.Disabled = true
		k.ok(k.db.UpdateUser(ctx, anna, audited))
		k.missing(k.db.DeleteSession(ctx, []byte("a1")), "session")
		k.missing(k.db.DeleteSession(ctx, []byte("a2")), "session")
		k.ok(k.db.DeleteSession(ctx, []byte("b")))
	},
	"only expired sessions are swept": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := k.user("anna")
		for hash, expires := range map[string]time.Time{"old": start.Add(-time.Second), "edge": start, "young": start.Add(time.Hour)} {
			k.ok(k.db.CreateSession(ctx, mailstead.Session{Hash: []byte(hash), UserID: u.ID, ExpiresAt: expires}))
		}
		k.ok(k.db.DeleteSessionsBefore(ctx, start))
		_, _, err := k.db.Session(ctx, []byte("old"))
		k.missing(err, "session")
		for _, hash := range []string{"edge", "young"} {
			_, _, err := k.db.Session(ctx, []byte(hash))
			k.ok(err)
		}
	},
	"a token is made, used and deleted by its user": func(t *testing.T, k *kit) {
		ctx := t.Context()
		anna, bert := k.user("anna"), k.user("bert")
		tok := &mailstead.Token{
			UserID: anna.ID, Name: "app", Scopes: []mailstead.Scope{mailstead.ScopeRead, mailstead.ScopeSend},
			Hash: []byte("hash"), ExpiresAt: start.Add(time.Hour),
		}
		k.ok(k.db.CreateToken(ctx, tok, audited))
		k.fails(k.db.CreateToken(ctx, &mailstead.Token{UserID: bert.ID, Hash: []byte("hash")}, audited), mailstead.KindConflict, "token.exists")
		k.ok(k.db.TouchToken(ctx, tok.ID, start.Add(time.Minute)))
		want := *tok
		want.CreatedAt, want.UsedAt = start, start.Add(time.Minute)
		got, who, err := k.db.TokenByHash(ctx, tok.Hash)
		k.ok(err)
		k.same("token", got, want)
		k.same("user", who.ID, anna.ID)
		list, err := k.db.Tokens(ctx, anna.ID)
		k.ok(err)
		k.same("tokens", list, []mailstead.Token{want})
		k.missing(k.db.DeleteToken(ctx, tok.ID, bert.ID, audited), "token")
		k.ok(k.db.DeleteToken(ctx, tok.ID, anna.ID, audited))
		_, _, err = k.db.TokenByHash(ctx, tok.Hash)
		k.missing(err, "token")
	},
	"profiles are named once and given to users": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := k.user("anna")
		sales, office := k.profile("sales"), k.profile("Office")
		k.fails(k.db.CreateProfile(ctx, &mailstead.Profile{Name: "sales"}, audited), mailstead.KindConflict, "profile.exists")
		list, err := k.db.Profiles(ctx)
		k.ok(err)
		k.same("profiles", list, []mailstead.Profile{*office, *sales})
		k.has(u, sales.ID, office.ID, sales.ID)
		wrong := *u
		wrong.ProfileIDs = []mailstead.ProfileID{99}
		k.missing(k.db.UpdateUser(ctx, &wrong, audited), "profile")
		got, err := k.db.User(ctx, u.ID)
		k.ok(err)
		k.same("profiles of the user", got.ProfileIDs, []mailstead.ProfileID{sales.ID, office.ID})
		k.has(u, office.ID)
		users, err := k.db.Users(ctx, 0, 10)
		k.ok(err)
		k.same("profiles of the user", users[0].ProfileIDs, []mailstead.ProfileID{office.ID})
	},
	"a deleted profile leaves users and accounts": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u, p, a := k.user("anna"), k.profile("sales"), k.account("shared", 0)
		k.has(u, p.ID)
		k.assign(mailstead.Assignment{AccountID: a.ID, ProfileID: p.ID})
		k.ok(k.db.DeleteProfile(ctx, p.ID, audited))
		got, err := k.db.User(ctx, u.ID)
		k.ok(err)
		k.same("profiles of the user", got.ProfileIDs, []mailstead.ProfileID(nil))
		list, err := k.db.Assignments(ctx, a.ID)
		k.ok(err)
		k.same("assignments", list, []mailstead.Assignment(nil))
		k.missing(k.db.DeleteProfile(ctx, p.ID, audited), "profile")
	},
	"what users and profiles were given is listed with the accounts, best first": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u, p := k.user("anna"), k.profile("sales")
		k.has(u, p.ID)
		late, early, same := k.account("late", 0), k.account("early", 0), k.account("alpha", 0)
		own := k.account("own", u.ID)
		k.assign(mailstead.Assignment{AccountID: late.ID, UserID: u.ID, Priority: 9})
		k.assign(mailstead.Assignment{AccountID: early.ID, UserID: u.ID, Priority: 2})
		k.assign(mailstead.Assignment{AccountID: same.ID, UserID: u.ID, Priority: 2, Rights: []mailstead.Right{mailstead.RightSend}})
		k.assign(mailstead.Assignment{AccountID: own.ID, ProfileID: p.ID})
		names := func(list []mailstead.Assigned, err error) (out []string) {
			t.Helper()
			k.ok(err)
			for _, as := range list {
				k.same("account of the assignment", as.Account.ID, as.AccountID)
				out = append(out, as.Account.Name)
			}
			return out
		}
		k.same("given to the user", names(k.db.AssignedAccounts(ctx, u.ID, 0)), []string{same.Name, early.Name, late.Name})
		k.same("given to the profile", names(k.db.AssignedAccounts(ctx, 0, p.ID)), []string{own.Name})
		list, err := k.db.AssignedAccounts(ctx, u.ID, 0)
		k.ok(err)
		k.same("rights", list[0].Rights, []mailstead.Right{mailstead.RightSend})
		k.same("given to another", names(k.db.AssignedAccounts(ctx, k.user("ben").ID, 0)), []string(nil))
		_, err = k.db.AssignedAccounts(ctx, 99, 0)
		k.missing(err, "user")
		_, err = k.db.AssignedAccounts(ctx, 0, 99)
		k.missing(err, "profile")
	},
	"what is missing is named": func(t *testing.T, k *kit) {
		ctx := t.Context()
		_, err := k.db.User(ctx, 9)
		k.missing(err, "user")
		_, _, err = k.db.UserByEmail(ctx, "nobody@example.com")
		k.missing(err, "user")
		k.missing(k.db.UpdateUser(ctx, &mailstead.User{ID: 9, Email: "x@example.com"}, audited), "user")
		k.missing(k.db.SetUserPassword(ctx, 9, "h", audited), "user")
		k.missing(k.db.CreateSession(ctx, mailstead.Session{Hash: []byte("h"), UserID: 9}), "user")
		k.missing(k.db.CreateToken(ctx, &mailstead.Token{UserID: 9, Hash: []byte("h")}, audited), "user")
		_, err = k.db.Tokens(ctx, 9)
		k.missing(err, "user")
		k.missing(k.db.TouchToken(ctx, 9, start), "token")
		k.missing(k.db.SetDefaultAccount(ctx, 9, 0, audited), "user")
	},
}
