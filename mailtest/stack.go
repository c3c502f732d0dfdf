package mailtest

import "testing"

// Servers is a whole mail service: mailboxes and submission with the same users
// and one CA, where mail sent from one user arrives at the other.
type Servers struct {
	Dovecot *DovecotServer
	Postfix *PostfixServer
	CA      *CA
}

// Stack starts a Dovecot and a Postfix that belong together, for the time of the
// test. While the Dovecot is stopped, Postfix cannot check passwords: it closes
// connections, and goes on doing so for a minute.
func Stack(t testing.TB, d DovecotOptions, p PostfixOptions) *Servers {
	t.Helper()
	dovecot := Dovecot(t, d)
	if p.CA == nil {
		p.CA = dovecot.CA
	}
	return &Servers{Dovecot: dovecot, Postfix: Postfix(t, dovecot, p), CA: dovecot.CA}
}
