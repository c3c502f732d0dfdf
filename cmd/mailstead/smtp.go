package main

import (
	"errors"
	"net/mail"
	"os"
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

// smtp returns the mail server that the settings name, or nil.
func (c *config) smtp() (*mailstead.ConfiguredSender, error) {
	if c.SMTPServer == "" {
		for name, set := range map[string]bool{
			"smtp_login": c.SMTPLogin != "", "smtp_password": !c.SMTPPassword.IsZero(), "smtp_password_file": c.SMTPPasswordFile != "", "smtp_from": c.SMTPFrom != "",
		} {
			if set {
				return nil, configError("config.value", "smtp_server", "The setting "+name+" needs smtp_server beside it.", nil)
			}
		}
		return nil, nil
	}
	password, err := c.smtpPassword()
	if err != nil {
		return nil, err
	}
	from, err := mail.ParseAddress(c.SMTPFrom)
	if err != nil {
		return nil, badValue("smtp_from", "the address that mail is from, such as Example Ltd <office@example.com>", err)
	}
	sender, err := connect.CheckConfigured(c.SMTPServer, mailstead.Security(strings.ToLower(c.SMTPSecurity)), c.SMTPLogin, password,
		mailstead.Address{Name: from.Name, Address: from.Address})
	var wrong *mailstead.Error
	switch {
	case errors.As(err, &wrong):
		name := settingOf(wrong.Field)
		return nil, configError("config.value", name, "The setting "+name+" cannot be used: "+wrong.Text, err)
	case err != nil:
		return nil, err
	case sender.Server.Security == mailstead.SecurityNone && !c.AllowUnencrypted:
		return nil, configError("config.value", "smtp_security", "The setting smtp_security is none: that needs allow_unencrypted beside it.", nil)
	}
	return sender, nil
}

// settingOf is the setting that a field of the mail server comes from.
func settingOf(field string) string {
	switch field {
	case "server.security":
		return "smtp_security"
	case "login", "outgoing.login":
		return "smtp_login"
	case "password":
		return "smtp_password"
	case "from", "display_name":
		return "smtp_from"
	default:
		return "smtp_server"
	}
}

// smtpPassword is the password itself or what stands in its file, without the line
// break at its end.
func (c *config) smtpPassword() (mailstead.Secret, error) {
	switch {
	case c.SMTPPasswordFile == "":
		return c.SMTPPassword, nil
	case !c.SMTPPassword.IsZero():
		return mailstead.Secret{}, configError("config.value", "smtp_password_file", "Set either smtp_password or smtp_password_file, not both.", nil)
	}
	data, err := os.ReadFile(c.SMTPPasswordFile)
	if err != nil {
		return mailstead.Secret{}, configError("config.file", "smtp_password_file", "The file "+c.SMTPPasswordFile+" cannot be read: "+reason(err)+".", err)
	}
	return mailstead.NewSecret(strings.TrimRight(string(data), "\r\n")), nil
}
