//go:build realservers

package main_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// badMail is a mail of POST /outbox with something wrong.
type badMail struct {
	name string
	// set are the wrong fields, beside those of a good mail.
	set  map[string]any
	code string
	// flags are the same as arguments of send, beside those of a good mail; nil
	// where the command line cannot say it. cli is its code there, when another.
	flags []string
	cli   string
	// raw is a body that is no JSON of a mail, headers are further ones.
	raw     string
	headers []string
	// text is what send reads.
	text string
}

func person(address string) map[string]any { return map[string]any{"address": address} }

func file(name, mediaType string, content []byte) map[string]any {
	return map[string]any{"name": name, "media_type": mediaType, "content": content}
}

// TestBadMails: whatever is wrong with a mail has a stable code and a plain
// sentence in the API and on the command line, and nothing of it is stored.
func TestBadMails(t *testing.T) {
	t.Parallel()
	servers := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{})
	var golden strings.Builder
	d := newBadDesk(t, &golden, "", loopback(t, servers)...).row(t)
	status, _, body := d.ask(http.MethodPost, "/connect/save", map[string]any{
		"address": mailtest.Anna.Address, "password": mailtest.Anna.Password, "send_only": true,
		"outgoing": map[string]any{"host": servers.Postfix.SMTP(mailstead.SecurityTLS).String()},
	})
	if status != http.StatusCreated {
		t.Fatalf("connect: %d %s", status, body)
	}
	dir := t.TempDir()
	sized := func(name string, size int64) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, nil, 0o600))
		must(t, os.Truncate(path, size))
		return path
	}
	many := make([]map[string]any, 501)
	var manyFlags []string
	for i := range many {
		many[i] = person(fmt.Sprintf("ben+%d@example.com", i))
		manyFlags = append(manyFlags, "--to", fmt.Sprintf("ben+%d@example.com", i))
	}
	const inject = "\r\nBcc: eve@example.net"
	for _, m := range []badMail{
		{name: "no recipient", set: map[string]any{"to": nil}, code: "draft.no_recipient", flags: []string{}},
		{name: "no address", set: map[string]any{"to": []any{person("ben")}}, code: "input.address", flags: []string{"--to", "ben"}},
		{name: "a line break in an address", set: map[string]any{"to": []any{person("ben@example.com" + inject)}}, code: "input.address", flags: []string{"--to", "ben@example.com" + inject}},
		{name: "a line break in a copy's address", set: map[string]any{"cc": []any{person("ben@example.com" + inject)}}, code: "input.address", flags: []string{"--to", "ben@example.com", "--cc", "ben@example.com" + inject}},
		{name: "two addresses in one", set: map[string]any{"bcc": []any{person("ben@example.com, eve@example.net")}}, code: "input.address", flags: []string{"--to", "ben@example.com", "--bcc", "ben@example.com, eve@example.net"}},
		{
			name: "a header in a recipient's name", set: map[string]any{"to": []any{map[string]any{"name": "Ben" + inject, "address": "ben@example.com"}}}, code: "input.control_character",
			flags: []string{"--to", "Ben" + inject + " <ben@example.com>"}, cli: "input.address",
		},
		{name: "a line break in the address for replies", set: map[string]any{"reply_to": []any{person("anna@example.com" + inject)}}, code: "input.address"},
		{name: "a header in the subject", set: map[string]any{"subject": "Order" + inject}, code: "input.control_character", flags: []string{"--to", "ben@example.com", "--subject", "Order" + inject}},
		{name: "a NUL in the subject", set: map[string]any{"subject": "Order\x00"}, code: "input.control_character"},
		{name: "a long subject", set: map[string]any{"subject": strings.Repeat("a", 3000)}, code: "input.too_long", flags: []string{"--to", "ben@example.com", "--subject", strings.Repeat("a", 3000)}},
		{name: "a header in a reference", set: map[string]any{"references": []string{"1@example.com>" + inject}}, code: "input.control_character"},
		{name: "a header in what is answered", set: map[string]any{"in_reply_to": []string{"1@example.com>" + inject}}, code: "input.control_character"},
		{name: "a header in a file's name", set: map[string]any{"attachments": []any{file("offer.pdf"+inject, "application/pdf", []byte("x"))}}, code: "input.control_character", flags: []string{"--to", "ben@example.com", "--attach", sized("offer.pdf"+inject, 1)}},
		{name: "a long name of a file", set: map[string]any{"attachments": []any{file(strings.Repeat("a", 300), "application/pdf", []byte("x"))}}, code: "input.too_long"},
		{name: "a header in a media type", set: map[string]any{"attachments": []any{file("offer.pdf", "application/pdf"+inject, []byte("x"))}}, code: "input.media_type"},
		{name: "a parameter in a media type", set: map[string]any{"attachments": []any{file("offer.pdf", `application/pdf; name="x"`, []byte("x"))}}, code: "input.media_type"},
		{name: "a header in a content id", set: map[string]any{"attachments": []any{map[string]any{"name": "a.png", "content_id": "a>" + inject, "content": []byte("x")}}}, code: "input.control_character"},
		{name: "a file that is no base64", set: map[string]any{"attachments": []any{map[string]any{"name": "a.png", "content": "%%%"}}}, code: "input.invalid"},
		{name: "a file of 30 MB", set: map[string]any{"attachments": []any{file("film.mp4", "video/mp4", make([]byte, 30<<20))}}, code: "draft.attachments_too_large", flags: []string{"--to", "ben@example.com", "--attach", sized("film.mp4", 30<<20)}},
		{name: "a file of 60 MB", set: map[string]any{"attachments": []any{file("film.mp4", "video/mp4", make([]byte, 60<<20))}}, code: "draft.attachments_too_large", flags: []string{"--to", "ben@example.com", "--attach", sized("long.mp4", 60<<20)}},
		{name: "two files of 15 MB", set: map[string]any{"attachments": []any{file("a", "", make([]byte, 15<<20)), file("b", "", make([]byte, 15<<20))}}, code: "draft.attachments_too_large", flags: []string{"--to", "ben@example.com", "--attach", sized("a", 15<<20), "--attach", sized("b", 15<<20)}},
		{name: "a text of 6 MB", set: map[string]any{"text": strings.Repeat("a", 6<<20)}, code: "draft.body_too_large", flags: []string{"--to", "ben@example.com"}, text: strings.Repeat("a", 6<<20)},
		{name: "501 recipients", set: map[string]any{"to": many}, code: "draft.too_many_recipients", flags: manyFlags},
		{name: "an account that does not exist", set: map[string]any{"account_id": 99}, code: "send.account_not_allowed", flags: []string{"--to", "ben@example.com", "--account", "99"}},
		{name: "for somebody else", set: map[string]any{"user_id": 1}, code: "token.scope", flags: []string{"--to", "ben@example.com", "--user", "1"}, cli: "role.admin_required"},
		{name: "an answer to nothing", set: map[string]any{"parent_id": 99}, code: "message.not_found", flags: []string{"--reply", "99"}},
		{name: "a file of a message that does not exist", set: map[string]any{"attachments": []any{map[string]any{"name": "a", "message_id": 99}}}, code: "message.not_found"},
		{name: "another kind", set: map[string]any{"kind": "shout"}, code: "input.kind"},
		{name: "a field that does not exist", set: map[string]any{"sbject": "Order"}, code: "input.invalid"},
		{name: "a subject that is no text", set: map[string]any{"subject": 4711}, code: "input.invalid"},
		{name: "no JSON", raw: `{"to":`, code: "input.invalid"},
		{name: "no mail at all", raw: `[]`, code: "input.invalid"},
		{name: "a form", raw: "to=ben@example.com", headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, code: "request.media_type"},
		{name: "a long idempotency key", headers: []string{"Idempotency-Key", strings.Repeat("a", 300)}, code: "input.invalid", flags: []string{"--to", "ben@example.com", "--idempotency-key", strings.Repeat("a", 300)}},
		{name: "a file that is not there", flags: []string{"--to", "ben@example.com", "--attach", filepath.Join(dir, "nowhere.pdf")}, cli: "input.file"},
		{name: "a directory for a file", flags: []string{"--to", "ben@example.com", "--attach", dir}, cli: "input.file"},
	} {
		t.Run(m.name, func(t *testing.T) {
			row := *d
			row.t = t
			row.reject(m)
		})
	}
	goldenFile(t, "badmails.golden", golden.String())
	if out := servers.Dovecot.Doveadm("search", "-u", mailtest.Ben.Address, "mailbox", "INBOX", "all"); out != "" {
		t.Errorf("something was sent: %s", out)
	}
}

// reject runs one bad mail through both doors.
func (d *badDesk) reject(m badMail) {
	d.t.Helper()
	before := d.state()
	d.note("%s", m.name)
	want := told{Code: m.cli, Kind: "not_found"}
	if m.code != "" {
		mail := map[string]any{"to": []any{person("ben@example.com")}, "subject": "Order", "text": "It left our house today."}
		maps.Copy(mail, m.set)
		var body any = mail
		if m.raw != "" {
			body = m.raw
		}
		status, head, answer := d.ask(http.MethodPost, "/outbox", body, m.headers...)
		p := d.problem("outbox", status, head, answer)
		d.note("  API: %d %s %s %s", status, p.Code, p.Detail, p.Field)
		if p.Code != m.code {
			d.t.Errorf("the API tells %s, want %s: %s", p.Code, m.code, answer)
		}
		want = p
		if m.cli != "" {
			want.Code = m.cli
		}
	}
	if m.flags != nil {
		d.run(want, m.text, append([]string{"send"}, m.flags...)...)
	}
	if diff := cmp.Diff(before, d.state()); diff != "" {
		d.t.Errorf("something changed (-before +after):\n%s", diff)
	}
}
