package dial

import (
	"context"
	"crypto/x509"
	"net/netip"
	"syscall"

	"github.com/mailstead/mailstead"
)

// Hosts leads certain host names to listeners that the operator's own program
// holds, such as the mail servers of the demo. Such a name asks no resolver and
// no guard, because its target is known beforehand and nobody can type another;
// all other names, and the targets' addresses themselves, stay guarded. Methods
// may be called from many goroutines.
type Hosts interface {
	// Place returns where a host name, in lower case, leads; false for a name that
	// is looked up as always.
	Place(host string) (Place, bool)
}

// Place is where a name of Hosts leads.
type Place struct {
	// Ports leads each port to a listener; no other port answers.
	Ports map[int]netip.AddrPort
	// Roots are the only authorities that are trusted for the name. Certificates
	// are verified as always.
	Roots *x509.CertPool
}

// place returns where Config.Hosts leads a name.
func (d *Dialer) place(host string) (Place, bool) {
	if d.config.Hosts == nil {
		return Place{}, false
	}
	return d.config.Hosts.Place(host)
}

// connectPlace dials a port of a place.
func (d *Dialer) connectPlace(ctx context.Context, p Place, port int, o Options) (c *Conn, err error) {
	// The name is known without asking.
	if err := d.step(o, mailstead.StageDNS, func() error { return nil }); err != nil {
		return nil, err
	}
	err = d.step(o, mailstead.StageTCP, func() error {
		target, ok := p.Ports[port]
		if !ok {
			return Classify("dial.Connect", syscall.ECONNREFUSED)
		}
		c, err = d.dial(ctx, []netip.AddrPort{target})
		return err
	})
	return c, err
}

// roots returns the authorities that are trusted for a name.
func (d *Dialer) roots(host string) *x509.CertPool {
	p, ok := d.place(host)
	switch {
	case !ok:
		return d.config.Roots
	case p.Roots == nil:
		// To package tls nil would mean those of the system.
		return x509.NewCertPool()
	}
	return p.Roots
}
