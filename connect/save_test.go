package connect_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

func TestSaveStoresEverythingInOneStep(t *testing.T) {
	w := newWorld(t)
	saved, err := w.Save(t.Context(), anna, request())
	if err != nil {
		t.Fatal(err)
	}
	if w.store.writes != 1 || len(w.store.steps) != 1 {
		t.Fatalf("%d writes, %d steps; want one of each", w.store.writes, len(w.store.steps))
	}
	step := w.store.steps[0]
	ok := mailstead.Health{State: mailstead.HealthOK, CheckedAt: testTime, SuccessAt: testTime}
	want := mailstead.Account{
		ID: 1, Key: step.Account.Key, OwnerID: 1, Name: "anna@firm.example", DisplayName: "Anna Rossi", Address: "anna@firm.example",
		Incoming: &mailstead.Side{
			Server: mailstead.Server{Protocol: mailstead.IMAP, Host: "imap.firm.example", Port: 993, Security: mailstead.SecurityTLS},
			Login:  "anna@firm.example", Enabled: true, Secret: mailstead.SecretBoth, Health: ok,
		},
		Outgoing: &mailstead.Side{
			Server: mailstead.Server{Protocol: mailstead.SMTP, Host: "smtp.firm.example", Port: 587, Security: mailstead.SecurityStartTLS},
			Login:  "anna@firm.example", Enabled: true, Secret: mailstead.SecretBoth, Health: ok,
		},
		LoadPeriod: mailstead.DefaultLoadPeriod, CreatedAt: testTime, UpdatedAt: testTime,
	}
	if diff := cmp.Diff(want, w.store.accounts[1]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, saved.Account); diff != "" {
		t.Error(diff)
	}
	if len(step.Account.Key) != 32 {
		t.Errorf("key %q", step.Account.Key)
	}
	if len(step.Secrets) != 1 || w.password(t, 1, mailstead.SideIncoming) != "right" || w.password(t, 1, mailstead.SideOutgoing) != "right" {
		t.Errorf("secrets: %d", len(step.Secrets))
	}
	if len(step.Events) != 1 || step.Events[0].Type != mailstead.EventAccountConnected || !step.Events[0].At.Equal(testTime) {
		t.Errorf("events: %v", step.Events)
	}
	if !slices.Equal(saved.Next, []string{connect.NextOpenMail, connect.NextMoreSettings}) || !saved.Result.OK {
		t.Errorf("next %v, OK %t", saved.Next, saved.Result.OK)
	}
	if !slices.Equal(w.connected, []mailstead.AccountID{1}) {
		t.Errorf("hook called for %v", w.connected)
	}
}

func TestAFailedTestStoresNothing(t *testing.T) {
	cases := []struct {
		name  string
		err   error
		kind  mailstead.Kind
		code  string
		field string
	}{
		{"wrong password", at(mailstead.StageLogin, mailstead.KindCredentials, "auth.bad_credentials"), mailstead.KindCredentials, "auth.bad_credentials", "password"},
		{"untrusted certificate", at(mailstead.StageTLS, mailstead.KindPermanent, "tls.untrusted"), mailstead.KindPermanent, "tls.untrusted", "incoming.host"},
		{"certificate of another name", at(mailstead.StageTLS, mailstead.KindPermanent, "tls.name_mismatch"), mailstead.KindPermanent, "tls.name_mismatch", "incoming.host"},
		{"guarded address", at(mailstead.StageTCP, mailstead.KindForbidden, "net.guarded"), mailstead.KindForbidden, "net.guarded", "incoming.host"},
		{"unknown host", at(mailstead.StageDNS, mailstead.KindPermanent, "dns.not_found"), mailstead.KindPermanent, "dns.not_found", "incoming.host"},
		{"closed port", at(mailstead.StageTCP, mailstead.KindTemporary, "net.refused"), mailstead.KindTemporary, "net.refused", "incoming.host"},
		{"STARTTLS missing", at(mailstead.StageGreeting, mailstead.KindPermanent, "tls.starttls_missing"), mailstead.KindPermanent, "tls.starttls_missing", "incoming.host"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.incoming.answer = func(context.Context, mailstead.Access) error { return c.err }
			saved, err := w.Save(t.Context(), anna, request())
			e, ok := err.(*mailstead.Error) //nolint:errorlint // the outermost error is what the door shows
			if !ok || e.Kind != c.kind || e.Code != c.code || e.Field != c.field || !strings.HasPrefix(e.Text, "It failed at") {
				t.Errorf("got %#v", err)
			}
			if saved.Result.OK || saved.Result.Incoming == nil || saved.Result.Incoming.OK || saved.Result.Outgoing == nil || !saved.Result.Outgoing.OK {
				t.Errorf("result %+v", saved.Result)
			}
			if w.store.writes != 0 || len(w.connected) != 0 {
				t.Errorf("%d writes after a failed test", w.store.writes)
			}
			if strings.Contains(err.Error(), "right") {
				t.Errorf("the error holds the password: %v", err)
			}
		})
	}
}

func TestAFailureOfTheOutgoingSideAloneStoresNothing(t *testing.T) {
	w := newWorld(t)
	w.outgoing.password = "another"
	_, err := w.Save(t.Context(), anna, request())
	if mailstead.CodeOf(err) != "auth.bad_credentials" || w.store.writes != 0 {
		t.Errorf("got %v, %d writes", err, w.store.writes)
	}
}

func TestHostileFields(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	cases := []struct {
		name   string
		change func(*connect.Request)
		field  string
	}{
		{"line break in the name", func(r *connect.Request) { r.Name = "a\r\nBcc: x@y.z" }, "name"},
		{"line break in the display name", func(r *connect.Request) { r.DisplayName = "Anna\nBcc: x@y.z" }, "display_name"},
		{"text that turns around", func(r *connect.Request) { r.DisplayName = "Anna\u202e" }, "display_name"},
		{"long display name", func(r *connect.Request) { r.DisplayName = long }, "display_name"},
		{"line break in the address", func(r *connect.Request) { r.Address = "anna@firm.example\r\nRCPT TO:<x@y.z>" }, "address"},
		{"two addresses", func(r *connect.Request) { r.Address = "anna@firm.example, x@y.z" }, "address"},
		{"no address", func(r *connect.Request) { r.Address = "" }, "address"},
		{"long note", func(r *connect.Request) { r.Note = long }, "note"},
		{"line break in the host", func(r *connect.Request) { r.Incoming.Text = "imap.firm.example\r\nA1 LOGOUT" }, "incoming.host"},
		{"NUL in the host", func(r *connect.Request) { r.Outgoing.Text = "smtp.firm.example\x00.evil.example" }, "outgoing.host"},
		{"a path in the host", func(r *connect.Request) { r.Incoming.Text = "imaps://imap.firm.example/x" }, "incoming.host"},
		{"a password in the host", func(r *connect.Request) { r.Incoming.Text = "imaps://a:b@imap.firm.example" }, "incoming.host"},
		{"another protocol", func(r *connect.Request) { r.Incoming.Text = "http://imap.firm.example" }, "incoming.host"},
		{"POP3 for outgoing", func(r *connect.Request) { r.Outgoing.Text = "pop3s://pop.firm.example" }, "outgoing.protocol"},
		{"SMTP for incoming", func(r *connect.Request) { r.Incoming.Text = "smtps://smtp.firm.example" }, "incoming.protocol"},
		{"a host of one label too long", func(r *connect.Request) { r.Incoming.Text = strings.Repeat("x", 64) + ".example" }, "incoming.host"},
		{"a port that is none", func(r *connect.Request) { r.Incoming.Text = "imap.firm.example:70000" }, "incoming.port"},
		{"a port below zero", func(r *connect.Request) { r.Outgoing.Port = -1 }, "outgoing.port"},
		{"a security that is none", func(r *connect.Request) { r.Incoming.Security = "ssl" }, "incoming.security"},
		{"a security inside the text", func(r *connect.Request) { r.Outgoing.Text = "smtp.firm.example:587:magic" }, "outgoing.security"},
		{"line break in the login", func(r *connect.Request) { r.Incoming.Login = "anna\r\nA2 DELETE x" }, "incoming.login"},
		{"NUL in the login", func(r *connect.Request) { r.Outgoing.Login = "anna\x00root" }, "outgoing.login"},
		{"long login", func(r *connect.Request) { r.Incoming.Login = long }, "incoming.login"},
		{"NUL in the password", func(r *connect.Request) { r.Password = mailstead.NewSecret("a\x00b") }, "password"},
		{"line break in the password", func(r *connect.Request) { r.Password = mailstead.NewSecret("a\r\nb") }, "password"},
		{"long password", func(r *connect.Request) { r.Password = mailstead.NewSecret(long) }, "password"},
		{"no password", func(r *connect.Request) { r.Password = mailstead.Secret{} }, "password"},
		{"line break in the outgoing password", func(r *connect.Request) { r.OutgoingPassword = mailstead.NewSecret("a\nb") }, "outgoing_password"},
		{"a load period that is none", func(r *connect.Request) { r.LoadPeriod = "days:-1" }, "load_period"},
		{"a provider that is none", func(r *connect.Request) { r.ProviderID = "nobody" }, "provider_id"},
		{"neither side", func(r *connect.Request) { r.SendOnly, r.ReceiveOnly = true, true }, "send_only"},
		{"a person and the organisation", func(r *connect.Request) { r.OwnerID, r.Organisation = 1, true }, "owner_id"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			r := request()
			c.change(&r)
			for name, try := range map[string]func() error{
				"Test": func() error { _, err := w.Test(t.Context(), root, r); return err },
				"Save": func() error { _, err := w.Save(t.Context(), root, r); return err },
			} {
				err := try()
				e, ok := err.(*mailstead.Error) //nolint:errorlint // the outermost error is what the door shows
				if !ok || e.Kind != mailstead.KindInvalid || e.Field != c.field {
					t.Errorf("%s: got %#v, want field %s", name, err, c.field)
				}
			}
			if n := len(w.incoming.calls) + len(w.outgoing.calls); n != 0 || w.store.writes != 0 {
				t.Errorf("%d servers were asked, %d writes", n, w.store.writes)
			}
		})
	}
}

func TestOwners(t *testing.T) {
	cases := []struct {
		name  string
		actor mailstead.Actor
		owner mailstead.UserID
		org   bool
		want  mailstead.UserID
		kind  mailstead.Kind
	}{
		{"oneself", anna, 0, false, 1, 0},
		{"oneself by id", anna, 1, false, 1, 0},
		{"somebody else", anna, 2, false, 0, mailstead.KindForbidden},
		{"the organisation by a user", anna, 0, true, 0, mailstead.KindForbidden},
		{"an administrator for somebody", root, 2, false, 2, 0},
		{"an administrator for himself", root, 0, false, 3, 0},
		{"an administrator for the organisation", root, 0, true, 0, 0},
		{"an administrator for nobody", root, 99, false, 0, mailstead.KindInvalid},
		{"the operator for the organisation", operator, 0, false, 0, 0},
		{"the operator for somebody", operator, 2, false, 2, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			r := request()
			r.OwnerID, r.Organisation = c.owner, c.org
			saved, err := w.Save(t.Context(), c.actor, r)
			if c.kind != 0 {
				if mailstead.KindOf(err) != c.kind || w.store.writes != 0 {
					t.Errorf("got %v, %d writes", err, w.store.writes)
				}
				return
			}
			if err != nil || saved.Account.OwnerID != c.want {
				t.Errorf("got owner %d, %v; want %d", saved.Account.OwnerID, err, c.want)
			}
		})
	}
}

func TestTheSameAddressTwice(t *testing.T) {
	w := newWorld(t)
	w.connect(t)
	r := request()
	r.Address = "anna@FIRM.example"
	if _, err := w.Save(t.Context(), anna, r); mailstead.KindOf(err) != mailstead.KindConflict || mailstead.CodeOf(err) != "account.exists" {
		t.Errorf("got %v", err)
	}
	if len(w.incoming.calls) != 0 {
		t.Error("the password was sent for an address that is connected already")
	}
	if _, err := w.Save(t.Context(), boris, request()); err != nil {
		t.Errorf("another owner: %v", err)
	}
}

func TestTheSameAddressTwiceAtOnce(t *testing.T) {
	w := newWorld(t)
	inside := make(chan struct{})
	leave := make(chan struct{})
	w.incoming.answer = func(context.Context, mailstead.Access) error {
		close(inside)
		<-leave
		return nil
	}
	first := make(chan error)
	go func() {
		_, err := w.Save(t.Context(), anna, request())
		first <- err
	}()
	<-inside
	if _, err := w.Save(t.Context(), anna, request()); mailstead.CodeOf(err) != "account.exists" {
		t.Errorf("second: %v", err)
	}
	close(leave)
	if err := <-first; err != nil || len(w.store.accounts) != 1 {
		t.Errorf("first: %v, %d accounts", err, len(w.store.accounts))
	}
}

func TestOneSidedAccounts(t *testing.T) {
	cases := []struct {
		name    string
		change  func(*connect.Request)
		in, out bool
	}{
		{"send only", func(r *connect.Request) { r.SendOnly = true }, false, true},
		{"receive only", func(r *connect.Request) { r.ReceiveOnly = true }, true, false},
		{"only an outgoing server is known", func(r *connect.Request) { r.Incoming = nil }, false, true},
		{"a provider that only sends", func(r *connect.Request) {
			r.ProviderID, r.Incoming, r.Outgoing = "sendgrid", nil, &connect.ServerInput{Login: "apikey"}
		}, false, true},
		{"send only with the outgoing password alone", func(r *connect.Request) {
			r.SendOnly, r.OutgoingPassword, r.Password = true, mailstead.NewSecret("right"), mailstead.Secret{}
		}, false, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			r := request()
			c.change(&r)
			saved, err := w.Save(t.Context(), anna, r)
			if err != nil {
				t.Fatal(err)
			}
			a := saved.Account
			if (a.Incoming != nil) != c.in || (a.Outgoing != nil) != c.out {
				t.Errorf("incoming %v, outgoing %v", a.Incoming, a.Outgoing)
			}
			if (saved.Result.Incoming != nil) != c.in || (saved.Result.Outgoing != nil) != c.out {
				t.Errorf("reports %+v", saved.Result)
			}
			side := mailstead.SideIncoming
			if c.out {
				side = mailstead.SideOutgoing
			}
			if a.Side(side).Secret != mailstead.SecretBoth || w.password(t, a.ID, side) != "right" {
				t.Errorf("secret %s", a.Side(side).Secret)
			}
			if slices.Contains(saved.Next, connect.NextOpenMail) != c.in {
				t.Errorf("next %v", saved.Next)
			}
		})
	}
}

func TestTwoPasswords(t *testing.T) {
	w := newWorld(t)
	w.outgoing.password = "other"
	r := request()
	r.OutgoingPassword = mailstead.NewSecret("other")
	saved, err := w.Save(t.Context(), anna, r)
	if err != nil {
		t.Fatal(err)
	}
	id := saved.Account.ID
	if in, out := w.password(t, id, mailstead.SideIncoming), w.password(t, id, mailstead.SideOutgoing); in != "right" || out != "other" {
		t.Errorf("passwords %q and %q", in, out)
	}
	if a := saved.Account; a.Incoming.Secret != mailstead.SecretIncoming || a.Outgoing.Secret != mailstead.SecretOutgoing || len(w.store.secrets[id]) != 2 {
		t.Errorf("secrets %s and %s", a.Incoming.Secret, a.Outgoing.Secret)
	}
}

func TestServersThatAreNotKnown(t *testing.T) {
	cases := []struct {
		name string
		r    connect.Request
		code string
	}{
		{"an unknown domain", connect.Request{Address: "a@firm.example"}, "input.server_needed"},
		{"a login without a server", connect.Request{Address: "a@firm.example", Incoming: &connect.ServerInput{Login: "x"}}, "input.server_needed"},
		{"a provider whose servers differ", connect.Request{Address: "a@firm.example", ProviderID: "workmail"}, "input.server_needed"},
		{"a provider that cannot be connected", connect.Request{Address: "a@tuta.com"}, "provider.unsupported"},
		{"a provider without passwords", connect.Request{Address: "a@outlook.com"}, "provider.oauth_only"},
		{"a provider without passwords, chosen", connect.Request{Address: "a@firm.example", ProviderID: "microsoft365"}, "provider.oauth_only"},
		{"a port that the provider does not have", connect.Request{Address: "a@gmail.com", Incoming: &connect.ServerInput{Port: 4444}}, "input.server_needed"},
		{"a login that does not follow from the address", connect.Request{Address: "a@firm.example", ProviderID: "postmark"}, "input.login_needed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.r.Password = mailstead.NewSecret("right")
			_, err := w.Test(t.Context(), anna, c.r)
			if mailstead.KindOf(err) != mailstead.KindInvalid || mailstead.CodeOf(err) != c.code {
				t.Errorf("got %v, want code %s", err, c.code)
			}
			if n := len(w.incoming.calls) + len(w.outgoing.calls); n != 0 {
				t.Errorf("%d servers were asked", n)
			}
		})
	}
}

func TestPlainConnections(t *testing.T) {
	plain := func() connect.Request {
		r := request()
		r.Incoming = &connect.ServerInput{Text: "imap.firm.example", Security: mailstead.SecurityNone}
		r.PlainReason = "the printer knows nothing else"
		return r
	}
	t.Run("forbidden by default", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.Save(t.Context(), root, plain())
		if mailstead.CodeOf(err) != "security.plain_forbidden" || len(w.incoming.calls) != 0 || len(w.outgoing.calls) != 0 {
			t.Errorf("got %v, %d calls", err, len(w.incoming.calls))
		}
	})
	allow := func(c *connect.Config) { c.AllowPlain = true }
	t.Run("needs a reason", func(t *testing.T) {
		w := newWorld(t, allow)
		r := plain()
		r.PlainReason = " "
		if _, err := w.Save(t.Context(), root, r); mailstead.CodeOf(err) != "input.reason_needed" || len(w.incoming.calls) != 0 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("is kept with its reason and teaches nothing", func(t *testing.T) {
		w := newWorld(t, allow)
		r := plain()
		r.Note = "Printer"
		saved, err := w.Save(t.Context(), anna, r)
		if err != nil {
			t.Fatal(err)
		}
		want := "Printer\n2026-11-22: imap.firm.example:143 is used without encryption: the printer knows nothing else"
		if saved.Account.Note != want {
			t.Errorf("note %q", saved.Account.Note)
		}
		if !w.incoming.calls[0].AllowPlain || w.outgoing.calls[0].AllowPlain {
			t.Error("AllowPlain is not set for the one server without encryption alone")
		}
		if len(w.store.domains) != 0 {
			t.Errorf("learned %v", w.store.domains)
		}
	})
	t.Run("automatic never ends there", func(t *testing.T) {
		w := newWorld(t, allow)
		w.incoming.fails(map[string]error{"imap.firm.example": at(mailstead.StageGreeting, mailstead.KindPermanent, "tls.starttls_missing")})
		r := plain()
		r.Incoming.Security = mailstead.SecurityAutomatic
		if _, err := w.Save(t.Context(), anna, r); err == nil {
			t.Error("saved")
		}
		for _, a := range w.incoming.calls {
			if a.AllowPlain || a.Server.Security == mailstead.SecurityNone {
				t.Errorf("tried %s", a.Server)
			}
		}
	})
}

func TestLearnedDomains(t *testing.T) {
	servers := func(d mailstead.Domain) mailstead.Domain {
		d.Name, d.Source = "firm.example", mailstead.DomainLearned
		d.Incoming = []mailstead.Server{{Protocol: mailstead.IMAP, Host: "imap.firm.example", Port: 993, Security: mailstead.SecurityTLS}}
		d.Outgoing = []mailstead.Server{{Protocol: mailstead.SMTP, Host: "smtp.firm.example", Port: 587, Security: mailstead.SecurityStartTLS}}
		return d
	}
	email := servers(mailstead.Domain{Username: mailstead.UsernameEmail})
	local := servers(mailstead.Domain{Username: mailstead.UsernameLocal})
	custom := servers(mailstead.Domain{Username: mailstead.UsernameCustom})
	cases := []struct {
		name   string
		change func(*connect.Request)
		want   *mailstead.Domain
	}{
		{"servers typed by hand", func(*connect.Request) {}, &email},
		{"with the local part as login", func(r *connect.Request) { r.Incoming.Login, r.Outgoing.Login = "anna", "anna" }, &local},
		{"with a login of its own", func(r *connect.Request) { r.Incoming.Login = "a77" }, &custom},
		{
			"a provider chosen by hand",
			func(r *connect.Request) { r.Incoming, r.Outgoing, r.ProviderID = nil, nil, "google-workspace" },
			&mailstead.Domain{Name: "firm.example", Source: mailstead.DomainLearned, ProviderID: "google-workspace"},
		},
		{"half an account", func(r *connect.Request) { r.SendOnly = true }, nil},
		{"a public domain", func(r *connect.Request) { r.Address = "anna@gmail.com" }, nil},
		{"an internet provider's domain", func(r *connect.Request) { r.Address = "anna@tiscali.it" }, nil},
		{"a domain that an administrator set", func(r *connect.Request) { r.Address = "anna@set.example" }, nil},
		{"a domain that a colleague taught", func(r *connect.Request) { r.Address = "anna@taught.example" }, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.store.domains["set.example"] = mailstead.Domain{Name: "set.example", Source: mailstead.DomainAdministrator, ProviderID: "ovh"}
			w.store.domains["taught.example"] = mailstead.Domain{Name: "taught.example", Source: mailstead.DomainLearned, ProviderID: "ovh"}
			r := request()
			c.change(&r)
			if _, err := w.Save(t.Context(), anna, r); err != nil {
				t.Fatal(err)
			}
			if c.want != nil {
				c.want.LearnedBy, c.want.LearnedAt = anna.User.ID, testTime
			}
			if diff := cmp.Diff(c.want, w.store.steps[0].Learned); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestServersOfTheTableOfDomains(t *testing.T) {
	w := newWorld(t)
	w.store.domains["firm.example"] = mailstead.Domain{
		Name: "firm.example", Source: mailstead.DomainAdministrator, Username: mailstead.UsernameLocal,
		Incoming: []mailstead.Server{{Protocol: mailstead.IMAP, Host: "in.firm.example", Port: 993, Security: mailstead.SecurityTLS}},
		Outgoing: []mailstead.Server{{Protocol: mailstead.SMTP, Host: "out.firm.example", Port: 465, Security: mailstead.SecurityTLS}},
	}
	saved, err := w.Save(t.Context(), anna, connect.Request{Address: "anna@firm.example", Password: mailstead.NewSecret("right")})
	if err != nil {
		t.Fatal(err)
	}
	if a := saved.Account; a.Incoming.Server.Host != "in.firm.example" || a.Outgoing.Server.Host != "out.firm.example" || a.Incoming.Login != "anna" || a.ProviderID != "" {
		t.Errorf("got %+v %+v", a.Incoming, a.Outgoing)
	}
}

func TestTheProviderIsThatOfTheServers(t *testing.T) {
	cases := []struct {
		name   string
		change func(*connect.Request)
		want   mailstead.ProviderID
	}{
		{"chosen", func(r *connect.Request) { r.ProviderID, r.Incoming, r.Outgoing = "google-workspace", nil, nil }, "google-workspace"},
		{"typed", func(r *connect.Request) { r.Incoming.Text, r.Outgoing.Text = "imap.gmail.com", "smtp.gmail.com" }, "gmail"},
		{"chosen but typed otherwise", func(r *connect.Request) { r.ProviderID = "gmail" }, ""},
		{"mixed", func(r *connect.Request) { r.Incoming.Text = "imap.gmail.com" }, ""},
	}
	for _, c := range cases {
		w := newWorld(t)
		r := request()
		c.change(&r)
		saved, err := w.Save(t.Context(), anna, r)
		if err != nil || saved.Account.ProviderID != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.name, saved.Account.ProviderID, err, c.want)
		}
	}
}
