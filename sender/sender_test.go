package sender_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/sender"
)

// own is a domain with a mail server of its own, and everything right.
var own = mailtest.Zone{
	"firm.example MX mx.firm.example.", "mx.firm.example A 198.51.100.7", "smtp.firm.example A 198.51.100.7",
	"firm.example TXT v=spf1 mx -all", "firm.example TXT verification=something",
	"_dmarc.firm.example TXT v=DMARC1; p=reject; rua=mailto:dmarc@firm.example",
}

// hosted is a domain at a service that is known.
var hosted = mailtest.Zone{
	"firm.example MX aspmx.l.google.com.", "aspmx.l.google.com A 198.51.100.20",
	"firm.example TXT v=spf1 include:_spf.google.com ~all",
	"_spf.google.com TXT v=spf1 include:_netblocks.google.com ~all", "_netblocks.google.com TXT v=spf1 ip4:192.0.2.0/25 ip6:2001:db8:1::/48 ~all",
	"_dmarc.firm.example TXT v=DMARC1; p=quarantine",
	"google._domainkey.firm.example TXT v=DKIM1; k=rsa; p=MIGf",
}

func atOwn() sender.Question {
	return sender.Question{Address: "anna@firm.example", OutgoingHost: "smtp.firm.example"}
}

func atGoogle() sender.Question {
	return sender.Question{Address: "anna@firm.example", OutgoingHost: "smtp.gmail.com", Provider: "Google Workspace", MXSuffixes: []string{"google.com"}}
}

func checker(t *testing.T, r sender.Resolver) *sender.Checker {
	t.Helper()
	c, err := sender.New(r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// codes lists what was found, in one line.
func codes(r sender.Result) string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, string(f.State)+":"+f.Code)
	}
	return strings.Join(out, " ")
}

func TestCheck(t *testing.T) {
	many := own.Without("firm.example TXT v=spf1").With("firm.example TXT v=spf1 include:a0.example -all")
	for i := range 11 {
		many = many.With("a" + string(rune('0'+i)) + ".example TXT v=spf1 include:a" + string(rune('1'+i)) + ".example ~all")
	}
	spf := func(record string) mailtest.Zone {
		return own.Without("firm.example TXT v=spf1").With("firm.example TXT " + record)
	}
	dmarc := func(record string) mailtest.Zone {
		return own.Without("_dmarc").With("_dmarc.firm.example TXT " + record)
	}
	google := func(record string) mailtest.Zone {
		return hosted.Without("firm.example TXT").With("firm.example TXT " + record)
	}
	for _, c := range []struct {
		name string
		zone mailtest.Zone
		q    sender.Question
		want string
	}{
		{"a server of its own", own, atOwn(), "ok:mx.ok ok:spf.ok unknown:dkim.no_mail ok:dmarc.ok"},
		{"a known service", hosted, atGoogle(), "ok:mx.ok ok:spf.ok unknown:dkim.key_present ok:dmarc.ok"},
		{"a domain that is not there", mailtest.Zone{}, atOwn(), "advice:mx.missing advice:spf.missing unknown:dkim.no_mail advice:dmarc.missing"},
		{"name servers that fail", mailtest.Zone{"firm.example FAIL", "_dmarc.firm.example FAIL"}, atOwn(), "unknown:mx.unanswered unknown:spf.unanswered unknown:dkim.no_mail unknown:dmarc.unanswered"},

		{"no MX but an address", own.Without("firm.example MX").With("firm.example A 198.51.100.7"), atOwn(), "advice:mx.implicit advice:spf.server_missing unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"null MX", own.Without("firm.example MX").With("firm.example MX ."), atOwn(), "advice:mx.null advice:spf.server_missing unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"an MX without an address", own.Without("mx.firm.example"), atOwn(), "advice:mx.no_address advice:spf.server_missing unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"an MX of somebody else", hosted.Without("firm.example MX").With("firm.example MX mx.filter.example.", "mx.filter.example A 198.51.100.9"), atGoogle(), "advice:mx.elsewhere ok:spf.ok unknown:dkim.key_present ok:dmarc.ok"},

		{"two SPF records", own.With("firm.example TXT v=spf1 a ~all"), atOwn(), "ok:mx.ok advice:spf.several unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"SPF without the service", google("v=spf1 mx -all"), atGoogle(), "ok:mx.ok advice:spf.service_missing unknown:dkim.key_present unknown:dmarc.alignment_unseen"},
		{"SPF with the service by way of another", google("v=spf1 include:all.firm.example -all").With("all.firm.example TXT v=spf1 include:_spf.google.com -all"), atGoogle(), "ok:mx.ok ok:spf.ok unknown:dkim.key_present ok:dmarc.ok"},
		{"SPF that leads to the service", google("v=spf1 redirect=_spf.google.com"), atGoogle(), "ok:mx.ok ok:spf.ok unknown:dkim.key_present ok:dmarc.ok"},
		{"SPF with the networks of the service", google("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"), atGoogle(), "ok:mx.ok ok:spf.ok unknown:dkim.key_present ok:dmarc.ok"},
		{"SPF with one network of the service", google("v=spf1 ip4:192.0.2.0/24 -all"), atGoogle(), "ok:mx.ok advice:spf.service_missing unknown:dkim.key_present unknown:dmarc.alignment_unseen"},
		{"SPF with the service behind its end", google("v=spf1 mx -all include:_spf.google.com"), atGoogle(), "ok:mx.ok advice:spf.service_missing unknown:dkim.key_present unknown:dmarc.alignment_unseen"},
		{"SPF that refuses the service", google("v=spf1 -include:_spf.google.com ~all"), atGoogle(), "ok:mx.ok advice:spf.service_missing unknown:dkim.key_present unknown:dmarc.alignment_unseen"},
		{"SPF with too many look-ups", many, atOwn(), "ok:mx.ok advice:spf.too_many_lookups unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"SPF that leads nowhere", spf("v=spf1 a:x1.example a:x2.example a:x3.example mx -all"), atOwn(), "ok:mx.ok advice:spf.void_lookups unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"SPF that includes nothing", spf("v=spf1 mx include:nobody.example -all"), atOwn(), "ok:mx.ok advice:spf.broken_include unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"SPF that cannot be read", spf("v=spf1 mx ipv4:198.51.100.7 -all"), atOwn(), "ok:mx.ok advice:spf.broken unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"an include that is not answered", spf("v=spf1 mx include:slow.example -all").With("slow.example FAIL"), atOwn(), "ok:mx.ok unknown:spf.unanswered unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"~all", spf("v=spf1 mx ~all"), atOwn(), "ok:mx.ok ok:spf.ok unknown:dkim.no_mail ok:dmarc.ok"},
		{"?all", spf("v=spf1 mx ?all"), atOwn(), "ok:mx.ok advice:spf.open unknown:dkim.no_mail ok:dmarc.ok"},
		{"no end", spf("v=spf1 mx"), atOwn(), "ok:mx.ok advice:spf.open unknown:dkim.no_mail ok:dmarc.ok"},
		{"+all", spf("v=spf1 +all"), atOwn(), "ok:mx.ok advice:spf.anyone unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"SPF without one address of the server", own.With("smtp.firm.example AAAA 2001:db8::7"), atOwn(), "ok:mx.ok advice:spf.server_missing unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"a server in a private network", own, sender.Question{Address: "anna@firm.example", OutgoingHost: "10.1.2.3"}, "ok:mx.ok unknown:spf.server_unseen unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"an account that does not send", own, sender.Question{Address: "anna@firm.example"}, "ok:mx.ok ok:spf.present unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"a relay with its own return path", own.Without("firm.example TXT"), sender.Question{Address: "anna@firm.example", OutgoingHost: "smtp.sendgrid.net"}, "ok:mx.ok ok:spf.own_return_path unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},
		{"and a record that says nothing of others", spf("v=spf1 mx"), sender.Question{Address: "anna@firm.example", OutgoingHost: "smtp.sendgrid.net"}, "ok:mx.ok advice:spf.open unknown:dkim.no_mail unknown:dmarc.alignment_unseen"},

		{"no key where the service has it", hosted.Without("google._domainkey"), atGoogle(), "ok:mx.ok ok:spf.ok unknown:dkim.key_unseen ok:dmarc.ok"},

		{"no DMARC", own.Without("_dmarc"), atOwn(), "ok:mx.ok ok:spf.ok unknown:dkim.no_mail advice:dmarc.missing"},
		{"p=none", dmarc("v=DMARC1; p=none; rua=mailto:x@firm.example"), atOwn(), "ok:mx.ok ok:spf.ok unknown:dkim.no_mail advice:dmarc.none"},
		{"no p but reports", dmarc("v=DMARC1; rua=mailto:x@firm.example"), atOwn(), "ok:mx.ok ok:spf.ok unknown:dkim.no_mail advice:dmarc.none"},
		{"DMARC that cannot be read", dmarc("v=DMARC1; p=perhaps"), atOwn(), "ok:mx.ok ok:spf.ok unknown:dkim.no_mail advice:dmarc.broken"},
		{"two DMARC records", own.With("_dmarc.firm.example TXT v=DMARC1; p=none"), atOwn(), "ok:mx.ok ok:spf.ok unknown:dkim.no_mail advice:dmarc.several"},
		{
			"DMARC of the organisation", own.With("sales.firm.example MX mx.firm.example.", "sales.firm.example TXT v=spf1 mx -all"),
			sender.Question{Address: "anna@sales.firm.example", OutgoingHost: "smtp.firm.example"},
			"ok:mx.ok ok:spf.ok unknown:dkim.no_mail ok:dmarc.ok",
		},
		{
			"sp of the organisation", dmarc("v=DMARC1; p=reject; sp=none").With("sales.firm.example MX mx.firm.example.", "sales.firm.example TXT v=spf1 mx -all"),
			sender.Question{Address: "anna@sales.firm.example", OutgoingHost: "smtp.firm.example"},
			"ok:mx.ok ok:spf.ok unknown:dkim.no_mail advice:dmarc.none",
		},
		{"the provider’s own domain", dmarc("v=DMARC1; p=none"), sender.Question{Address: "anna@firm.example", OutgoingHost: "smtp.firm.example", Provider: "Firm Mail", Owned: true}, "ok:mx.ok ok:spf.ok unknown:dkim.no_mail ok:dmarc.none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := checker(t, c.zone.Resolver(t)).Check(t.Context(), c.q)
			if d := cmp.Diff(c.want, codes(got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			for _, f := range got.Findings {
				if f.Text == "" || (f.State == sender.StateAdvice) != (f.Action != "") && f.State != sender.StateUnknown {
					t.Errorf("%s says %q and advises %q", f.Code, f.Text, f.Action)
				}
			}
		})
	}
}

// TestRecords holds the records to add, and what they replace.
func TestRecords(t *testing.T) {
	txt := func(value string, instead ...string) []sender.Record {
		return []sender.Record{{Name: "firm.example", Type: "TXT", Value: value, Replaces: instead}}
	}
	for _, c := range []struct {
		name string
		part int
		zone mailtest.Zone
		q    sender.Question
		want []sender.Record
	}{
		{"MX of a known service", 0, mailtest.Zone{}, atGoogle(), []sender.Record{{Name: "firm.example", Type: "MX", Value: "1 smtp.google.com"}}},
		{"instead of null MX", 0, mailtest.Zone{"firm.example MX ."}, atGoogle(), []sender.Record{{Name: "firm.example", Type: "MX", Value: "1 smtp.google.com", Replaces: []string{"0 ."}}}},
		{"MX of nobody known", 0, mailtest.Zone{}, atOwn(), nil},
		{"SPF of a known service", 1, mailtest.Zone{}, atGoogle(), txt("v=spf1 include:_spf.google.com ~all")},
		{"SPF of a server", 1, mailtest.Zone{}, atOwn(), txt("v=spf1 a:smtp.firm.example ~all")},
		{"SPF of an address", 1, mailtest.Zone{}, sender.Question{Address: "anna@firm.example", OutgoingHost: "198.51.100.7"}, txt("v=spf1 ip4:198.51.100.7 ~all")},
		{"SPF before the end", 1, hosted.Without("firm.example TXT").With("firm.example TXT v=spf1 mx -all"), atGoogle(), txt("v=spf1 mx include:_spf.google.com -all", "v=spf1 mx -all")},
		{"SPF before a redirect", 1, mailtest.Zone{"firm.example TXT v=spf1 redirect=x.example", "x.example TXT v=spf1 -all"}, atGoogle(), txt("v=spf1 include:_spf.google.com redirect=x.example", "v=spf1 redirect=x.example")},
		{"SPF put together", 1, mailtest.Zone{"firm.example TXT v=spf1 mx -all", "firm.example TXT v=spf1 mx include:x.example ?all"}, atOwn(), txt("v=spf1 mx include:x.example ~all", "v=spf1 mx -all", "v=spf1 mx include:x.example ?all")},
		{"SPF with an end", 1, own.Without("firm.example TXT v=spf1").With("firm.example TXT v=spf1 mx +all"), atOwn(), txt("v=spf1 mx ~all", "v=spf1 mx +all")},
		{"DMARC", 3, mailtest.Zone{}, atOwn(), []sender.Record{{Name: "_dmarc.firm.example", Type: "TXT", Value: "v=DMARC1; p=none; rua=mailto:anna@firm.example"}}},
		{"of a domain of the provider", 3, mailtest.Zone{}, sender.Question{Address: "anna@firm.example", Owned: true, Provider: "Firm Mail"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := checker(t, c.zone.Resolver(t)).Check(t.Context(), c.q)
			if d := cmp.Diff(c.want, got.Findings[c.part].Records); d != "" {
				t.Errorf("%s (-want +got):\n%s", got.Findings[c.part].Code, d)
			}
		})
	}
}

// silent is a resolver whose name servers never answer.
type silent struct{}

func (silent) LookupMX(ctx context.Context, _ string) ([]*net.MX, error) { return wait[[]*net.MX](ctx) }

func (silent) LookupTXT(ctx context.Context, _ string) ([]string, error) { return wait[[]string](ctx) }

func (silent) LookupIPAddr(ctx context.Context, _ string) ([]net.IPAddr, error) {
	return wait[[]net.IPAddr](ctx)
}

func (silent) LookupAddr(ctx context.Context, _ string) ([]string, error) { return wait[[]string](ctx) }

func wait[T any](ctx context.Context) (none T, err error) {
	<-ctx.Done()
	return none, ctx.Err()
}

func TestSilenceEndsInFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		got := checker(t, silent{}).Check(t.Context(), atGoogle())
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
		if d := cmp.Diff("unknown:mx.unanswered unknown:spf.unanswered unknown:dkim.unanswered unknown:dmarc.unanswered", codes(got)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// endless is a resolver by which every name includes others.
type endless struct {
	silent
	asked atomic.Int32
}

func (e *endless) LookupTXT(_ context.Context, name string) ([]string, error) {
	e.asked.Add(1)
	return []string{"v=spf1 include:a." + name + " include:b." + name + " include:c." + name + " ~all"}, nil
}

func (*endless) LookupMX(context.Context, string) ([]*net.MX, error) { return nil, nil }

func TestEndlessIncludesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endless{}
		q := atGoogle()
		q.OutgoingHost = ""
		got := checker(t, e).Check(t.Context(), q)
		if got.Findings[1].Code != "spf.too_many_lookups" || e.asked.Load() > 50 {
			t.Errorf("got %s after %d questions", got.Findings[1].Code, e.asked.Load())
		}
	})
}

// nothing is a resolver that has texts at most.
type nothing struct{ text []string }

func (*nothing) LookupMX(context.Context, string) ([]*net.MX, error) { return nil, nil }

func (n *nothing) LookupTXT(context.Context, string) ([]string, error) { return n.text, nil }

func (*nothing) LookupIPAddr(context.Context, string) ([]net.IPAddr, error) { return nil, nil }

func (*nothing) LookupAddr(context.Context, string) ([]string, error) { return nil, nil }
