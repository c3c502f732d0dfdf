package outbox_test

import (
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/outbox"
)

func TestCopiesAreForThoseWhomThePoliciesName(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	p := mailstead.DefaultPolicies()
	p.Copies = mailstead.CopiesAdministrators
	if err := f.db.PutPolicies(t.Context(), &p, audited); err != nil {
		t.Fatal(err)
	}
	parent := f.store(f.account.ID, "From: ben@example.org\nTo: anna@example.com\nCc: carl@example.org\nSubject: Hi\n\nHi\n",
		mailstead.Headers{From: []mailstead.Address{{Address: "ben@example.org"}}})
	with := func(change func(*mailstead.Draft)) mailstead.Draft {
		d := draft("ben@example.org")
		change(&d)
		return d
	}
	list := func(a ...string) (out []mailstead.Address) {
		for _, x := range a {
			out = append(out, mailstead.Address{Address: x})
		}
		return out
	}
	all := func(cc ...string) mailstead.Draft {
		return with(func(d *mailstead.Draft) { d.Kind, d.ParentID, d.Cc = mailstead.DraftReplyAll, parent, list(cc...) })
	}
	admins := with(func(d *mailstead.Draft) {
		d.Cc, d.AccountID = list("carl@example.org"), f.account.ID
	})
	for _, c := range []struct {
		name string
		who  mailstead.Actor
		d    mailstead.Draft
		code string
	}{
		{"no copies", f.anna, draft("ben@example.org"), ""},
		{"cc", f.anna, with(func(d *mailstead.Draft) { d.Cc = list("carl@example.org") }), mailstead.CodePolicyCopies},
		{"bcc", f.anna, with(func(d *mailstead.Draft) { d.Bcc = list("carl@example.org") }), mailstead.CodePolicyCopies},
		{"the copies of an answer to all", f.anna, all("carl@example.org"), ""},
		{"one more", f.anna, all("carl@example.org", "dan@example.org"), mailstead.CodePolicyCopies},
		{"an administrator", f.admin, admins, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := f.outboxSize()
			_, _, err := f.service.Submit(t.Context(), c.who, outbox.Submission{Draft: c.d})
			if mailstead.CodeOf(err) != c.code && (err != nil || c.code != "") {
				t.Fatalf("got %v, want %q", err, c.code)
			}
			if got, want := f.outboxSize()-before, map[bool]int{true: 1}[c.code == ""]; got != want {
				t.Errorf("%d mails are stored, want %d", got, want)
			}
		})
	}
}
