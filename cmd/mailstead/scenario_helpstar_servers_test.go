//go:build realservers

package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/mailtest"
)

// helpstar is a help desk whose reps have mailboxes on two mail servers.
type helpstar struct {
	*scenario
	north, south *mailtest.Servers
}

// TestScenarioHelpSTAR is a help desk: two mail servers by their names (H5, H7, H20),
// the accounts of the reps on them, entered by the administrator when the rep was added
// (H17), by the rep in the own options (H10) and by the administrator afterwards (H16);
// by POP3 and by IMAP (H8), so that reps read the inbox (H2) and answer while they update
// requests, each from the own local account (H3).
func TestScenarioHelpSTAR(t *testing.T) {
	t.Parallel()
	ca := mailtest.NewCA(t)
	desk := func(domain string, pop3 bool, names ...string) *mailtest.Servers {
		var users []mailtest.User
		for _, name := range names {
			users = append(users, mailtest.User{Address: name + "@" + domain, Password: name + "'s secret at " + domain})
		}
		return mailtest.Stack(t, mailtest.DovecotOptions{CA: ca, Users: users, POP3: pop3}, mailtest.PostfixOptions{})
	}
	h := &helpstar{
		north: desk("north.example", false, "rita", "tom", "customer"),
		south: desk("south.example", true, "sven", "rita", "customer"),
	}
	h.scenario = newUnknowing(t, h.north)
	h.configureServers()

	rita, sven, tom := h.rita(), h.sven(), h.tom()
	h.inbox(rita, sven, tom)
	h.answersByApplication(rita, sven)
}

// configureServers is the window of mail server settings.
func (h *helpstar) configureServers() {
	h.t.Helper()
	h.step("H4, H5, H6, H7: the administrator configures two servers, each by a name of its own")
	h.provider("North", h.north, "domains", []string{"north.example"})
	h.step("H8, H20: configuration name, server type POP3/SMTP, servers, ports and the login by the mail address")
	south := h.provider("South", h.south, "domains", []string{"south.example"},
		"incoming", []mailstead.Server{h.south.Dovecot.POP3(mailstead.SecurityTLS)}, "username", map[string]any{"pop3": "email", "smtp": "email"})
	if south.Incoming[0].Protocol != mailstead.POP3 {
		h.t.Errorf("the server by POP3: %+v", south)
	}
	h.refuses(http.MethodPost, "/providers", map[string]any{
		"name": "North", "outgoing": []any{map[string]any{"host": "smtp.example.com"}},
	}, http.StatusConflict, "provider.exists")
	h.recognises(h.service, "anybody@north.example", "administrator", "North")
	h.recognises(h.service, "anybody@south.example", "administrator", "South")
}

// rep is a person of the help desk with a local account, and where that is.
type rep struct {
	user    mailstead.User
	by      *service
	account mailstead.Account
	at      *mailtest.Servers
}

// rita's account is entered when the administrator adds her.
func (h *helpstar) rita() rep {
	h.t.Helper()
	h.step("H17: the administrator adds a rep, and her account with her")
	user := h.person("Rita")
	a := h.connects(h.service, h.north.Dovecot, "rita@north.example", "owner_id", user.ID, "display_name", "Rita, help desk").Account
	if a.OwnerID != user.ID || a.Incoming.Server.Protocol != mailstead.IMAP {
		h.t.Errorf("Rita's account: %+v", a)
	}
	return rep{user, h.as(user), a, h.north}
}

// sven enters his account himself.
func (h *helpstar) sven() rep {
	h.t.Helper()
	h.step("H10: a rep stores user name and password in the own options; the server reads by POP3")
	user := h.person("Sven")
	by := h.as(user)
	a := h.connects(by, h.south.Dovecot, "sven@south.example").Account
	if a.OwnerID != user.ID || a.Incoming.Server.Protocol != mailstead.POP3 {
		h.t.Errorf("Sven's account: %+v", a)
	}
	return rep{user, by, a, h.south}
}

// tom's account is entered by the administrator after the servers and the rep are
// there.
func (h *helpstar) tom() rep {
	h.t.Helper()
	h.step("H16, H18: the administrator enters the local account of a rep who is there already")
	user := h.person("Tom")
	a := call[mailstead.Account](h.service, http.MethodPost, "/accounts", map[string]any{"name": "Tom", "address": "tom@north.example", "owner_id": user.ID})
	path := "/accounts/" + a.ID.String()
	in := map[string]any{
		"incoming": server(h.north.Dovecot.IMAP(mailstead.SecurityTLS)), "outgoing": server(h.north.Postfix.SMTP(mailstead.SecurityTLS)),
	}
	h.refuses(http.MethodPatch, path, with(in, "password", "not his"), http.StatusUnprocessableEntity, "auth.bad_credentials")
	a = call[api.SavedAccount](h.service, http.MethodPatch, path, with(in, "password", passwordAt(h.t, h.north.Dovecot, "tom@north.example"))).Account
	if a.ProviderID != "own-north" {
		h.t.Errorf("the servers of Tom's account belong to %q", a.ProviderID)
	}
	return rep{user, h.as(user), a, h.north}
}

// inbox has each rep read a mail of a customer and answer it.
func (h *helpstar) inbox(reps ...rep) {
	h.t.Helper()
	for _, r := range reps {
		h.step("H2: " + r.user.Name + " reads the inbox, H3: and answers from the own local account")
		request := h.request(r)
		h.answers(r, r.by, request, nil)
	}
	h.step("H1: a rep reads no mail of another")
	reps[0].by.refuses(http.MethodGet, "/accounts/"+reps[1].account.ID.String()+"/messages", nil, http.StatusNotFound, "")

	h.step("H5: a rep with accounts on both servers answers from the one that the mail came to")
	rita := reps[0]
	rita.account, rita.at = h.connects(rita.by, h.south.Dovecot, "rita@south.example").Account, h.south
	h.answers(rita, rita.by, h.request(rita), nil)
	rita.account, rita.at = reps[0].account, h.north
	h.answers(rita, rita.by, h.request(rita), nil)
}

// request is a mail of a customer to a rep's account, as Mailstead has it.
func (h *helpstar) request(r rep) mailstead.Message {
	h.t.Helper()
	domain := mailstead.DomainOf(r.account.Address)
	subject := "It does not print, " + r.account.Address
	r.at.Dovecot.Deliver(r.account.Address, "INBOX", fmt.Appendf(nil, "From: A customer <customer@%s>\r\nTo: <%s>\r\nSubject: %s\r\n\r\nHelp!\r\n", domain, r.account.Address, subject))
	var found mailstead.Message
	path := "/accounts/" + r.account.ID.String()
	call[any](r.by, http.MethodPost, path+"/sync", nil)
	mailtest.Await(h.t, "the request stands in the inbox of "+r.account.Address, func() bool {
		items := call[list[mailstead.Message]](r.by, http.MethodGet, path+"/messages?limit=1", nil).Items
		if len(items) == 1 && items[0].Subject == subject {
			found = items[0]
		}
		return found.ID != 0
	})
	return found
}

// answers has a rep, or an application for the rep, answer a request, and looks at the
// customer's mailbox who it came from.
func (h *helpstar) answers(r rep, by *service, request mailstead.Message, more map[string]any) {
	h.t.Helper()
	draft := call[map[string]any](by, http.MethodGet, "/messages/"+request.ID.String()+"/draft?kind=reply", nil)
	draft["text"] = "We are at it. " + fmt.Sprint(draft["text"])
	for name, value := range more {
		draft[name] = value
	}
	m := h.accepted(by, call[mailstead.OutgoingMessage](by, http.MethodPost, "/outbox", draft))
	if m.AccountID != r.account.ID || m.Reason.Address != r.account.Address {
		h.t.Errorf("the answer of %s went through %s", r.account.Address, m.Reason.Address)
	}
	from := h.arrives(r.at.Dovecot, "customer@"+mailstead.DomainOf(r.account.Address), m.InternetMessageID)
	if !strings.Contains(from, r.account.Address) {
		h.t.Errorf("the customer of %s got an answer from %q", r.account.Address, from)
	}
}

// answersByApplication is the help desk itself sending for its reps by a token.
func (h *helpstar) answersByApplication(reps ...rep) {
	h.t.Helper()
	h.step("H3: the help desk sends for each rep while a request is updated")
	token := call[struct{ Token string }](h.service, http.MethodPost, "/tokens", map[string]any{"name": "Help desk", "scopes": []string{"mail:send", "admin"}}).Token
	application := *h.service
	application.client = newClient(h.t)
	for _, r := range reps {
		customer := "customer@" + mailstead.DomainOf(r.account.Address)
		m := call[mailstead.OutgoingMessage](&application, http.MethodPost, "/outbox", map[string]any{
			"user_id": r.user.ID, "to": []any{map[string]any{"address": customer}}, "subject": "Request 4711 is updated", "text": "By " + r.user.Name,
		}, "Authorization", "Bearer "+token)
		m = h.accepted(h.service, m)
		if from := h.arrives(r.at.Dovecot, customer, m.InternetMessageID); !strings.Contains(from, r.account.Address) {
			h.t.Errorf("the update by %s is from %q; want %s", r.user.Name, from, r.account.Address)
		}
	}
}
