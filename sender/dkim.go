package sender

import (
	"bytes"
	"context"
	"net/mail"
	"strings"

	dkimlib "github.com/emersion/go-msgauth/dkim"
)

// maxSignatures is how many signatures of a mail are looked at.
const maxSignatures = 5

// signed is what DKIM says, and for which domains a signature was good.
type signed struct {
	Finding
	good []string
}

// dkim looks at the signatures of a mail that came back; without one, at the usual
// names of keys.
func (k *check) dkim(ctx context.Context) signed {
	if k.Mail == nil {
		return signed{Finding: k.usualKeys(ctx)}
	}
	lookup := func(name string) ([]string, error) { return k.ask.LookupTXT(ctx, name) }
	all, err := dkimlib.VerifyWithOptions(bytes.NewReader(k.Mail), &dkimlib.VerifyOptions{LookupTXT: lookup, MaxVerifications: maxSignatures})
	switch {
	case err != nil && len(all) == 0:
		return signed{Finding: found(PartDKIM, StateUnknown, "unreadable", "The mail that came back could not be read.", "Send another test mail.")}
	case len(all) == 0:
		return signed{Finding: k.unsigned()}
	}
	var s signed
	var own *dkimlib.Verification
	at := 0
	for i, v := range all {
		v.Domain = ascii(v.Domain)
		if v.Err == nil {
			s.good = append(s.good, v.Domain)
		}
		if organisation(v.Domain) == organisation(k.domain) && (own == nil || own.Err != nil) {
			own, at = v, i
		}
	}
	switch {
	case own == nil:
		s.Finding = found(PartDKIM, StateAdvice, "misaligned", "Mail of the account is signed (DKIM) for "+all[0].Domain+" only, not for "+k.domain+".",
			"Switch DKIM on for the domain where its mail is sent; the service shows the record to add.")
	case own.Err == nil:
		s.Finding = found(PartDKIM, StateOK, "ok", "A mail that came back bore a good signature (DKIM) of "+own.Domain+".", "")
	case dkimlib.IsTempFail(own.Err) || ctx.Err() != nil:
		s.Finding = unanswered(PartDKIM, "the key of the signature")
	default:
		s.Finding = k.badSignature(ctx, own, selectors(k.Mail)[at])
	}
	return s
}

// unsigned is a mail that came back without any signature.
func (k *check) unsigned() Finding {
	if k.Near {
		return found(PartDKIM, StateUnknown, "unsigned_near", "The mail that came back bore no signature (DKIM), but it did not leave the domain: many services sign only what does.",
			"Send a test mail with a round trip to a mailbox of another service.")
	}
	return found(PartDKIM, StateAdvice, "unsigned", "A mail that came back bore no signature (DKIM).",
		"Switch DKIM on for the domain where its mail is sent; the service shows the record to add.")
}

// badSignature is a signature of the domain that does not hold.
func (k *check) badSignature(ctx context.Context, v *dkimlib.Verification, selector string) Finding {
	name := selector + "._domainkey." + v.Domain
	if selector == "" {
		return found(PartDKIM, StateAdvice, "bad_signature", "A mail that came back bore a signature (DKIM) of "+v.Domain+" that cannot be read.", "Ask who runs the outgoing server.")
	}
	keys, err := k.ask.LookupTXT(ctx, name)
	switch {
	case err != nil && !notFound(err):
		return unanswered(PartDKIM, name)
	case len(keys) == 0:
		return found(PartDKIM, StateAdvice, "key_missing", "Mail of the account is signed (DKIM), but the key is not in DNS: there is no record "+name+".",
			"Add the TXT record "+name+" that the service which sends the mail shows.")
	case revoked(keys[0]):
		return found(PartDKIM, StateAdvice, "key_revoked", "Mail of the account is signed (DKIM) with a key that was revoked: "+name+".",
			"Switch DKIM on anew where the mail is sent, and add the record that is shown there.")
	default:
		return found(PartDKIM, StateAdvice, "bad_signature", "A mail that came back bore a signature (DKIM) of "+v.Domain+" that does not hold: "+clip(strings.TrimPrefix(v.Err.Error(), "dkim: "))+". Either the key in DNS ("+name+") is another one, or the mail was changed on its way.",
			"Compare the record with the one that the service which sends the mail shows.")
	}
}

// revoked tells a key without one (RFC 6376 section 3.6.1).
func revoked(key string) bool {
	p, ok := tags(key)["p"]
	return ok && p == ""
}

// usualKeys looks for keys where the service usually has them. Whether mail is signed
// with one, a mail alone can show.
func (k *check) usualKeys(ctx context.Context) Finding {
	const send = "Send a test mail with a round trip; its signature will be looked at."
	for _, selector := range k.service.Selectors {
		name := selector + "._domainkey." + k.domain
		keys, err := k.ask.LookupTXT(ctx, name)
		if err == nil && len(keys) > 0 && tags(keys[0])["p"] != "" {
			return found(PartDKIM, StateUnknown, "key_present", "A key for signatures (DKIM) stands at "+name+". Whether mail is signed with it, a mail alone can show.", send)
		}
		if err != nil && !notFound(err) {
			return unanswered(PartDKIM, name)
		}
	}
	if len(k.service.Selectors) > 0 {
		return found(PartDKIM, StateUnknown, "key_unseen", "Where "+k.service.Name+" usually has the key for signatures (DKIM), "+k.service.Selectors[0]+"._domainkey."+k.domain+", there is none; it may have another name.",
			"Switch DKIM on for the domain there, unless it is. "+send)
	}
	return found(PartDKIM, StateUnknown, "no_mail", "Whether mail of the account is signed (DKIM), a mail alone can show.", send)
}

// selectors are the s= of the signatures of a mail, in their order.
func selectors(raw []byte) (out []string) {
	if m, err := mail.ReadMessage(bytes.NewReader(raw)); err == nil {
		for _, s := range m.Header["Dkim-Signature"] {
			out = append(out, tags(s)["s"])
		}
	}
	// One for each that could be there.
	return append(out, make([]string, maxSignatures)...)
}

// tags reads a list of tags (RFC 6376 section 3.2).
func tags(s string) map[string]string {
	out := make(map[string]string)
	for part := range strings.SplitSeq(s, ";") {
		name, value, ok := strings.Cut(part, "=")
		if name = strings.TrimSpace(name); ok {
			if _, twice := out[name]; !twice {
				out[name] = strings.Join(strings.Fields(value), "")
			}
		}
	}
	return out
}
