package dial

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/mailstead/mailstead"
)

// guard decides which addresses may be dialled.
type guard struct {
	allowed []netip.Prefix
}

// mailPorts are the ports that people who are not administrators reach: those
// of RFC 8314 and RFC 6409, and 2525, which many relays offer.
func mailPort(port int) bool {
	switch port {
	case 25, 465, 587, 2525, 110, 995, 143, 993:
		return true
	}
	return false
}

// reaches reports whether a port outside of allowed networks may be dialled.
func (o Options) reaches(port int) bool {
	return o.Admin || mailPort(port) || o.web && port == webPort
}

// pass returns what of addrs may be dialled, in order and at most maxTargets.
// All guarded addresses get one and the same answer, whatever the port, so that
// nobody can explore a private network by asking.
func (g guard) pass(addrs []netip.Addr, port int, o Options) ([]netip.AddrPort, error) {
	var targets []netip.AddrPort
	portRefused := false
	for _, a := range addrs {
		a = a.Unmap()
		switch {
		case !g.permits(a):
		case !o.reaches(port) && !g.inAllowed(a):
			portRefused = true
		case len(targets) < maxTargets:
			targets = append(targets, netip.AddrPortFrom(a, uint16(port))) //nolint:gosec // Validate has checked the port
		}
	}
	switch {
	case len(targets) > 0:
		return targets, nil
	case portRefused:
		return nil, &mailstead.Error{
			Kind: mailstead.KindForbidden, Code: "net.port", Op: "dial.Connect",
			Text: "Only the ports of mail servers can be used: 25, 465, 587, 2525, 110, 995, 143 and 993.",
		}
	}
	return nil, &mailstead.Error{
		Kind: mailstead.KindForbidden, Code: "net.guarded", Op: "dial.Connect",
		Text: "This server is not at a public internet address, so it is not contacted.",
	}
}

func (g guard) inAllowed(a netip.Addr) bool {
	return slices.ContainsFunc(g.allowed, func(p netip.Prefix) bool { return p.Contains(a) })
}

// permits reports whether a, or every IPv4 address that a stands for, is public
// or inside an allowed network.
func (g guard) permits(a netip.Addr) bool {
	a = a.Unmap() // IPv4-mapped, RFC 4291 section 2.5.5.2
	if g.inAllowed(a) {
		return true
	}
	if a.Is4() {
		return isPublic4(a)
	}
	if embedded := embedded4(a); embedded != nil {
		return !slices.ContainsFunc(embedded, func(e netip.Addr) bool { return !g.permits(e) })
	}
	return isPublic6(a)
}

var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052 section 2.1
	sixToFour = netip.MustParsePrefix("2002::/16")    // RFC 3056 section 2
	teredo    = netip.MustParsePrefix("2001::/32")    // RFC 4380 section 4
)

// embedded4 returns the IPv4 addresses that a translator or tunnel takes out of
// a, or nil.
func embedded4(a netip.Addr) []netip.Addr {
	b := a.As16()
	at := func(i int) netip.Addr { return netip.AddrFrom4([4]byte(b[i : i+4])) }
	switch {
	case nat64.Contains(a):
		return []netip.Addr{at(12)}
	case sixToFour.Contains(a):
		return []netip.Addr{at(2)}
	case teredo.Contains(a):
		// The server, and the client with all bits inverted.
		var client [4]byte
		binary.BigEndian.PutUint32(client[:], ^binary.BigEndian.Uint32(b[12:]))
		return []netip.Addr{at(4), netip.AddrFrom4(client)}
	}
	return nil
}

// special4 are the parts of IPv4 that are not global unicast, by the IANA
// special-purpose registry (RFC 6890), and 168.63.129.16, which leads every
// machine at Azure to its own host.
var special4 = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
	"172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"168.63.129.16/32",
)

// global6 is all of IPv6 that is given out as global unicast (RFC 4291 section
// 2.4 and the IANA registry); what lies outside is loopback, unique local,
// link-local, site-local, multicast, local NAT64 (RFC 8215) or not in use.
var global6 = netip.MustParsePrefix("2000::/3")

// special6 are the parts of global6 that are no public hosts: IETF protocol
// assignments (RFC 2928) and documentation (RFC 3849, RFC 9637).
var special6 = prefixes("2001::/23", "2001:db8::/32", "3fff::/20")

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		list[i] = netip.MustParsePrefix(t)
	}
	return list
}

func isPublic4(a netip.Addr) bool {
	return !slices.ContainsFunc(special4, func(p netip.Prefix) bool { return p.Contains(a) })
}

// isPublic6 is false for an address with a zone: Contains never holds for one.
func isPublic6(a netip.Addr) bool {
	return global6.Contains(a) && !slices.ContainsFunc(special6, func(p netip.Prefix) bool { return p.Contains(a) })
}
