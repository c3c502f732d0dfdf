package connect

import (
	"context"
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

// ImportedName is the name of the account that is made of the mail server of the
// configuration file, once.
const ImportedName = "Account from settings"

// Configure makes the mail server of the configuration file the sender of last
// resort; nil, for none, switches it off. When the file names one for the first time,
// an ordinary account is made of it too, the system's own unless there is one
// already. It is called at the start, before mail is sent.
func (s *Service) Configure(ctx context.Context, c *mailstead.ConfiguredSender) error {
	stored, err := s.c.Store.ConfigurationAccount(ctx)
	switch {
	case mailstead.KindOf(err) == mailstead.KindNotFound && c == nil:
		return nil
	case mailstead.KindOf(err) == mailstead.KindNotFound:
		return s.importConfigured(ctx, c)
	case err != nil:
		return err
	}
	return s.reconfigure(ctx, &stored, c)
}

// operator is who changes the configuration file.
var operator = mailstead.Actor{Operator: true}

// importConfigured stores the account that stands for the configuration, and the one
// that is imported.
func (s *Service) importConfigured(ctx context.Context, c *mailstead.ConfiguredSender) error {
	facts, err := s.c.People.SenderFacts(ctx, 0)
	if err != nil {
		return err
	}
	standing := configured(c, mailstead.ConfigurationKey, "Configuration file")
	first, err := s.connected(standing, c.Password)
	if err != nil {
		return err
	}
	imported := configured(c, credential.NewKey(), ImportedName)
	second, err := s.connected(imported, c.Password)
	if err != nil {
		return err
	}
	if len(facts.Assignments) == 0 {
		second.Assignments = []mailstead.Assignment{{System: true, Rights: []mailstead.Right{mailstead.RightSend}}}
	}
	if err := s.c.Store.ConnectAccounts(ctx, first, second); err != nil {
		return err
	}
	second.Audit.Object = imported.AuditObject()
	s.did(ctx, second.Audit)
	return nil
}

// configured returns the account of a mail server of the configuration file.
func configured(c *mailstead.ConfiguredSender, key, name string) *mailstead.Account {
	return &mailstead.Account{
		Key: key, Name: name, DisplayName: c.From.Name, Address: c.From.Address, LoadPeriod: mailstead.DefaultLoadPeriod,
		Outgoing: &mailstead.Side{Server: c.Server, Login: c.Login, Enabled: true, Health: mailstead.Health{State: mailstead.HealthNew}},
	}
}

func (s *Service) connected(a *mailstead.Account, password mailstead.Secret) (mailstead.Connected, error) {
	a.CreatedAt, a.UpdatedAt = s.c.Now(), s.c.Now()
	sealed, err := s.seal(a, sideSecrets{mailstead.SideOutgoing: password})
	if err != nil {
		return mailstead.Connected{}, err
	}
	changes := mailstead.AuditChanges(nil, a)
	if !password.IsZero() {
		changes = append(changes, mailstead.AuditChange{Field: "password"})
	}
	c := mailstead.Connected{Account: a, Secrets: sealed, Audit: operator.Audit(mailstead.AuditAccountConnect, a.AuditObject(), changes)}
	if !a.FromConfiguration() {
		c.Events = []mailstead.Event{s.event(mailstead.EventAccountConnected, 0)}
	}
	return c, nil
}

// reconfigure takes over what the configuration file says now.
func (s *Service) reconfigure(ctx context.Context, stored *mailstead.Account, c *mailstead.ConfiguredSender) error {
	a := clone(*stored)
	var sealed map[mailstead.SecretField]mailstead.Sealed
	if c == nil {
		a.Outgoing.Enabled = false
	} else {
		now := configured(c, a.Key, a.Name)
		a.Address, a.DisplayName = now.Address, now.DisplayName
		a.Outgoing.Server, a.Outgoing.Login, a.Outgoing.Enabled = c.Server, c.Login, true
		same, err := s.samePassword(ctx, stored, c.Password)
		if err != nil {
			return err
		}
		if !same {
			if sealed, err = s.seal(&a, sideSecrets{mailstead.SideOutgoing: c.Password}); err != nil {
				return err
			}
		}
	}
	changes := mailstead.AuditChanges(stored, &a)
	if sealed != nil {
		changes = append(changes, mailstead.AuditChange{Field: "password"})
	}
	if len(changes) == 0 {
		return nil
	}
	e := operator.Audit(mailstead.AuditAccountUpdate, a.AuditObject(), changes)
	if err := s.c.Store.UpdateAccount(ctx, &a, sealed, e, nil); err != nil {
		return err
	}
	s.did(ctx, e)
	// What was wrong with the old server says nothing of the new one.
	return s.c.Store.SetHealth(ctx, a.ID, mailstead.SideOutgoing, mailstead.Health{State: mailstead.HealthNew})
}

// samePassword tells whether the stored password is the given one. One that cannot
// be opened is not.
func (s *Service) samePassword(ctx context.Context, stored *mailstead.Account, password mailstead.Secret) (bool, error) {
	secrets, err := s.c.Store.Secrets(ctx, stored.ID)
	if err != nil {
		return false, err
	}
	sealed, ok := secrets[stored.Outgoing.Secret]
	if !ok || password.IsZero() {
		return !ok && password.IsZero(), nil
	}
	was, err := s.c.Sealer.Open(sealed, stored.Key, stored.Outgoing.Secret)
	return err == nil && was == password, nil //nolint:nilerr // see above
}

// CheckConfigured checks what the configuration file says of a mail server and
// returns it ready for use. The error names what is wrong: server.host, server.security,
// outgoing.login, password, display_name and so on.
func CheckConfigured(server string, security mailstead.Security, login string, password mailstead.Secret, from mailstead.Address) (*mailstead.ConfiguredSender, error) {
	c := &mailstead.ConfiguredSender{Login: login, Password: password, From: from}
	var err error
	if c.Server, err = mailstead.ParseServer(server, "server", mailstead.Server{Protocol: mailstead.SMTP, Security: security}); err != nil {
		return nil, err
	}
	if c.From.Address, err = mailstead.CleanAddress("from", from.Address); err != nil {
		return nil, err
	}
	if err := mailstead.CheckPassword("password", password); err != nil {
		return nil, err
	}
	if (login == "") != password.IsZero() {
		field, text := "password", "A user name needs its password."
		if login == "" {
			field, text = "login", "A password needs its user name."
		}
		return nil, mailstead.Invalid(field, "input.password_needed", text)
	}
	if err := c.Server.Validate("server"); err != nil {
		return nil, err
	}
	a := configured(c, mailstead.ConfigurationKey, ImportedName)
	if err := a.Validate(); err != nil {
		return nil, err
	}
	c.From.Name = strings.TrimSpace(a.DisplayName)
	return c, nil
}
