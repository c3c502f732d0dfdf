package connect_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

func configured() *mailstead.ConfiguredSender {
	return &mailstead.ConfiguredSender{
		Server: mailstead.Server{Protocol: mailstead.SMTP, Host: "smtp.firm.example", Port: 587, Security: mailstead.SecurityStartTLS},
		Login:  "office", Password: mailstead.NewSecret("first secret"),
		From: mailstead.Address{Name: "The office", Address: "office@firm.example"},
	}
}

// The server of the configuration file is imported once, and what stands for the file
// follows it.
func TestConfigure(t *testing.T) {
	w := newImportWorld(t)
	configure := func(c *mailstead.ConfiguredSender) {
		t.Helper()
		if err := w.Configure(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	configure(nil)
	if len(w.store.accounts) != 0 || w.store.writes != 0 {
		t.Fatalf("without a server there are %d accounts", len(w.store.accounts))
	}
	configure(configured())
	standing, imported := w.store.accounts[1], w.store.accounts[2]
	if !standing.FromConfiguration() || imported.FromConfiguration() || imported.Name != connect.ImportedName || imported.Address != "office@firm.example" {
		t.Fatalf("stored %+v and %+v", standing, imported)
	}
	if as := w.store.steps[1].Assignments; len(as) != 1 || !as[0].System {
		t.Errorf("the imported account is not the system's: %+v", as)
	}
	for id := range w.store.accounts {
		if got := w.password(t, id, mailstead.SideOutgoing); got != "first secret" {
			t.Errorf("account %d has the password %q", id, got)
		}
	}
	writes := w.store.writes
	configure(configured())
	if len(w.store.accounts) != 2 || w.store.writes != writes {
		t.Errorf("the next start made %d accounts and wrote %d times", len(w.store.accounts), w.store.writes-writes)
	}

	changed := configured()
	changed.Server.Host, changed.Password = "mail.firm.example", mailstead.NewSecret("second secret")
	a := w.store.accounts[1]
	a.Outgoing.Health = mailstead.Health{State: mailstead.HealthTrouble, Code: "auth.refused"}
	w.store.accounts[1] = a
	configure(changed)
	if a := w.store.accounts[1]; a.Outgoing.Server.Host != "mail.firm.example" || a.Outgoing.Health.State != mailstead.HealthNew || w.password(t, 1, mailstead.SideOutgoing) != "second secret" {
		t.Errorf("the account did not follow the file: %+v", a.Outgoing)
	}
	if a := w.store.accounts[2]; a.Outgoing.Server.Host != "smtp.firm.example" || w.password(t, 2, mailstead.SideOutgoing) != "first secret" {
		t.Errorf("the imported account followed the file: %+v", a.Outgoing)
	}
	configure(nil)
	if w.store.accounts[1].Outgoing.Enabled {
		t.Error("a file without a server sends still")
	}
	configure(changed)
	if !w.store.accounts[1].Outgoing.Enabled || len(w.store.accounts) != 2 {
		t.Error("a server that comes back does not send")
	}
	if b, err := json.Marshal(w.store.audit); err != nil || strings.Contains(string(b), "secret\"") {
		t.Errorf("a password is in the audit: %s, %v", b, err)
	}
}

func TestImportedConfigurationLeavesTheSystemAccount(t *testing.T) {
	w := newImportWorld(t)
	w.store.steps = []mailstead.Connected{{Assignments: []mailstead.Assignment{{AccountID: 9, System: true}}}}
	if err := w.Configure(t.Context(), configured()); err != nil {
		t.Fatal(err)
	}
	if as := w.store.steps[2].Assignments; len(as) != 0 {
		t.Errorf("the system had an account, and got another one: %+v", as)
	}
}

func TestNobodyChangesWhatTheConfigurationSays(t *testing.T) {
	w := newImportWorld(t)
	if err := w.Configure(t.Context(), configured()); err != nil {
		t.Fatal(err)
	}
	name := "Mine"
	_, update := w.UpdateAccount(t.Context(), root, 1, connect.Changes{Name: &name})
	_, password := w.ChangePassword(t.Context(), root, 1, mailstead.NewSecret("right"), mailstead.Secret{})
	for what, err := range map[string]error{"update": update, "password": password, "delete": w.DeleteAccount(t.Context(), root, 1)} {
		if mailstead.CodeOf(err) != mailstead.CodeFromConfiguration {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.TestAccount(t.Context(), root, 1); err != nil {
		t.Errorf("it may be tested: %v", err)
	}
	if _, err := w.TestAccount(t.Context(), anna, 1); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("to a user it does not exist: %v", err)
	}
}

func TestCheckConfigured(t *testing.T) {
	from := mailstead.Address{Name: "The office", Address: "office@firm.example"}
	for name, c := range map[string]struct {
		server          string
		security        mailstead.Security
		login, password string
		from            mailstead.Address
		want, field     string
	}{
		"host":                  {"smtp.firm.example", "starttls", "office", "x", from, "smtp.firm.example:587:starttls", ""},
		"host and port":         {"smtp.firm.example:2525", "starttls", "", "", from, "smtp.firm.example:2525:starttls", ""},
		"TLS":                   {"smtp.firm.example", "tls", "", "", from, "smtp.firm.example:465:tls", ""},
		"URL":                   {"smtps://smtp.firm.example", "starttls", "", "", from, "smtp.firm.example:465:tls", ""},
		"no server":             {"not a host", "starttls", "", "", from, "", "server.host"},
		"automatic":             {"smtp.firm.example", "automatic", "", "", from, "", "server.security"},
		"login alone":           {"smtp.firm.example", "starttls", "office", "", from, "", "password"},
		"password alone":        {"smtp.firm.example", "starttls", "", "x", from, "", "login"},
		"password with a break": {"smtp.firm.example", "starttls", "office", "a\nb", from, "", "password"},
		"login with a break":    {"smtp.firm.example", "starttls", "a\nb", "x", from, "", "outgoing.login"},
		"no address":            {"smtp.firm.example", "starttls", "", "", mailstead.Address{}, "", "from"},
		"IMAP":                  {"imaps://imap.firm.example", "starttls", "", "", from, "", "outgoing.protocol"},
	} {
		t.Run(name, func(t *testing.T) {
			var password mailstead.Secret
			if c.password != "" {
				password = mailstead.NewSecret(c.password)
			}
			got, err := connect.CheckConfigured(c.server, c.security, c.login, password, c.from)
			var wrong *mailstead.Error
			if errors.As(err, &wrong) != (c.field != "") || wrong != nil && wrong.Field != c.field {
				t.Fatalf("got %v; want an error about %q", err, c.field)
			}
			if err == nil && got.Server.String() != c.want {
				t.Errorf("server %s; want %s", got.Server, c.want)
			}
		})
	}
}
