package mailtest

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Zone is what a name server of a test knows: lines of "name TYPE value", such as
//
//	firm.example MX mx.firm.example.
//	mx.firm.example A 198.51.100.7
//	_imaps._tcp.firm.example SRV 993 mx.firm.example.
//
// with the types MX, A, AAAA, TXT and SRV. The lines of the name * are those of every
// name without a line of its own; without them such a name does not exist (NXDOMAIN).
// "name FAIL" is a name that the server cannot answer for (SERVFAIL).
type Zone []string

// With is the zone with more lines.
func (z Zone) With(lines ...string) Zone { return append(append(Zone{}, z...), lines...) }

// Without is the zone without the lines that begin with one of the prefixes.
func (z Zone) Without(prefixes ...string) (out Zone) {
lines:
	for _, l := range z {
		for _, p := range prefixes {
			if strings.HasPrefix(l, p) {
				continue lines
			}
		}
		out = append(out, l)
	}
	return out
}

// Serve starts a name server for the zone, which answers over UDP until the test ends,
// and returns its address.
func (z Zone) Serve(t testing.TB) (addr string) {
	t.Helper()
	// What cannot be a line shows here, not when it is asked for.
	for _, line := range z {
		if f := strings.SplitN(line+" ", " ", 3); len(f) != 3 {
			t.Fatalf("no line of a zone: %q", line)
		} else if f[1] != "FAIL" {
			record(f[1], strings.TrimSuffix(f[2], " "))
		}
	}
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
			z.answer(&m)
			if answer, err := m.Pack(); err == nil {
				_, _ = c.WriteTo(answer, from)
			}
		}
	}()
	return c.LocalAddr().String()
}

// Resolver starts a name server for the zone and returns who asks it.
func (z Zone) Resolver(t testing.TB) *net.Resolver {
	t.Helper()
	addr := z.Serve(t)
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", addr)
	}}
}

func (z Zone) answer(m *dnsmessage.Message) {
	q := m.Questions[0]
	lines := z.of(strings.TrimSuffix(q.Name.String(), "."))
	if len(lines) == 0 {
		lines = z.of("*")
	}
	if len(lines) == 0 {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, line := range lines {
		kind, value, _ := strings.Cut(line, " ")
		if kind == "FAIL" {
			m.RCode, m.Answers = dnsmessage.RCodeServerFailure, nil
			return
		}
		if "Type"+kind == q.Type.String() {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}, Body: record(kind, value),
			})
		}
	}
}

// of lists the lines of a name, without it.
func (z Zone) of(name string) (lines []string) {
	for _, line := range z {
		if of, rest, _ := strings.Cut(line, " "); strings.EqualFold(of, name) {
			lines = append(lines, rest)
		}
	}
	return lines
}

// record reads what a line says. A type or a value that cannot be is a mistake of the
// test.
func record(kind, value string) dnsmessage.ResourceBody {
	switch kind {
	case "MX":
		return &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName(value)}
	case "A":
		return &dnsmessage.AResource{A: [4]byte(net.ParseIP(value).To4())}
	case "AAAA":
		return &dnsmessage.AAAAResource{AAAA: [16]byte(net.ParseIP(value))}
	case "TXT":
		// A string of a record has 255 bytes at most (RFC 1035 section 3.3).
		var parts []string
		for ; len(value) > 200; value = value[200:] {
			parts = append(parts, value[:200])
		}
		return &dnsmessage.TXTResource{TXT: append(parts, value)}
	case "SRV":
		port, target, _ := strings.Cut(value, " ")
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			panic("no SRV record: " + value)
		}
		return &dnsmessage.SRVResource{Port: uint16(n), Target: dnsmessage.MustNewName(target)}
	default:
		panic("no such type: " + kind)
	}
}
