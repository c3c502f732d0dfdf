package mailtest

import (
	"bytes"
	"strings"
	"text/template"
)

// dovecotConfig runs everything as one ordinary user without chroot, which
// works the same whether the tests run as root or not. See
// https://doc.dovecot.org/2.3/configuration_manual/rootless_installation/.
var dovecotConfig = template.Must(template.New("dovecot.conf").Parse(`
base_dir = {{.Dir}}/run
state_dir = {{.Dir}}/state
log_path = {{.Dir}}/log
info_log_path = {{.Dir}}/log
protocols = imap lmtp{{if .POP3Port}} pop3{{end}}
listen = {{.Host}}
hostname = mail.example.com
postmaster_address = postmaster@example.com

default_internal_user = {{.User}}
default_internal_group = {{.Group}}
default_login_user = {{.User}}
default_process_limit = 100
default_client_limit = 10000
default_vsz_limit = 1G
first_valid_uid = 1
first_valid_gid = 1

{{if .NoTLS}}ssl = no
{{else}}ssl = {{if .RequireTLS}}required{{else}}yes{{end}}
ssl_cert = <{{.Dir}}/cert.pem
ssl_key = <{{.Dir}}/key.pem
{{end}}
disable_plaintext_auth = {{if .RequireTLS}}yes{{else}}no{{end}}
auth_mechanisms = {{.Mechanisms}}
auth_failure_delay = 0
auth_verbose = yes
passdb {
  driver = passwd-file
  args = username_format=%Lu {{.Dir}}/users/%Lu
}
{{if .OAuth}}passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {{.Dir}}/oauth2.conf
}
{{end}}userdb {
  driver = passwd-file
  args = username_format=%Lu {{.Dir}}/users/%Lu
  default_fields = uid={{.UID}} gid={{.GID}} home={{.Dir}}/mail/%Lu
}

mail_location = {{if .MDBox}}mdbox:~/mdbox{{else}}maildir:~/Maildir:UTF-8{{end}}
mail_fsync = never
mail_max_userip_connections = 10000
recipient_delimiter = +
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    auto = subscribe
    special_use = \Sent
  }
  mailbox Drafts {
    auto = subscribe
    special_use = \Drafts
  }
  mailbox Trash {
    auto = subscribe
    special_use = \Trash
  }
  mailbox Junk {
    auto = subscribe
    special_use = \Junk
  }
}

service imap-login {
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {
    port = {{.IMAPPort}}
  }
  inet_listener imaps {
    port = {{.IMAPSPort}}
  }
}
service pop3-login {
  chroot =
  service_count = 0
  inet_listener pop3 {
    port = {{.POP3Port}}
  }
  inet_listener pop3s {
    port = {{.POP3SPort}}
  }
}
service imap {
  process_limit = 5000
}
service pop3 {
  process_limit = 5000
}
service lmtp {
  unix_listener {{.LMTPSocket}} {
    mode = 0666
  }
}
service auth {
  unix_listener {{.AuthSocket}} {
    mode = 0666
  }
}
service anvil {
  chroot =
  # Repeated wrong passwords are a test's business, not an attack.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
{{.Config}}
`))

// writeFiles writes the configuration, the certificate and the users.
func (s *DovecotServer) writeFiles() error {
	mechanisms := s.options.Mechanisms
	if mechanisms == nil {
		mechanisms = []string{"plain", "login"}
		if s.options.IdP != nil {
			mechanisms = append(mechanisms, "xoauth2", "oauthbearer")
		}
	}
	var conf bytes.Buffer
	err := dovecotConfig.Execute(&conf, map[string]any{
		"Dir": s.scratch.dir, "Host": s.Host,
		"IMAPPort": s.IMAPPort, "IMAPSPort": s.IMAPSPort, "POP3Port": s.POP3Port, "POP3SPort": s.POP3SPort,
		"LMTPSocket": s.LMTPSocket, "AuthSocket": s.AuthSocket,
		"User": s.account.name, "Group": s.account.group, "UID": s.account.uid, "GID": s.account.gid,
		"OAuth": s.options.IdP != nil, "NoTLS": s.options.NoTLS, "RequireTLS": s.options.RequireTLS, "MDBox": s.options.MDBox,
		"Mechanisms": strings.ToLower(strings.Join(mechanisms, " ")), "Config": s.options.Config,
	})
	if err != nil {
		return err
	}
	cert, key := s.CA.IssuePEM(s.t, s.options.Certificate)
	files := map[string][]byte{"dovecot.conf": conf.Bytes(), "cert.pem": cert, "key.pem": key, "log": nil}
	if s.options.IdP != nil {
		files["oauth2.conf"] = s.options.IdP.dovecotOAuth()
	}
	for name, data := range files {
		if err := s.account.write(s.scratch.path(name), data); err != nil {
			return err
		}
	}
	for _, dir := range []string{"mail", "users"} {
		if err := s.account.mkdir(s.scratch.path(dir)); err != nil {
			return err
		}
	}
	for _, u := range s.Users {
		if err := s.writeUser(u); err != nil {
			return err
		}
	}
	return nil
}
