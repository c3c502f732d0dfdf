package mailstead_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
)

func TestCleanAddress(t *testing.T) {
	for in, want := range map[string]string{
		"anna@example.com":         "anna@example.com",
		" Anna.Rossi@Example.COM ": "Anna.Rossi@example.com",
		"anna+tag@bücher.example":  "anna+tag@xn--bcher-kva.example",
		`"anna rossi"@example.com`: "",
		"почта@example.com":        "почта@example.com",
		`"anna"@example.com`:       "anna@example.com",
		`".anna"@example.com`:      "",
		`"anna."@example.com`:      "",
		`"anna..r"@example.com`:    "",
		"":                         "",
		"anna":                     "",
		"anna@":                    "",
		"@example.com":             "",
		"anna@example.com\r\nBcc: eve@example.net": "",
		"anna@example.com, eve@example.net":        "",
		"Anna <anna@example.com>":                  "",
		"anna@exa mple.com":                        "",
		strings.Repeat("a", 65) + "@example.com":   "",
		"anna@" + strings.Repeat("a", 64) + ".com": "",
	} {
		t.Run(in, func(t *testing.T) {
			got, err := mailstead.CleanAddress("address", in)
			if got != want || (err == nil) != (want != "") {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		})
	}
}

func draft(change func(*mailstead.Draft)) mailstead.Draft {
	d := mailstead.Draft{To: []mailstead.Address{{Name: "Ben", Address: "ben@example.com"}}, Subject: "Offer", Text: "Hello"}
	change(&d)
	return d
}

func TestDraftRefusesHostileFields(t *testing.T) {
	const crlf = "x\r\nBcc: eve@example.net"
	for name, change := range map[string]func(*mailstead.Draft){
		"no recipient":         func(d *mailstead.Draft) { d.To = nil },
		"line break in To":     func(d *mailstead.Draft) { d.To[0].Address = "ben@example.com\r\nX: y" },
		"line break in name":   func(d *mailstead.Draft) { d.To[0].Name = crlf },
		"line break in Cc":     func(d *mailstead.Draft) { d.Cc = []mailstead.Address{{Address: crlf}} },
		"line break in Bcc":    func(d *mailstead.Draft) { d.Bcc = []mailstead.Address{{Name: crlf, Address: "a@example.com"}} },
		"line break in answer": func(d *mailstead.Draft) { d.ReplyTo = []mailstead.Address{{Address: crlf}} },
		"line break in title":  func(d *mailstead.Draft) { d.Subject = crlf },
		"U+2028 in title":      func(d *mailstead.Draft) { d.Subject = "a\u2028b" },
		"invalid UTF-8":        func(d *mailstead.Draft) { d.Subject = "a\xff" },
		"line break in reference": func(d *mailstead.Draft) {
			d.References = []string{"a@example.com>\r\nX: <y"}
		},
		"line break in file name": func(d *mailstead.Draft) { d.Attachments = []mailstead.DraftAttachment{{Name: crlf}} },
		"line break in file type": func(d *mailstead.Draft) {
			d.Attachments = []mailstead.DraftAttachment{{Name: "a", MediaType: "text/plain\r\nX: y"}}
		},
		"parameters in file type": func(d *mailstead.Draft) {
			d.Attachments = []mailstead.DraftAttachment{{Name: "a", MediaType: "text/plain; name=x"}}
		},
		"line break in content id": func(d *mailstead.Draft) {
			d.Attachments = []mailstead.DraftAttachment{{Name: "a", ContentID: crlf}}
		},
		"too many recipients": func(d *mailstead.Draft) {
			d.To = make([]mailstead.Address, mailstead.MaxRecipients+1)
			for i := range d.To {
				d.To[i].Address = "ben@example.com"
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := draft(change)
			before := d.Subject
			if err := d.Validate(1000); mailstead.KindOf(err) != mailstead.KindInvalid || err == nil {
				t.Errorf("got %v, want an error of kind invalid", err)
			}
			if d.Subject != before {
				t.Error("a refused draft was changed")
			}
		})
	}
}

func TestDraftLimitsFiles(t *testing.T) {
	d := draft(func(d *mailstead.Draft) {
		d.Attachments = []mailstead.DraftAttachment{{Name: "a", Content: make([]byte, 600)}, {Name: "b", Content: make([]byte, 600)}}
	})
	err := d.Validate(1000)
	if mailstead.KindOf(err) != mailstead.KindTooLarge || mailstead.CodeOf(err) != "draft.attachments_too_large" {
		t.Errorf("got %v", err)
	}
	if err := d.Validate(1200); err != nil {
		t.Error(err)
	}
}

func TestDraftRecipientsAreNamedOnce(t *testing.T) {
	d := draft(func(d *mailstead.Draft) {
		d.Cc = []mailstead.Address{{Address: "cleo@example.com"}, {Address: "BEN@Example.com"}}
		d.Bcc = []mailstead.Address{{Address: "cleo@EXAMPLE.com"}}
	})
	if err := d.Validate(0); err != nil {
		t.Fatal(err)
	}
	want := []string{"ben@example.com", "cleo@example.com", "BEN@example.com"}
	if diff := cmp.Diff(want, d.Recipients()); diff != "" {
		t.Error(diff)
	}
}

func TestFoldText(t *testing.T) {
	for in, want := range map[string]string{
		"":                "",
		"  Perché  NO?! ": "perche no",
		"Ёлка и Йод":      "елка и иод",
		"straße №5":       "straße no5",
		"ΣΊΣΥΦΟΣ σίσυφος": "σισυφοσ σισυφοσ",
		"a-b_c\td":        "a b c d",
		"ﬁne":             "fine",
		"e\u0301te\u0301": "ete",
	} {
		if got := mailstead.FoldText(in); got != want {
			t.Errorf("FoldText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLoadPeriod(t *testing.T) {
	for in, ok := range map[mailstead.LoadPeriod]bool{
		"": true, "none": true, "all": true, "days:30": true, "months:6": true, "count:500": true,
		"days:0": false, "days:-1": false, "weeks:2": false, "days": false, "count:99999999999": false, "all:1": false,
	} {
		if _, err := in.Parse(); (err == nil) != ok {
			t.Errorf("Parse(%q) = %v", in, err)
		}
	}
}
