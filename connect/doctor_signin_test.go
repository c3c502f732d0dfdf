//go:build realservers

package connect_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// signIns is what is wrong with the sign-in.
func (w *ward) signIns(t *testing.T) []ailment {
	dovecot, postfix, strict := w.good.Dovecot, w.good.Postfix, w.strict
	foreign := mailtest.Dovecot(t, mailtest.DovecotOptions{CA: w.good.CA, POP3: true, Mechanisms: []string{"EXTERNAL"}})
	const wrong = "not hers, but long"
	bad := func(name string, s mailstead.Server, login, words string) ailment {
		return ailment{name: name, server: s, login: login, password: wrong, stage: stageLogin, code: "auth.bad_credentials", who: user, words: words}
	}
	locked := func(name string, s mailstead.Server, words string) ailment {
		return ailment{
			name: name, server: s, login: "locked@example.com", password: "locked-secret", stage: stageLogin,
			code: "auth.account_disabled", who: admin, words: words,
		}
	}
	unlucky := func(name string, s mailstead.Server, words string) ailment {
		return ailment{name: name, server: s, login: "unlucky@example.com", stage: stageLogin, code: "auth.temporary", who: hoster, words: words}
	}
	return []ailment{
		bad("wrong password, IMAP", dovecot.IMAP(fullTLS), "", "NO [AUTHENTICATIONFAILED] Authentication failed."),
		bad("wrong password, POP3", dovecot.POP3(startTLS), "", "-ERR [AUTH] Authentication failed."),
		bad("wrong password, SMTP", postfix.SMTP(fullTLS), "", "535 5.7.8 Error: authentication failed"),
		bad("unknown user, IMAP", dovecot.IMAP(startTLS), "nobody@example.com", "NO [AUTHENTICATIONFAILED]"),
		bad("unknown user, SMTP", postfix.SMTP(startTLS), "nobody@example.com", "535 5.7.8"),
		locked("locked account, IMAP", dovecot.IMAP(fullTLS), "NO [CONTACTADMIN]"),
		locked("locked account, POP3", dovecot.POP3(fullTLS), "-ERR "),
		unlucky("the sign-in is broken, IMAP", dovecot.IMAP(fullTLS), "NO [UNAVAILABLE]"),
		unlucky("the sign-in is broken, POP3", dovecot.POP3(fullTLS), "-ERR [SYS/TEMP]"),
		{name: "LOGINDISABLED", server: with(strict.IMAP(startTLS), noTLS), stage: stageLogin, code: "tls.required", who: user},
		{name: "no password without TLS, POP3", server: with(strict.POP3(startTLS), noTLS), stage: stageLogin, code: "tls.required", who: user},
		{name: "no AUTH offered", server: w.mute.SMTP(fullTLS), stage: stageLogin, code: "auth.not_offered", who: user},
		{name: "no AUTH offered before TLS", server: with(postfix.SMTP(startTLS), noTLS), stage: stageLogin, code: "tls.required", who: user},
		{name: "no mechanism that we know, IMAP", server: foreign.IMAP(fullTLS), stage: stageLogin, code: "auth.mechanism", who: admin},
		{name: "no mechanism that we know, POP3", server: foreign.POP3(fullTLS), stage: stageLogin, code: "auth.mechanism", who: admin, words: "-ERR [AUTH] Unsupported"},
	}
}

// mailboxes is what is wrong behind the sign-in.
func (w *ward) mailboxes(t *testing.T) []ailment {
	open := func(s mailstead.Server) func(t *testing.T) func() {
		return func(t *testing.T) func() {
			held, err := newClinic(t, w.good.CA).source.Open(t.Context(), mailstead.Access{
				Server: s, Login: mailtest.Ben.Address, Secret: mailstead.NewSecret(mailtest.Ben.Password),
			})
			if err != nil {
				t.Fatal(err)
			}
			if s.Protocol == byPOP3 {
				if _, err := held.Select(t.Context(), "INBOX"); err != nil {
					t.Fatal(err)
				}
			}
			return func() { held.Close() }
		}
	}
	ben := func(a ailment) ailment {
		a.login, a.password = mailtest.Ben.Address, mailtest.Ben.Password
		return a
	}
	home := strings.TrimSpace(w.hidden.Doveadm("user", "-f", "home", mailtest.Anna.Address))
	w.hidden.Doveadm("mailbox", "status", "-u", mailtest.Anna.Address, "messages", "INBOX")
	if err := os.WriteFile(filepath.Join(home, "Maildir", "dovecot-acl"), []byte("owner k\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	narrow := w.narrow
	return []ailment{
		ben(ailment{name: "too many connections, IMAP", server: narrow.IMAP(fullTLS), before: open(narrow.IMAP(fullTLS)), stage: stageLogin, code: "limit.connections", who: ours, words: "Maximum number of connections"}),
		ben(ailment{name: "the mailbox is locked, POP3", server: w.good.Dovecot.POP3(fullTLS), before: open(w.good.Dovecot.POP3(fullTLS)), stage: stageLogin, code: "mailbox.locked", who: ours, words: "-ERR [IN-USE]"}),
		{name: "no inbox", server: w.hidden.IMAP(fullTLS), stage: stageFolders, code: "auth.no_mailbox", who: admin, words: "Mailbox doesn't exist: INBOX"},
		{name: "no room for a copy", server: w.small.IMAP(fullTLS), keep: true, size: 4000, stage: stageFolders, code: "mailbox.full", who: user, words: "NO [OVERQUOTA]"},
	}
}

// senders is what is wrong with sending.
func (w *ward) senders(*testing.T) []ailment {
	s, tls := w.good.Postfix.SMTP(startTLS), w.good.Postfix.SMTP(fullTLS)
	refused := func(name, from, code, who, words string) ailment {
		return ailment{name: name, server: s, from: from, stage: stageEnd, code: code, who: who, words: words}
	}
	sent := func(name, to, code, who, words string) ailment {
		return ailment{name: name, server: tls, send: to, stage: stageEnd, code: code, who: who, words: words}
	}
	banned := refused("an account that may not send", mailtest.Ben.Address, "auth.account_disabled", admin, "Account is suspended")
	banned.login, banned.password = mailtest.Ben.Address, mailtest.Ben.Password
	far := sent("relaying denied", "x@elsewhere.example", "send.relay_denied", user, "Relay access denied")
	far.server = w.islet.SMTP(fullTLS)
	quota := sent("a recipient whose quota is used up", mailtest.Ben.Address, "deliver.recipient_full", user, "Quota exceeded (mailbox for user is full)")
	quota.size = 4000
	big := sent("a message that is too large", mailtest.Ben.Address, "send.too_big", user, "")
	big.size = 30_000
	return []ailment{
		refused("the sender belongs to another login", "boss@example.com", "send.from_not_allowed", user, "not owned by user a…@example.com"),
		refused("a sender that does not exist", "gone@example.com", "send.from_not_allowed", user, "Sender address rejected"),
		refused("greylisting", "grey@example.com", "deliver.greylisted", ours, "450 4.2.0"),
		refused("421 in the middle", "busy@example.com", "net.unavailable", hoster, "421 4.3.2"),
		refused("too many messages", "often@example.com", "limit.send_rate", ours, "450 4.7.1"),
		refused("a mail that looks like spam", "spam@example.com", "deliver.content", user, "554 5.7.1"),
		refused("a refusal that nobody knows", "odd@example.com", "send.rejected", user, "550 5.9.9"),
		refused("a delay that nobody knows", "later@example.com", "send.temporary", ours, "451 4.9.9"),
		banned,
		far,
		sent("a recipient that does not exist", "nobody@example.com", "deliver.no_such_recipient", user, "550 5.1.1"),
		sent("a recipient that greylists", "grey@sink.example", "deliver.greylisted", ours, "450 4.2.0"),
		sent("a recipient without room", "full@sink.example", "deliver.recipient_full", user, "552 5.2.2"),
		quota,
		big,
	}
}
