package demo

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/fakemail"
)

// Config is what the demo works with. Now and Logger are needed.
type Config struct {
	// Live is the pause between two new mails; 0 means that none arrive by
	// themselves.
	Live time.Duration
	// ChangeAfter is how long the mailbox whose password changes takes the first one
	// after its last sign-in; 0 means a minute.
	ChangeAfter time.Duration
	Now         func() time.Time
	Logger      *slog.Logger
}

// Servers are the demo's mail servers. Their methods may be called from many
// goroutines.
type Servers struct {
	c Config

	// changing is held while the servers start or stop.
	changing sync.Mutex
	mu       sync.Mutex
	run      *run
}

// run is the servers from one start to the next stop.
type run struct {
	logger *slog.Logger
	began  time.Time
	places map[string]dial.Place
	// fills fills each mailbox at its first use.
	fills map[string]func()
	imap  *fakemail.IMAPServer
	smtp  *fakemail.SMTPServer
	// closers end the servers, in order.
	closers []func()
	// change ends the time until a password changes.
	change      *time.Timer
	changeAfter time.Duration
}

// New returns the servers; nothing runs before Start.
func New(c Config) *Servers {
	if c.ChangeAfter <= 0 {
		c.ChangeAfter = time.Minute
	}
	return &Servers{c: c}
}

// Start starts the servers and fills the mailboxes. It does nothing while they
// run.
func (s *Servers) Start(ctx context.Context) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	if s.Running() {
		return nil
	}
	began := s.c.Now()
	r := &run{logger: s.c.Logger, began: began, places: make(map[string]dial.Place), fills: make(map[string]func()), changeAfter: s.c.ChangeAfter}
	if err := r.start(began); err != nil {
		r.stop()
		return err
	}
	if s.c.Live > 0 {
		r.closers = append([]func(){startArrivals(s.c, r.arrive)}, r.closers...)
	}
	s.mu.Lock()
	s.run = r
	s.mu.Unlock()
	s.c.Logger.InfoContext(ctx, "demo servers started", slog.Duration("took", s.c.Now().Sub(began)))
	return nil
}

// Stop ends the servers and forgets their mail. It may be called twice.
func (s *Servers) Stop() {
	s.changing.Lock()
	defer s.changing.Unlock()
	s.mu.Lock()
	r := s.run
	s.run = nil
	s.mu.Unlock()
	if r != nil {
		r.stop()
	}
}

// Running reports whether the servers run.
func (s *Servers) Running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run != nil
}

// Place implements dial.Hosts: the demo's names lead to its listeners while it
// runs.
func (s *Servers) Place(host string) (dial.Place, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return dial.Place{}, false
	}
	p, ok := s.run.places[host]
	return p, ok
}

// Provider, Domains and Addresses are those of the package: who turns the demo on
// and off sees Servers alone.

// Provider returns the demo as the directory of providers shows it.
func (s *Servers) Provider() mailstead.Provider { return Provider() }

// Domains returns the rows of the table of domains that lead to the demo; the one
// of Domain is the last.
func (s *Servers) Domains() []mailstead.Domain { return Domains() }

// Addresses lists what can be tried.
func (s *Servers) Addresses() []mailstead.DemoAddress { return Addresses() }

// slowness is how long a slow mailbox takes for each command.
const slowness = 2 * time.Second

func (r *run) start(now time.Time) error {
	ca, err := newAuthority(now)
	if err != nil {
		return err
	}
	certs, err := ca.certificates()
	if err != nil {
		return err
	}
	r.change = time.AfterFunc(lifetime, r.changePassword)
	r.closers = append(r.closers, func() { r.change.Stop() })
	for _, m := range mailboxes {
		r.fills[m.address] = sync.OnceFunc(func() { r.fill(m) })
	}
	users, senders := people()
	if r.imap, err = fakemail.StartIMAP(fakemail.IMAPConfig{
		Security: mailstead.SecurityTLS, TLS: certs.config(), Users: users, Delay: slowness, SignedIn: r.signedIn,
	}); err != nil {
		return err
	}
	r.closers = append(r.closers, r.imap.Close)
	if r.smtp, err = fakemail.StartSMTP(fakemail.SMTPConfig{
		Security: mailstead.SecurityTLS, TLS: certs.config(), Users: senders, Delay: slowness, Forget: true,
		Fault: recipientFault, Accepted: r.deliver,
	}); err != nil {
		return err
	}
	r.closers = append(r.closers, r.smtp.Close)
	// These two offer no encryption: nobody ever gets to a sign-in there.
	bareIMAP, err := fakemail.StartIMAP(fakemail.IMAPConfig{})
	if err != nil {
		return err
	}
	r.closers = append(r.closers, bareIMAP.Close)
	bareSMTP, err := fakemail.StartSMTP(fakemail.SMTPConfig{Forget: true, Fault: func(string) fakemail.SMTPFault { return fakemail.SMTPRefuse }})
	if err != nil {
		return err
	}
	r.closers = append(r.closers, bareSMTP.Close)

	roots := ca.pool()
	for _, d := range domains {
		in, out := servers(d.name, d.state)
		inAt, outAt := listener(r.imap.Server()), listener(r.smtp.Server())
		if d.state == withoutTLS {
			inAt, outAt = listener(bareIMAP.Server()), listener(bareSMTP.Server())
		}
		r.places[in.Host] = dial.Place{Roots: roots, Ports: map[int]netip.AddrPort{in.Port: inAt}}
		r.places[out.Host] = dial.Place{Roots: roots, Ports: map[int]netip.AddrPort{out.Port: outAt}}
		if d.state == offline {
			r.places[in.Host], r.places[out.Host] = dial.Place{Roots: roots}, dial.Place{Roots: roots}
		}
	}
	return nil
}

// firstUID is where the UIDs of mail begin that arrives after a start: above all
// that earlier starts gave to mail which is forgotten by now. It counts eighths of
// a second since 2026, more than mails arrive in; 32 bits of them last for 17 years.
func firstUID(now time.Time) mailstead.UID {
	passed := now.Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) / (time.Second / 8)
	return mailstead.UID(max(2*archived, passed)) //nolint:gosec // see above
}

// signedIn fills a mailbox before it is looked into, and lets a password change
// some time after its last use.
func (r *run) signedIn(login string) {
	if fill := r.fills[login]; fill != nil {
		fill()
	}
	if login == changing {
		r.change.Reset(r.changeAfter)
	}
}

// changePassword changes a password behind the backs of those who are signed in.
func (r *run) changePassword() {
	r.imap.SetPassword(changing, newPassword)
	r.smtp.SetUser(changing, fakemail.SMTPUser{Password: newPassword, Senders: []string{changing}})
	r.imap.CutUser(changing)
}

func (r *run) stop() {
	for _, f := range r.closers {
		f()
	}
}

func listener(s mailstead.Server) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(s.Host), uint16(s.Port)) //nolint:gosec // a port of a listener
}

// people returns who may sign in.
func people() (map[string]fakemail.IMAPUser, map[string]fakemail.SMTPUser) {
	users, senders := make(map[string]fakemail.IMAPUser), make(map[string]fakemail.SMTPUser)
	for _, m := range mailboxes {
		users[m.address] = fakemail.IMAPUser{Fault: m.imap, Password: Password, Folders: folders(m)}
		password := Password
		if m.imap == fakemail.IMAPRefuse {
			password = ""
		}
		senders[m.address] = fakemail.SMTPUser{Password: password, Busy: m.busy, Senders: []string{m.address}}
	}
	return users, senders
}

// recipientFault says what goes wrong with a recipient.
func recipientFault(recipient string) fakemail.SMTPFault {
	if mailstead.DomainOf(recipient) != Domain {
		return ""
	}
	m, ok := find(strings.ToLower(recipient))
	if !ok {
		return fakemail.SMTPRefuse
	}
	return m.smtp
}

// deliver puts a mail that was taken into the mailboxes that it is for.
func (r *run) deliver(m fakemail.SMTPMail) {
	for _, to := range m.To {
		r.arrive(strings.ToLower(to), m.Data)
	}
}

// arrive puts a mail into the inbox of an address, if it is one of ours.
func (r *run) arrive(address string, data []byte) {
	if fill := r.fills[address]; fill != nil {
		fill()
		if err := r.imap.Deliver(address, inbox, data); err != nil {
			r.logger.Error("a mail of the demo did not arrive", slog.Any("error", err))
		}
	}
}

// fill fills a mailbox as it is at each start.
func (r *run) fill(m mailbox) {
	if m.fill != nil {
		fill(r.imap, m, r.began)
	}
	r.imap.RaiseUIDs(m.address, firstUID(r.began))
}
