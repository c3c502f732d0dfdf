package sender

import (
	"context"
	"strings"
)

// mx looks where answers to the account's mail go.
func (k *check) mx(ctx context.Context) Finding {
	records, err := k.ask.LookupMX(ctx, k.domain)
	// The standard library leaves out names that cannot be, and says so.
	if err != nil && len(records) == 0 && !notFound(err) {
		return unanswered(PartMX, k.domain)
	}
	if len(records) == 0 {
		return k.noMX(ctx)
	}
	var names []string
	for _, mx := range records {
		// "." takes no mail (RFC 7505).
		if name := strings.ToLower(strings.TrimSuffix(mx.Host, ".")); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return found(PartMX, StateAdvice, "null", "The domain says that it takes no mail at all, so nobody can answer, and some receivers refuse its mail.",
			"If mail is to come in, replace the record.", k.exchangers("0 .")...)
	}
	if _, err := k.ask.LookupIPAddr(ctx, names[0]); notFound(err) {
		return found(PartMX, StateAdvice, "no_address", "The domain’s mail exchanger is "+names[0]+", which has no address.",
			"Correct the MX record: mail to the domain cannot be delivered.", k.exchangers()...)
	}
	if len(k.MXSuffixes) > 0 && !k.atProvider(names) {
		return found(PartMX, StateAdvice, "elsewhere", "Mail to the domain goes to "+names[0]+", which is not a server of "+k.Provider+", where this mailbox is.",
			"If no mail filter stands between the two, correct the MX record: answers would not reach this mailbox.", k.exchangers()...)
	}
	return found(PartMX, StateOK, "ok", "Mail to the domain goes to "+names[0]+".", "")
}

// noMX is a domain without mail exchangers, whose mail goes to its own address, if it
// has one (RFC 5321 section 5.1).
func (k *check) noMX(ctx context.Context) Finding {
	_, err := k.ask.LookupIPAddr(ctx, k.domain)
	switch {
	case err == nil:
		return found(PartMX, StateAdvice, "implicit", "The domain names no mail exchanger, so its mail goes to the server that has the domain’s own address, which is often a web server.",
			"Add an MX record.", k.exchangers()...)
	case notFound(err):
		return found(PartMX, StateAdvice, "missing", "The name servers know no mail exchanger and no address of "+k.domain+": mail to it cannot be delivered, and many receivers refuse mail from it.",
			"Look whether the domain is spelt rightly and still registered, then add an MX record.", k.exchangers()...)
	default:
		return unanswered(PartMX, k.domain)
	}
}

// exchangers are the MX records to add, where they are known.
func (k *check) exchangers(instead ...string) (records []Record) {
	// Who sends by one service may well have the mailbox at another.
	if len(k.MXSuffixes) == 0 {
		return nil
	}
	for _, value := range k.service.MX {
		_, host, _ := strings.Cut(value, " ")
		if k.atProvider([]string{host}) {
			records = append(records, Record{Name: k.domain, Type: "MX", Value: value, Replaces: instead})
		}
	}
	return records
}

func (k *check) atProvider(names []string) bool {
	for _, name := range names {
		for _, suffix := range k.MXSuffixes {
			if under(name, suffix) {
				return true
			}
		}
	}
	return false
}
