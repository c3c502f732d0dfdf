package sender_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/sender"
)

const mail = "From: anna@firm.example\r\nTo: bruno@elsewhere.example\r\nSubject: Test\r\n\r\nHello\r\n"

// sign adds the signature of a domain to a mail, and returns the record of its key.
func sign(t *testing.T, raw, domain, selector string) (mail, record string) {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = dkim.Sign(&out, strings.NewReader(raw), &dkim.SignOptions{Domain: domain, Selector: selector, Signer: key, Hash: crypto.SHA256, HeaderKeys: []string{"From", "Subject"}})
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), selector + "._domainkey." + domain + " TXT v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
}

func TestDKIM(t *testing.T) {
	signed, key := sign(t, mail, "firm.example", "s1")
	below, belowKey := sign(t, mail, "mail.firm.example", "s1")
	foreign, foreignKey := sign(t, mail, "relay.example", "r")
	both, bothKey := sign(t, foreign, "firm.example", "s2")
	_, other := sign(t, mail, "firm.example", "s1")
	strict := own.Without("_dmarc").With("_dmarc.firm.example TXT v=DMARC1; p=reject; adkim=s")
	noSPF := own.Without("firm.example TXT").With("firm.example TXT v=spf1 -all")
	for _, c := range []struct {
		name string
		zone mailtest.Zone
		mail string
		near bool
		want string
	}{
		{"a good signature", own.With(key), signed, false, "ok:dkim.ok ok:dmarc.ok"},
		{"a signature when SPF does not vouch", noSPF.With(key), signed, false, "ok:dkim.ok ok:dmarc.ok"},
		{"a signature of a domain below", noSPF.With(belowKey), below, false, "ok:dkim.ok ok:dmarc.ok"},
		{"and one that has to be the very domain", strict.Without("firm.example TXT").With("firm.example TXT v=spf1 -all", belowKey), below, false, "ok:dkim.ok advice:dmarc.misaligned"},
		{"a signature of somebody else", own.With(foreignKey), foreign, false, "advice:dkim.misaligned ok:dmarc.ok"},
		{"nothing vouches", noSPF.With(foreignKey), foreign, false, "advice:dkim.misaligned advice:dmarc.misaligned"},
		{"two signatures", own.With(foreignKey, bothKey), both, false, "ok:dkim.ok ok:dmarc.ok"},
		{"the key of the second is missing", own.With(foreignKey), both, false, "advice:dkim.key_missing ok:dmarc.ok"},
		{"the key is missing", own, signed, false, "advice:dkim.key_missing ok:dmarc.ok"},
		{"the key was revoked", own.With("s1._domainkey.firm.example TXT v=DKIM1; p="), signed, false, "advice:dkim.key_revoked ok:dmarc.ok"},
		{"another key", own.With(other), signed, false, "advice:dkim.bad_signature ok:dmarc.ok"},
		{"a mail that was changed", own.With(key), signed + "and more\r\n", false, "advice:dkim.bad_signature ok:dmarc.ok"},
		{"the key is not answered", own.With("s1._domainkey.firm.example FAIL"), signed, false, "unknown:dkim.unanswered ok:dmarc.ok"},
		{"no signature", own, mail, false, "advice:dkim.unsigned ok:dmarc.ok"},
		{"no signature within the domain", own, mail, true, "unknown:dkim.unsigned_near ok:dmarc.ok"},
		{"a signature that cannot be read", own, "DKIM-Signature: v=1; d=firm.example\r\n" + mail, false, "advice:dkim.bad_signature ok:dmarc.ok"},
		{"no mail at all", own, "\x00\xff", false, "unknown:dkim.unreadable ok:dmarc.ok"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := atOwn()
			q.Mail, q.Near = []byte(c.mail), c.near
			got := checker(t, c.zone.Resolver(t)).Check(t.Context(), q)
			if d := cmp.Diff(c.want, codes(sender.Result{Findings: got.Findings[2:]})); d != "" {
				t.Errorf("%s (-want +got):\n%s", got.Findings[2].Text, d)
			}
		})
	}
}

// FuzzDKIM gives mails of strangers to the reader of signatures.
func FuzzDKIM(f *testing.F) {
	f.Add([]byte(mail))
	f.Add([]byte("DKIM-Signature: v=1; a=rsa-sha256; d=firm.example; s=x; h=from; bh=; b=\r\n" + mail))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := sender.New(&nothing{})
		if err != nil {
			t.Fatal(err)
		}
		q := atOwn()
		q.Mail = raw
		c.Check(t.Context(), q)
	})
}

// FuzzRecords gives texts of strangers to the readers of SPF and DMARC.
func FuzzRecords(f *testing.F) {
	for _, s := range []string{"v=spf1 mx include:x.example/24 redirect=%{i} -all", "v=DMARC1; p=none; sp=; rua=mailto:x", "v=spf1 ip4:1/2 a:: exists:%{ir}.x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := sender.New(&nothing{text: []string{text}})
		if err != nil {
			t.Fatal(err)
		}
		c.Check(t.Context(), atGoogle())
	})
}
