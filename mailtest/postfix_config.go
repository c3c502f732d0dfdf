package mailtest

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/mailstead/mailstead"
)

var postfixMain = template.Must(template.New("main.cf").Parse(`
compatibility_level = 3.6
daemon_directory = {{.Daemons}}
queue_directory = {{.Dir}}/queue
data_directory = {{.Dir}}/data
maillog_file = {{.Dir}}/mail.log
maillog_file_prefixes = {{.Dir}}
myhostname = mail.example.com
mydomain = example.com
myorigin = example.com
mydestination =
inet_interfaces = {{.Host}}
inet_protocols = ipv4
mynetworks = 127.255.255.255/32
alias_maps =
alias_database =
biff = no
disable_dns_lookups = yes
smtpd_peername_lookup = no
recipient_delimiter = +
{{if .MessageSizeLimit}}message_size_limit = {{.MessageSizeLimit}}
{{end}}mailbox_size_limit = 0
virtual_mailbox_limit = 0

# Mail for the users goes to Dovecot, all other mail nowhere.
virtual_mailbox_domains = {{.Domains}}
virtual_mailbox_maps = texthash:{{.Dir}}/conf/mailboxes
virtual_transport = lmtp:unix:{{.LMTPSocket}}
transport_maps = inline:{ {{.SinkDomain}}=discard: }
default_transport = error:5.1.2 mail to other domains is not delivered by this test server
relay_transport = $default_transport

smtpd_tls_cert_file = {{.Dir}}/conf/cert.pem
smtpd_tls_key_file = {{.Dir}}/conf/key.pem
smtpd_tls_session_cache_database =
smtpd_sasl_type = dovecot
smtpd_sasl_path = {{.AuthSocket}}
smtpd_sasl_auth_enable = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = reject_unlisted_recipient, permit_sasl_authenticated, reject
# Mistakes are a test's business: no delays and no limits for the one client.
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 200
{{.Config}}
`))

var postfixMaster = template.Must(template.New("master.cf").Parse(`
{{.Host}}:{{.SubmissionPort}} inet n - n - - smtpd
  -o syslog_name=postfix/submission
{{- if .NoTLS}}
  -o smtpd_tls_security_level=none
{{- else}}
  -o smtpd_tls_security_level=may
  -o smtpd_tls_auth_only=yes
{{- end}}
{{.Host}}:{{.SubmissionsPort}} inet n - n - - smtpd
  -o syslog_name=postfix/submissions
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
`))

func (s *PostfixServer) writeFiles(daemons string) error {
	if err := os.Mkdir(s.scratch.path("conf"), 0o755); err != nil {
		return err
	}
	values := map[string]any{
		"Dir": s.scratch.dir, "Daemons": daemons, "Host": s.Host, "Config": s.options.Config,
		"SubmissionPort": s.SubmissionPort, "SubmissionsPort": s.SubmissionsPort, "NoTLS": s.options.NoTLS,
		"MessageSizeLimit": s.options.MessageSizeLimit, "SinkDomain": SinkDomain, "Domains": domainsOf(s.dovecot.Users),
		"LMTPSocket": s.dovecot.LMTPSocket, "AuthSocket": s.dovecot.AuthSocket,
	}
	cert, key := s.CA.IssuePEM(s.t, s.options.Certificate)
	files := map[string][]byte{"cert.pem": cert, "key.pem": key}
	for _, tmpl := range []*template.Template{postfixMain, postfixMaster} {
		var b bytes.Buffer
		if err := tmpl.Execute(&b, values); err != nil {
			return err
		}
		files[tmpl.Name()] = b.Bytes()
	}
	var mailboxes strings.Builder
	for _, u := range append([]User{{Address: GoneAddress}}, s.dovecot.Users...) {
		mailboxes.WriteString(u.Address + " mailbox\n")
	}
	longAgo := time.Now().Add(-time.Hour)
	files["mailboxes"] = []byte(mailboxes.String())
	for name, data := range files {
		mode := os.FileMode(0o644)
		if name == "key.pem" {
			mode = 0o600
		}
		path := s.scratch.path("conf", name)
		if err := os.WriteFile(path, data, mode); err != nil {
			return err
		}
		// Postfix waits two seconds for the editing of a fresh file to end.
		if err := os.Chtimes(path, longAgo, longAgo); err != nil {
			return err
		}
	}
	return nil
}

// domainsOf lists the domains of users, and that of GoneAddress.
func domainsOf(users []User) string {
	domains := []string{mailstead.DomainOf(GoneAddress)}
	for _, u := range users {
		if d := mailstead.DomainOf(u.Address); !slices.Contains(domains, d) {
			domains = append(domains, d)
		}
	}
	return strings.Join(domains, " ")
}
