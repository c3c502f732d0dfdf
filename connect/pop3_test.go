package connect_test

import (
	"slices"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/importer"
)

func pop(host string, port int, security mailstead.Security) mailstead.Server {
	return mailstead.Server{Protocol: mailstead.POP3, Host: host, Port: port, Security: security}
}

func TestPOP3IsChosenByHand(t *testing.T) {
	for name, in := range map[string]connect.ServerInput{
		"a choice":        {Text: "mail.firm.example", Protocol: mailstead.POP3, Security: mailstead.SecurityTLS},
		"a URL":           {Text: "pop3s://mail.firm.example"},
		"a URL over IMAP": {Text: "pop3s://mail.firm.example", Protocol: mailstead.IMAP},
		"found out":       {Text: "mail.firm.example", Protocol: mailstead.POP3},
	} {
		w := newWorld(t)
		r := request()
		r.Incoming = &in
		saved, err := w.Save(t.Context(), anna, r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, want := saved.Account.Incoming.Server, pop("mail.firm.example", 995, mailstead.SecurityTLS); got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
		if saved.Result.Incoming.Protocol != mailstead.POP3 {
			t.Errorf("%s: got a report of %s", name, saved.Result.Incoming.Protocol)
		}
	}
}

func TestPOP3FallsToSTLSOnItsOwnPort(t *testing.T) {
	w := newWorld(t)
	w.incoming.fails(map[string]error{"mail.firm.example:995:tls": at(mailstead.StageTCP, mailstead.KindTemporary, "net.refused")})
	r := request()
	r.Incoming = &connect.ServerInput{Text: "mail.firm.example", Protocol: mailstead.POP3}
	saved, err := w.Save(t.Context(), anna, r)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := saved.Account.Incoming.Server, pop("mail.firm.example", 110, mailstead.SecurityStartTLS); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAKnownServiceIsReadByIMAPUnlessAskedFor(t *testing.T) {
	w := newWorld(t)
	w.incoming.answer = nil
	w.incoming.fails(map[string]error{"imap.gmx.net:993:tls": at(mailstead.StageTCP, mailstead.KindTemporary, "net.refused")})
	r := connect.Request{Address: "anna@gmx.de", Password: mailstead.NewSecret("right")}
	if _, err := w.Test(t.Context(), anna, r); err != nil {
		t.Fatal(err)
	}
	if tried := w.incoming.servers(); slices.ContainsFunc(tried, func(s string) bool { return s == "pop.gmx.net:995:tls" }) {
		t.Errorf("tried %v: a server that does not answer by IMAP is no reason to read by POP3", tried)
	}
	r.Incoming = &connect.ServerInput{Protocol: mailstead.POP3}
	saved, err := w.Save(t.Context(), anna, r)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := saved.Account.Incoming.Server, pop("pop.gmx.net", 995, mailstead.SecurityTLS); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestADomainWithPOP3AloneWorks(t *testing.T) {
	w := newWorld(t)
	server := pop("pop.old.example", 995, mailstead.SecurityTLS)
	w.store.domains["old.example"] = mailstead.Domain{
		Name: "old.example", Source: mailstead.DomainAdministrator, Incoming: []mailstead.Server{server},
		Outgoing: []mailstead.Server{{Protocol: mailstead.SMTP, Host: "smtp.old.example", Port: 465, Security: mailstead.SecurityTLS}},
	}
	saved, err := w.Save(t.Context(), anna, connect.Request{Address: "anna@old.example", Password: mailstead.NewSecret("right")})
	if err != nil || saved.Account.Incoming.Server != server {
		t.Errorf("got %+v, %v", saved.Account.Incoming, err)
	}
}

func TestAnAccountKeepsItsProtocol(t *testing.T) {
	w := newWorld(t)
	r := request()
	r.Incoming = &connect.ServerInput{Text: "pop3s://mail.firm.example"}
	saved, err := w.Save(t.Context(), anna, r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.UpdateAccount(t.Context(), anna, saved.Account.ID, connect.Changes{
		Password: mailstead.NewSecret("right"), Incoming: &connect.ServerInput{Text: "new.firm.example", Security: mailstead.SecurityTLS},
	})
	if err != nil {
		t.Fatal(err)
	}
	if server, want := got.Account.Incoming.Server, pop("new.firm.example", 995, mailstead.SecurityTLS); server != want {
		t.Errorf("another host: got %+v, want %+v", server, want)
	}
	got, err = w.UpdateAccount(t.Context(), anna, saved.Account.ID, connect.Changes{
		Password: mailstead.NewSecret("right"), Incoming: &connect.ServerInput{Protocol: mailstead.IMAP},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := mailstead.Server{Protocol: mailstead.IMAP, Host: "new.firm.example", Port: 993, Security: mailstead.SecurityTLS}
	if server := got.Account.Incoming.Server; server != want {
		t.Errorf("another protocol: got %+v, want %+v", server, want)
	}
}

func TestPOP3AccountsAreImported(t *testing.T) {
	w := newImportWorld(t)
	prefs := `user_pref("mail.accountmanager.accounts", "account1");
user_pref("mail.account.account1.server", "server1");
user_pref("mail.account.account1.identities", "id1");
user_pref("mail.identity.id1.useremail", "anna@old.example");
user_pref("mail.server.server1.type", "pop3");
user_pref("mail.server.server1.hostname", "pop.old.example");
user_pref("mail.server.server1.userName", "anna");
user_pref("mail.server.server1.socketType", 3);
`
	report, err := w.Import(t.Context(), root, connect.ImportRequest{Content: []byte(prefs), Format: importer.Auto})
	if err != nil || len(report.Items) != 1 || report.Items[0].Outcome != connect.ImportNeedsPassword {
		t.Fatalf("got %+v, %v", report, err)
	}
	a := w.store.accounts[report.Items[0].AccountID]
	if a.Incoming == nil || a.Incoming.Server != pop("pop.old.example", 995, mailstead.SecurityTLS) || a.Incoming.Login != "anna" {
		t.Errorf("got %+v", a.Incoming)
	}
}
