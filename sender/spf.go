package sender

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"

	spflib "blitiri.com.ar/go/spf"
)

// stranger is an address that no record names (RFC 5737): what is said of it is said
// of everybody else.
var stranger = net.IPv4(203, 0, 113, 253)

// isSPF tells a record of SPF (RFC 7208 section 4.5).
func isSPF(text string) bool {
	text = strings.ToLower(text)
	return text == "v=spf1" || strings.HasPrefix(text, "v=spf1 ")
}

// spf looks whether the servers by which the account sends may send for its domain.
func (k *check) spf(ctx context.Context) Finding {
	records, err := k.ask.texts(ctx, k.domain, isSPF)
	switch {
	case err != nil:
		return unanswered(PartSPF, k.domain)
	case len(records) == 0 && k.service.OwnReturnPath:
		return k.ownReturnPath()
	case len(records) == 0:
		return found(PartSPF, StateAdvice, "missing", "The domain does not say which servers may send its mail (SPF): receivers trust it less, and some refuse it.",
			"Add an SPF record.", k.spfRecord("v=spf1 "+k.permission()+"~all")...)
	case len(records) > 1:
		return found(PartSPF, StateAdvice, "several", "The domain has more than one SPF record. Receivers then use none of them.",
			"Put them together into one record.", k.spfRecord(closed(records...), records...)...)
	}
	return k.evaluate(ctx, records[0])
}

// evaluate looks at the only record.
func (k *check) evaluate(ctx context.Context, record string) Finding {
	// The same names are asked for below, so that a record which cannot be evaluated
	// to its end is known before.
	others, err := k.evaluated(ctx, stranger)
	switch others {
	case spflib.TempError, spflib.None:
		return unanswered(PartSPF, k.domain)
	case spflib.PermError:
		return brokenSPF(ctx, record, err)
	case spflib.Pass:
		return found(PartSPF, StateAdvice, "anyone", "The domain’s SPF record allows everybody in the world to send its mail.",
			"End the record with ~all or -all.", k.spfRecord(closed(record), record)...)
	default: // others are told apart from the account's own servers
	}
	switch f := k.allowed(ctx, record); {
	case ctx.Err() != nil:
		return unanswered(PartSPF, k.domain)
	case f.State != StateOK:
		return f
	case others == spflib.Neutral:
		return found(PartSPF, StateAdvice, "open", f.Text+" But the record says nothing of other servers, so that it protects nobody from forged mail.",
			"End the record with ~all.", k.spfRecord(closed(record), record)...)
	case others == spflib.SoftFail:
		f.Text += " Mail from other servers is to be taken for suspicious (~all)."
		return f
	default:
		f.Text += " Mail from other servers is to be refused (-all)."
		return f
	}
}

// evaluated is what the domain's record says of an address.
func (k *check) evaluated(ctx context.Context, ip net.IP) (spflib.Result, error) {
	helo := k.OutgoingHost
	if helo == "" {
		helo = k.domain
	}
	local, _, _ := strings.Cut(k.Address, "@")
	return spflib.CheckHostWithSender(ip, helo, local+"@"+k.domain, spflib.WithContext(ctx), spflib.WithResolver(k.ask))
}

func brokenSPF(ctx context.Context, record string, err error) Finding {
	switch {
	case ctx.Err() != nil:
		return unanswered(PartSPF, "the names in the SPF record")
	case errors.Is(err, spflib.ErrLookupLimitReached):
		return found(PartSPF, StateAdvice, "too_many_lookups", "The domain’s SPF record asks for more than ten look-ups, with those of the records that it includes. Receivers stop there and use none of it.",
			"Take out services that send no mail for the domain any more, or name addresses (ip4:, ip6:) instead.")
	case errors.Is(err, spflib.ErrVoidLookupLimitReached):
		return found(PartSPF, StateAdvice, "void_lookups", "The domain’s SPF record leads to more than two names that do not exist. Receivers stop there and use none of it.",
			"Take out the names that do not exist.")
	case errors.Is(err, spflib.ErrMultipleRecords), errors.Is(err, spflib.ErrNoResult):
		return found(PartSPF, StateAdvice, "broken_include", "The domain’s SPF record includes a name that has none, or more than one. Receivers then use none of it.",
			"Look at every include: and redirect= of the record: "+clip(record))
	default:
		return found(PartSPF, StateAdvice, "broken", "The domain’s SPF record cannot be read, so receivers do not use it: "+clip(record), "Correct the record.")
	}
}

// allowed looks whether the account's own servers may send.
func (k *check) allowed(ctx context.Context, record string) Finding {
	switch {
	case k.OutgoingHost == "":
		return found(PartSPF, StateOK, "present", "The domain says which servers may send its mail (SPF). This account sends none.", "")
	case k.service.OwnReturnPath:
		return k.ownReturnPath()
	case k.known && k.servicePasses(ctx, record):
		return found(PartSPF, StateOK, "ok", "The domain’s SPF record allows the servers of "+k.service.Name+" to send its mail.", "")
	case k.known:
		return found(PartSPF, StateAdvice, "service_missing", "The account sends by "+k.service.Name+", but the domain’s SPF record does not allow its servers.",
			"Add include:"+k.service.Include[0]+" to the record.", k.spfRecord(inserted(record, k.permission()), record)...)
	}
	return k.serverAllowed(ctx, record)
}

func (k *check) ownReturnPath() Finding {
	return found(PartSPF, StateOK, "own_return_path", k.service.Name+" puts a return path of its own into mail, so receivers do not ask for SPF of "+k.domain+". DKIM alone vouches for it, unless the return path was made part of the domain there.", "")
}

// serverAllowed judges a server of nobody we know by its addresses.
func (k *check) serverAllowed(ctx context.Context, record string) Finding {
	ips, err := k.ask.LookupIPAddr(ctx, k.OutgoingHost)
	if err != nil && !notFound(err) {
		return unanswered(PartSPF, k.OutgoingHost)
	}
	const maxAddresses = 4
	seen, passed := 0, 0
	for _, ip := range ips {
		if addr, ok := netip.AddrFromSlice(ip.IP); !ok || !public(addr.Unmap()) || seen == maxAddresses {
			continue
		}
		seen++
		switch result, _ := k.evaluated(ctx, ip.IP); result {
		case spflib.Pass:
			passed++
		case spflib.TempError:
			return unanswered(PartSPF, k.OutgoingHost)
		default: // not allowed
		}
	}
	switch {
	case seen == 0:
		return found(PartSPF, StateUnknown, "server_unseen", "The domain has an SPF record, but which addresses "+k.OutgoingHost+" sends from cannot be seen in DNS.",
			"Send a test mail to a mailbox elsewhere and look at what its server says of SPF.")
	case passed == seen:
		return found(PartSPF, StateOK, "ok", "The domain’s SPF record allows "+k.OutgoingHost+" to send its mail.", "")
	default:
		return found(PartSPF, StateAdvice, "server_missing", "The domain’s SPF record does not allow every address of "+k.OutgoingHost+", by which the account sends.",
			"Ask the provider which include belongs into the record; where the server delivers mail itself, add it by name.", k.spfRecord(inserted(record, k.permission()), record)...)
	}
}

func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate()
}

// permission is the term that allows the account's servers, with a space behind it.
func (k *check) permission() string {
	switch {
	case len(k.service.Include) > 0:
		return "include:" + k.service.Include[0] + " "
	case k.OutgoingHost == "" || k.service.OwnReturnPath:
		return "mx "
	}
	if addr, err := netip.ParseAddr(k.OutgoingHost); err == nil {
		if addr.Is4() {
			return "ip4:" + addr.String() + " "
		}
		return "ip6:" + addr.String() + " "
	}
	return "a:" + k.OutgoingHost + " "
}

func (k *check) spfRecord(value string, instead ...string) []Record {
	return []Record{{Name: k.domain, Type: "TXT", Value: value, Replaces: instead}}
}

// ends tells a term behind which others do not count.
func ends(term string) bool {
	term = strings.ToLower(term)
	return strings.TrimLeft(term, "+-~?") == "all" || strings.HasPrefix(term, "redirect=")
}

// inserted is a record with another term before its end.
func inserted(record, term string) string {
	terms := strings.Fields(record)
	i := slices.IndexFunc(terms, ends)
	if i < 0 {
		i = len(terms)
	}
	return strings.Join(slices.Insert(terms, i, strings.TrimSpace(term)), " ")
}

// closed puts records together into one that ends with ~all.
func closed(records ...string) string {
	terms := []string{"v=spf1"}
	for _, r := range records {
		for _, t := range strings.Fields(r)[1:] {
			if to, ok := strings.CutPrefix(strings.ToLower(t), "redirect="); ok {
				// A redirect would be the end; what it allows is an include, too.
				t = "include:" + to
			}
			if !ends(t) && !slices.Contains(terms, t) {
				terms = append(terms, t)
			}
		}
	}
	return strings.Join(append(terms, "~all"), " ")
}

// clip bounds what a stranger wrote.
func clip(s string) string {
	const most = 500
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
