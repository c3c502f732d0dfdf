package sender

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	spflib "blitiri.com.ar/go/spf"
)

// maxIncludes is how many records of SPF one walk reads (RFC 7208 section 4.6.4), and
// maxSamples how many networks of a service are tried.
const (
	maxIncludes = 10
	maxSamples  = 3
)

// servicePasses reports whether the record allows the service by which the account
// sends: it includes the service's own record, or names the same networks.
func (k *check) servicePasses(ctx context.Context, record string) bool {
	if slices.Contains(k.service.Include, k.domain) {
		return true
	}
	w := walk{ask: k.ask, want: k.service.Include}
	w.read(ctx, record)
	if w.found {
		return true
	}
	for _, include := range k.service.Include {
		texts, err := k.ask.texts(ctx, include, isSPF)
		if err != nil || len(texts) != 1 {
			continue
		}
		if own := (walk{ask: k.ask}); k.samplesPass(ctx, own.read(ctx, texts[0])) {
			return true
		}
	}
	return false
}

// samplesPass evaluates the domain's record for the first networks of a service.
func (k *check) samplesPass(ctx context.Context, nets []netip.Prefix) bool {
	nets = nets[:min(len(nets), maxSamples)]
	for _, n := range nets {
		if result, _ := k.evaluated(ctx, net.IP(n.Addr().AsSlice())); result != spflib.Pass {
			return false
		}
	}
	return len(nets) > 0
}

// walk reads a record of SPF with all that it includes, without an address to judge.
type walk struct {
	ask *asker
	// want are the includes looked for, found tells that one of them counts.
	want  []string
	found bool
	reads int
}

// read returns the networks that a record lets pass.
func (w *walk) read(ctx context.Context, record string) (nets []netip.Prefix) {
	redirect := ""
	for _, term := range strings.Fields(record)[1:] {
		name, rest, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(term, "+")), ":")
		switch name {
		case "include":
			nets = append(nets, w.follow(ctx, rest)...)
		case "ip4", "ip6":
			if n, ok := network(rest); ok {
				nets = append(nets, n)
			}
		default:
			if target, ok := strings.CutPrefix(name, "redirect="); ok {
				redirect = target
			} else if ends(term) {
				return nets
			}
		}
	}
	if redirect != "" {
		nets = append(nets, w.follow(ctx, redirect)...)
	}
	return nets
}

func (w *walk) follow(ctx context.Context, name string) []netip.Prefix {
	w.found = w.found || slices.Contains(w.want, strings.TrimSuffix(name, "."))
	if w.reads++; w.found || w.reads > maxIncludes {
		return nil
	}
	texts, err := w.ask.texts(ctx, name, isSPF)
	if err != nil || len(texts) != 1 {
		return nil
	}
	return w.read(ctx, texts[0])
}

func network(s string) (netip.Prefix, bool) {
	if n, err := netip.ParsePrefix(s); err == nil {
		return n, true
	}
	a, err := netip.ParseAddr(s)
	return netip.PrefixFrom(a, a.BitLen()), err == nil
}
