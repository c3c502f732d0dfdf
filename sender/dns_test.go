package sender_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// zone is what the name server of a test knows: lines of "name TYPE value". A name
// without any line is NXDOMAIN; "name FAIL" is one that the server cannot answer for.
type zone []string

func (z zone) with(lines ...string) zone { return append(append(zone{}, z...), lines...) }

// without leaves out the lines that begin with one of the prefixes.
func (z zone) without(prefixes ...string) (out zone) {
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

// resolver starts a name server for the zone and returns who asks it.
func (z zone) resolver(t *testing.T) *net.Resolver {
	t.Helper()
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
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

func (z zone) answer(m *dnsmessage.Message) {
	q := m.Questions[0]
	known := false
	for _, line := range z {
		f := strings.SplitN(line, " ", 3)
		if !strings.EqualFold(f[0]+".", q.Name.String()) {
			continue
		}
		known = true
		if f[1] == "FAIL" {
			m.RCode = dnsmessage.RCodeServerFailure
			return
		}
		if "Type"+f[1] != q.Type.String() {
			continue
		}
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}, Body: body(f[1], f[2]),
		})
	}
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
}

func body(kind, value string) dnsmessage.ResourceBody {
	switch kind {
	case "MX":
		return &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName(value)}
	case "A":
		return &dnsmessage.AResource{A: [4]byte(net.ParseIP(value).To4())}
	case "AAAA":
		return &dnsmessage.AAAAResource{AAAA: [16]byte(net.ParseIP(value))}
	case "TXT":
		var parts []string
		for ; len(value) > 200; value = value[200:] {
			parts = append(parts, value[:200])
		}
		return &dnsmessage.TXTResource{TXT: append(parts, value)}
	default:
		panic("no such type: " + kind)
	}
}
