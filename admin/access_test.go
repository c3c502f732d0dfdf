package admin_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

func TestAssignments(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.person(t, "anna@firm.example", mailstead.RoleUser)
	boris := w.person(t, "boris@firm.example", mailstead.RoleUser)
	root := w.person(t, "root@firm.example", mailstead.RoleAdmin)
	profile, err := w.CreateProfile(ctx, root, "Sales")
	if err != nil {
		t.Fatal(err)
	}
	account := w.account(t, anna.User.ID, mailstead.SideIncoming, mailstead.SideOutgoing)
	read := []mailstead.Right{mailstead.RightRead}
	for _, c := range []struct {
		name string
		a    mailstead.Assignment
		want mailstead.Kind
	}{
		{"to nobody", mailstead.Assignment{AccountID: account, Rights: read}, mailstead.KindInvalid},
		{"to two", mailstead.Assignment{AccountID: account, UserID: boris.User.ID, ProfileID: profile.ID, Rights: read}, mailstead.KindInvalid},
		{"to the system", mailstead.Assignment{AccountID: account, System: true, Rights: read}, mailstead.KindInvalid},
		{"without rights", mailstead.Assignment{AccountID: account, UserID: boris.User.ID}, mailstead.KindInvalid},
		{"with a right that is none", mailstead.Assignment{AccountID: account, UserID: boris.User.ID, Rights: []mailstead.Right{"own"}}, mailstead.KindInvalid},
		{"with a priority below zero", mailstead.Assignment{AccountID: account, UserID: boris.User.ID, Rights: read, Priority: -1}, mailstead.KindInvalid},
		{"of an account that is none", mailstead.Assignment{AccountID: 99, UserID: boris.User.ID, Rights: read}, mailstead.KindInvalid},
		{"to a user that is none", mailstead.Assignment{AccountID: account, UserID: 99, Rights: read}, mailstead.KindInvalid},
		{"to a profile that is none", mailstead.Assignment{AccountID: account, ProfileID: 99, Rights: read}, mailstead.KindInvalid},
		{"to a profile", mailstead.Assignment{AccountID: account, ProfileID: profile.ID, Rights: read, Priority: 10}, 0},
		{"to a user", mailstead.Assignment{AccountID: account, UserID: boris.User.ID, Rights: []mailstead.Right{"send", "read", "send"}}, 0},
		{"twice", mailstead.Assignment{AccountID: account, UserID: boris.User.ID, Rights: read}, mailstead.KindConflict},
	} {
		_, err := w.Assign(ctx, root, c.a)
		wantKind(t, c.name, err, c.want)
	}
	list, err := w.Assignments(ctx, anna, account)
	if err != nil || len(list) != 2 {
		t.Fatalf("the owner sees %d assignments, %v", len(list), err)
	}
	if diff := cmp.Diff([]mailstead.Right{mailstead.RightRead, mailstead.RightSend}, list[1].Rights); diff != "" {
		t.Error(diff)
	}
	_, err = w.Assignments(ctx, boris, account)
	wantKind(t, "who may not manage it", err, mailstead.KindNotFound)
	wantKind(t, "a user takes one away", w.DeleteAssignment(ctx, anna, list[0].ID), mailstead.KindForbidden)
	wantKind(t, "an administrator takes one away", w.DeleteAssignment(ctx, root, list[0].ID), 0)
	wantKind(t, "again", w.DeleteAssignment(ctx, root, list[0].ID), mailstead.KindNotFound)
}

func TestSystemAccount(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	both := w.account(t, 0, mailstead.SideIncoming, mailstead.SideOutgoing)
	second := w.account(t, 0, mailstead.SideOutgoing)
	receives := w.account(t, 0, mailstead.SideIncoming)
	for _, c := range []struct {
		name string
		id   mailstead.AccountID
		want mailstead.Kind
	}{
		{"one", both, 0},
		{"another in its place", second, 0},
		{"one that only receives", receives, mailstead.KindInvalid},
		{"one that is none", 99, mailstead.KindInvalid},
	} {
		wantKind(t, c.name, w.SetSystemAccount(ctx, operator, c.id), c.want)
	}
	for id, want := range map[mailstead.AccountID]int{both: 0, second: 1} {
		if list, err := w.Assignments(ctx, operator, id); err != nil || len(list) != want {
			t.Errorf("account %d has %d assignments, %v; want %d", id, len(list), err, want)
		}
	}
	wantKind(t, "none", w.SetSystemAccount(ctx, operator, 0), 0)
	if list, _ := w.Assignments(ctx, operator, second); len(list) != 0 {
		t.Error("there is still a system account")
	}
}

func TestProfiles(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if _, err := w.CreateProfile(ctx, operator, " Sales "); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]mailstead.Kind{
		"Sales": mailstead.KindConflict, "": mailstead.KindInvalid, "a\nb": mailstead.KindInvalid, strings.Repeat("x", 201): mailstead.KindInvalid,
	} {
		_, err := w.CreateProfile(ctx, operator, name)
		wantKind(t, name, err, want)
	}
	list, err := w.Profiles(ctx, operator)
	if err != nil || len(list) != 1 || list[0].Name != "Sales" {
		t.Fatalf("got %v, %v", list, err)
	}
	wantKind(t, "delete", w.DeleteProfile(ctx, operator, list[0].ID), 0)
	wantKind(t, "delete again", w.DeleteProfile(ctx, operator, list[0].ID), mailstead.KindNotFound)
}

func TestDomains(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	in := func(host string, s mailstead.Security) []mailstead.Server {
		return []mailstead.Server{{Protocol: mailstead.IMAP, Host: host, Port: 993, Security: s}}
	}
	for _, c := range []struct {
		name string
		d    mailstead.Domain
		want mailstead.Kind
	}{
		{"a provider", mailstead.Domain{Name: "Firm.Example", ProviderID: "gmail", Source: mailstead.DomainLearned, Username: "local"}, 0},
		{"servers", mailstead.Domain{Name: "пример.рф", Incoming: in("IMAP.firm.example", mailstead.SecurityTLS)}, 0},
		{"neither", mailstead.Domain{Name: "x.example"}, mailstead.KindInvalid},
		{"both", mailstead.Domain{Name: "x.example", ProviderID: "gmail", Incoming: in("a.example", mailstead.SecurityTLS)}, mailstead.KindInvalid},
		{"a provider that is none", mailstead.Domain{Name: "x.example", ProviderID: "nobody"}, mailstead.KindInvalid},
		{"no encryption", mailstead.Domain{Name: "x.example", Incoming: in("a.example", mailstead.SecurityNone)}, mailstead.KindInvalid},
		{"automatic", mailstead.Domain{Name: "x.example", Incoming: in("a.example", mailstead.SecurityAutomatic)}, mailstead.KindInvalid},
		{"a hostile host", mailstead.Domain{Name: "x.example", Incoming: in("a.example\r\nx", mailstead.SecurityTLS)}, mailstead.KindInvalid},
		{"IMAP for sending", mailstead.Domain{Name: "x.example", Outgoing: in("a.example", mailstead.SecurityTLS)}, mailstead.KindInvalid},
		{"a user name that is none", mailstead.Domain{Name: "x.example", Username: "any", Incoming: in("a.example", mailstead.SecurityTLS)}, mailstead.KindInvalid},
		{"an address", mailstead.Domain{Name: "anna@x.example", ProviderID: "gmail"}, mailstead.KindInvalid},
		{"no name", mailstead.Domain{ProviderID: "gmail"}, mailstead.KindInvalid},
		{"a hostile name", mailstead.Domain{Name: "x.example\r\ny.example", ProviderID: "gmail"}, mailstead.KindInvalid},
	} {
		_, err := w.PutDomain(ctx, operator, c.d, time.Time{})
		wantKind(t, c.name, err, c.want)
	}
	want := []mailstead.Domain{
		{Name: "firm.example", ProviderID: "gmail", Source: mailstead.DomainAdministrator},
		{
			Name: "xn--e1afmkfd.xn--p1ai", Source: mailstead.DomainAdministrator, Username: mailstead.UsernameEmail,
			Incoming: in("imap.firm.example", mailstead.SecurityTLS),
		},
	}
	got, err := w.Domains(ctx, operator, mailstead.DomainQuery{})
	for i := range got {
		if !got[i].UpdatedAt.Equal(w.now) {
			t.Errorf("%s has the version %v", got[i].Name, got[i].UpdatedAt)
		}
		got[i].UpdatedAt = time.Time{}
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	wantKind(t, "delete", w.DeleteDomain(ctx, operator, "Пример.рф"), 0)
	wantKind(t, "delete again", w.DeleteDomain(ctx, operator, "пример.рф"), mailstead.KindNotFound)
}

func TestAdministrationIsForAdministrators(t *testing.T) {
	w := newWorld(t)
	anna := w.person(t, "anna@firm.example", mailstead.RoleUser)
	root := w.person(t, "root@firm.example", mailstead.RoleAdmin)
	account := w.account(t, root.User.ID, mailstead.SideOutgoing)
	narrow := root
	narrow.Scopes = []mailstead.Scope{mailstead.ScopeRead, mailstead.ScopeAccounts}
	off := root
	off.User.Disabled = true
	actions := map[string]func(context.Context, mailstead.Actor) error{
		"CreateUser": func(ctx context.Context, a mailstead.Actor) error {
			_, err := w.CreateUser(ctx, a, mailstead.User{Email: "x@firm.example"}, mailstead.Secret{})
			return err
		},
		"Users":         func(ctx context.Context, a mailstead.Actor) error { _, err := w.Users(ctx, a, 0, 1); return err },
		"CreateProfile": func(ctx context.Context, a mailstead.Actor) error { _, err := w.CreateProfile(ctx, a, "x"); return err },
		"Profiles":      func(ctx context.Context, a mailstead.Actor) error { _, err := w.Profiles(ctx, a); return err },
		"DeleteProfile": func(ctx context.Context, a mailstead.Actor) error { return w.DeleteProfile(ctx, a, 1) },
		"Assign": func(ctx context.Context, a mailstead.Actor) error {
			_, err := w.Assign(ctx, a, mailstead.Assignment{AccountID: account, UserID: anna.User.ID, Rights: []mailstead.Right{mailstead.RightRead}})
			return err
		},
		"DeleteAssignment": func(ctx context.Context, a mailstead.Actor) error { return w.DeleteAssignment(ctx, a, 1) },
		"SetSystemAccount": func(ctx context.Context, a mailstead.Actor) error { return w.SetSystemAccount(ctx, a, account) },
		"Domains": func(ctx context.Context, a mailstead.Actor) error {
			_, err := w.Domains(ctx, a, mailstead.DomainQuery{})
			return err
		},
		"Domain": func(ctx context.Context, a mailstead.Actor) error {
			_, err := w.Domain(ctx, a, "x.example")
			return err
		},
		"ApproveDomain": func(ctx context.Context, a mailstead.Actor) error {
			_, err := w.ApproveDomain(ctx, a, "x.example", time.Time{})
			return err
		},
		"RejectDomain": func(ctx context.Context, a mailstead.Actor) error {
			_, err := w.RejectDomain(ctx, a, "x.example", time.Time{})
			return err
		},
		"Providers": func(ctx context.Context, a mailstead.Actor) error { _, err := w.Providers(ctx, a, true); return err },
		"CreateProvider": func(ctx context.Context, a mailstead.Actor) error {
			_, err := w.CreateProvider(ctx, a, "gmail", admin.ProviderChanges{})
			return err
		},
		"UpdateProvider": func(ctx context.Context, a mailstead.Actor) error {
			_, err := w.UpdateProvider(ctx, a, "own-x", admin.ProviderChanges{})
			return err
		},
		"HideProvider": func(ctx context.Context, a mailstead.Actor) error {
			_, err := w.HideProvider(ctx, a, "gmail", true)
			return err
		},
		"DeleteProvider": func(ctx context.Context, a mailstead.Actor) error { return w.DeleteProvider(ctx, a, "own-x") },
		"PutDomain": func(ctx context.Context, a mailstead.Actor) error {
			_, err := w.PutDomain(ctx, a, mailstead.Domain{Name: "x.example", ProviderID: "gmail"}, time.Time{})
			return err
		},
		"DeleteDomain": func(ctx context.Context, a mailstead.Actor) error { return w.DeleteDomain(ctx, a, "x.example") },
	}
	for name, do := range actions {
		wantKind(t, name+" by nobody", do(t.Context(), mailstead.Actor{}), mailstead.KindUnauthenticated)
		wantKind(t, name+" by a user", do(t.Context(), anna), mailstead.KindForbidden)
		wantKind(t, name+" by an administrator's narrow token", do(t.Context(), narrow), mailstead.KindForbidden)
		wantKind(t, name+" by an administrator who is switched off", do(t.Context(), off), mailstead.KindUnauthenticated)
	}
	for _, a := range []mailstead.Actor{anna, root, operator} {
		if list, err := w.Providers(t.Context(), a, false); err != nil || len(list) < 130 {
			t.Errorf("%d providers, %v", len(list), err)
		}
	}
	_, err := w.Providers(t.Context(), mailstead.Actor{}, false)
	wantKind(t, "Providers by nobody", err, mailstead.KindUnauthenticated)
}
