package connect

import (
	"strings"

	"github.com/mailstead/mailstead"
)

// checkPlan checks every field before the first byte goes to a server.
func (s *Service) checkPlan(p *plan, r Request, plain bool) error {
	for _, t := range p.sides {
		t.secret, t.secretField = r.Password, "password"
		if t.side == mailstead.SideOutgoing && !r.OutgoingPassword.IsZero() {
			t.secret, t.secretField = r.OutgoingPassword, "outgoing_password"
		}
		if t.side == mailstead.SideOutgoing && (r.NoSignIn || p.relay && r.OutgoingPassword.IsZero()) {
			if err := t.withoutSignIn(r); err != nil {
				return err
			}
		}
		t.later = r.later
		if r.grant != nil && !t.open {
			t.oauth, t.secret, t.secretField = true, r.grant.token.Access, "address"
		}
		if err := t.check(plain); err != nil {
			return err
		}
		setSide(&p.account, t.side, &mailstead.Side{Server: t.targets[0].server, Login: t.targets[0].login, Enabled: true})
	}
	if err := s.justifyPlain(&p.account, p.sides, r.PlainReason); err != nil {
		return err
	}
	p.account.ProviderID = s.providerOf(&p.account, r.ProviderID, p.found.Provider.ID)
	return p.account.Validate()
}

// withoutSignIn makes t one of a server that nobody signs in to.
func (t *trial) withoutSignIn(r Request) error {
	if !r.OutgoingPassword.IsZero() || (r.Outgoing != nil && r.Outgoing.Login != "") {
		return mailstead.Invalid("no_sign_in", "input.sign_in", "A user name or password for the outgoing server needs a sign-in: leave out the one or the other.")
	}
	t.secret = mailstead.Secret{}
	for i := range t.targets {
		t.targets[i].login = ""
	}
	t.open = true
	return nil
}

func setSide(a *mailstead.Account, n mailstead.SideName, side *mailstead.Side) {
	if n == mailstead.SideOutgoing {
		a.Outgoing = side
		return
	}
	a.Incoming = side
}

// check checks what would be sent to a server. plain tells that servers without
// encryption are allowed.
func (t *trial) check(plain bool) error {
	if t.secret.IsZero() && !t.open && !t.later {
		return mailstead.Invalid(t.secretField, "input.password_needed", "The password is needed.")
	}
	if err := mailstead.CheckPassword(t.secretField, t.secret); err != nil {
		return err
	}
	for _, g := range t.targets {
		if g.login == "" && !t.open {
			return mailstead.Invalid(string(t.side)+".login", "input.login_needed", "The user name is needed: it does not follow from the address here.")
		}
		if g.server.Security == mailstead.SecurityNone && !plain {
			return errPlainForbidden(t.side)
		}
	}
	return nil
}

func errPlainForbidden(side mailstead.SideName) *mailstead.Error {
	return mailstead.Invalid(string(side)+".security", "security.plain_forbidden",
		"Connections without encryption are not allowed here: choose TLS or STARTTLS, or ask the administrator.")
}

// maxReasonLen is the longest reason for a server without encryption.
const maxReasonLen = 500

// justifyPlain demands a reason for servers without encryption and keeps it in
// the account's note.
func (s *Service) justifyPlain(a *mailstead.Account, sides []*trial, reason string) error {
	for _, t := range sides {
		server := t.targets[0].server
		if server.Security != mailstead.SecurityNone {
			continue
		}
		clean, err := mailstead.CleanLine("plain_reason", reason, maxReasonLen)
		if err != nil {
			return err
		}
		if clean == "" {
			return mailstead.Invalid("plain_reason", "input.reason_needed", "Write down why this server is used without encryption.")
		}
		line := s.c.Now().UTC().Format("2006-01-02") + ": " + server.Addr() + " is used without encryption: " + clean
		a.Note = strings.TrimPrefix(a.Note+"\n"+line, "\n")
	}
	return nil
}
