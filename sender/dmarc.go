package sender

import (
	"context"
	"slices"
	"strings"
)

// policy is what a domain asks receivers to do with mail that nothing vouches for.
type policy struct {
	// at is the domain that has the record, "" for none.
	at string
	// records are all that were found there.
	records []string
	err     error
	// asked is none, quarantine or reject, "" for a record that cannot be read.
	asked string
	// strictDKIM wants a signature of the very domain (RFC 7489 section 3.1). SPF is
	// always of the very domain, since the return path is the account's address.
	strictDKIM bool
	// reports is where receivers report to, "" for nowhere.
	reports string
}

// isDMARC tells a record of DMARC (RFC 7489 section 6.3).
func isDMARC(text string) bool {
	first, _, _ := strings.Cut(text, ";")
	name, version, _ := strings.Cut(first, "=")
	return strings.TrimSpace(name) == "v" && strings.TrimSpace(version) == "DMARC1"
}

// policy finds the record of the domain, else of the organisation it belongs to
// (RFC 7489 section 6.6.3).
func (k *check) policy(ctx context.Context) (p policy) {
	for _, domain := range slices.Compact([]string{k.domain, organisation(k.domain)}) {
		p.records, p.err = k.ask.texts(ctx, "_dmarc."+domain, isDMARC)
		if p.err != nil {
			return p
		}
		if len(p.records) > 0 {
			p.at = domain
			break
		}
	}
	if len(p.records) != 1 {
		return p
	}
	t := tags(p.records[0])
	p.strictDKIM = strings.EqualFold(t["adkim"], "s")
	p.reports = t["rua"]
	asked := t["p"]
	if sp := t["sp"]; sp != "" && p.at != k.domain {
		asked = sp
	}
	switch asked = strings.ToLower(asked); {
	case asked == "none", asked == "quarantine", asked == "reject":
		p.asked = asked
	case p.reports != "":
		// Such a record is taken for p=none (RFC 7489 section 6.6.3).
		p.asked = "none"
	}
	return p
}

// dmarc says what becomes of the account's mail under the policy.
func (k *check) dmarc(p policy, spf Finding, dkim signed) Finding {
	suggested := Record{
		Name: "_dmarc." + organisation(k.domain), Type: "TXT", Value: "v=DMARC1; p=none; rua=mailto:" + asciiLocal(k.Address) + "@" + k.domain, Replaces: p.records,
	}
	switch {
	case p.err != nil:
		return unanswered(PartDMARC, "_dmarc."+k.domain)
	case p.at == "":
		return found(PartDMARC, StateAdvice, "missing", "The domain does not say what to do with mail that pretends to come from it (DMARC). Large services want it of those who send much.",
			"Add a DMARC record. This one changes nothing yet, and has reports sent to the address.", suggested)
	case len(p.records) > 1:
		return found(PartDMARC, StateAdvice, "several", "The domain "+p.at+" has more than one DMARC record. Receivers then use none of them.", "Leave one of them.")
	case p.asked == "":
		return found(PartDMARC, StateAdvice, "broken", "The DMARC record of "+p.at+" cannot be read: "+clip(p.records[0]), "Correct the record: p= must be none, quarantine or reject.")
	}
	by := p.aligned(k, spf, dkim)
	where := ""
	if p.at != k.domain {
		where = " The record is that of " + p.at + "."
	}
	switch {
	case by == "" && p.asked != "none":
		return k.misaligned(p, spf, dkim, where)
	case p.asked != "none":
		return found(PartDMARC, StateOK, "ok", "The domain asks receivers to "+verb(p.asked)+" mail that nothing vouches for (DMARC). "+by+where, "")
	case k.Owned:
		return found(PartDMARC, StateOK, "none", "The domain asks receivers to do nothing against forged mail (DMARC p=none)."+where, "")
	}
	raise := "When the reports show that all of your own mail passes, raise it to p=quarantine."
	if p.reports == "" {
		raise = "Have reports sent to you (rua=mailto:…). When they show that all of your own mail passes, raise it to p=quarantine."
	}
	return found(PartDMARC, StateAdvice, "none", strings.TrimSpace("The domain asks receivers to do nothing against forged mail (DMARC p=none). "+by)+where, raise)
}

// misaligned is a domain that asks receivers to act, when nothing is seen to vouch for
// the account's mail.
func (k *check) misaligned(p policy, spf Finding, dkim signed, where string) Finding {
	text := "The domain asks receivers to " + verb(p.asked) + " mail that nothing vouches for (DMARC)."
	if spf.State == StateUnknown || dkim.State == StateUnknown {
		return found(PartDMARC, StateUnknown, "alignment_unseen", text+" Whether SPF or DKIM vouch for this account’s mail could not be seen."+where, "Send a test mail with a round trip to a mailbox of another service.")
	}
	return found(PartDMARC, StateAdvice, "misaligned", text+" Neither SPF nor DKIM vouch for this account’s mail: it is likely not to arrive."+where, "Follow the advice on SPF or DKIM first.")
}

// aligned says what vouches for the account's mail, "" for nothing. Its return path is
// the account's address, so SPF that passes is always of the domain in From.
func (p policy) aligned(k *check, spf Finding, dkim signed) string {
	for _, d := range dkim.good {
		if d == k.domain || !p.strictDKIM && organisation(d) == organisation(k.domain) {
			return "The signature (DKIM) vouches for mail of this account."
		}
	}
	// Behind spf.open the servers are allowed, too.
	passes := spf.Code == "spf.ok" || spf.Code == "spf.open"
	if passes && k.OutgoingHost != "" && !k.service.OwnReturnPath {
		return "SPF vouches for mail of this account, whose return path is its own address."
	}
	return ""
}

func verb(asked string) string {
	if asked == "reject" {
		return "refuse"
	}
	return "set aside as junk"
}

// asciiLocal is the part of an address before the domain if it can stand in a record.
func asciiLocal(address string) string {
	local, _, _ := strings.Cut(address, "@")
	if strings.ContainsFunc(local, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`,;!"\%`, r) }) {
		return "postmaster"
	}
	return local
}
