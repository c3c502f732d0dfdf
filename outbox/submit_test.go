package outbox_test

import (
	"bytes"
	"errors"
	"net/mail"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/outbox"
)

// store puts a message into a folder of an account.
func (f *office) store(account mailstead.AccountID, raw string, headers mailstead.Headers) mailstead.MessageID {
	f.t.Helper()
	folders, err := f.db.SyncFolders(f.t.Context(), account, []mailstead.RemoteFolder{{Path: "INBOX", Role: mailstead.FolderInbox}}, f.clock.Now())
	if err != nil {
		f.t.Fatal(err)
	}
	raw = strings.ReplaceAll(raw, "\n", "\r\n")
	refs, err := f.blobs.Put(f.t.Context(), [][]byte{[]byte(raw)})
	if err != nil {
		f.t.Fatal(err)
	}
	ids, err := f.db.ApplySync(f.t.Context(), mailstead.SyncBatch{
		AccountID: account, FolderID: folders[0].ID, RemoteTotal: -1, At: f.clock.Now(),
		Messages: []mailstead.NewMessage{{Message: mailstead.Message{
			AccountID: account, FolderID: folders[0].ID, UID: 1, ReceivedAt: f.clock.Now(), Size: int64(len(raw)), Blob: refs[0], Headers: headers,
		}}},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return ids[0]
}

// other connects an account that belongs to somebody else.
func (f *office) other(owner mailstead.UserID) mailstead.Account {
	f.t.Helper()
	a := mailstead.Account{
		Key: "other", OwnerID: owner, Name: "Sales", Address: "sales@example.com",
		Outgoing: &mailstead.Side{Server: f.smtp.Server(), Login: "anna@example.com", Secret: mailstead.SecretBoth, Enabled: true, Health: mailstead.Health{State: mailstead.HealthOK}},
	}
	var err error
	if a.ID, err = f.db.ConnectAccount(f.t.Context(), mailstead.Connected{Audit: audited, Account: &a}); err != nil {
		f.t.Fatal(err)
	}
	return a
}

// outboxSize tells how many mails are stored.
func (f *office) outboxSize() int {
	f.t.Helper()
	list, err := f.db.OutgoingList(f.t.Context(), mailstead.OutgoingQuery{Limit: 200})
	if err != nil {
		f.t.Fatal(err)
	}
	return len(list)
}

func TestARepeatedSubmissionIsOneMail(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	f.start()
	in := outbox.Submission{Draft: draft("ben@example.com"), IdempotencyKey: "order-4711 ü"}
	first, existed, err := f.service.Submit(t.Context(), f.anna, in)
	if err != nil || existed {
		t.Fatalf("existed %v, %v", existed, err)
	}
	f.wait(first.ID, mailstead.OutgoingAccepted)
	in.Draft.Subject = "another text"
	again, existed, err := f.service.Submit(t.Context(), f.anna, in)
	if err != nil || !existed || again.ID != first.ID || again.Subject != "Hello" || again.State != mailstead.OutgoingAccepted {
		t.Errorf("got %d %q %s, existed %v, %v; want the first mail", again.ID, again.Subject, again.State, existed, err)
	}
	f.settled()
	if n := f.smtp.Total(); n != 1 {
		t.Errorf("the server took %d mails, want one", n)
	}
	other := in
	other.IdempotencyKey = "order-4712"
	if m, existed, err := f.service.Submit(t.Context(), f.anna, other); err != nil || existed || m.ID == first.ID {
		t.Errorf("another key: got %d, existed %v, %v; want a new mail", m.ID, existed, err)
	}
	for _, key := range []string{strings.Repeat("x", 201), "a\nb", "a\x00"} {
		in.IdempotencyKey = key
		if _, _, err := f.service.Submit(t.Context(), f.anna, in); mailstead.KindOf(err) != mailstead.KindInvalid {
			t.Errorf("key %.10q: got %v, want invalid", key, err)
		}
	}
}

func TestWhoSends(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	sales := f.other(f.admin.User.ID)
	stranger := mailstead.User{Name: "Eve", Email: "eve@example.com", Role: mailstead.RoleUser}
	if err := f.db.CreateUser(t.Context(), &stranger, "x", false, audited); err != nil {
		t.Fatal(err)
	}
	eve := mailstead.Actor{User: stranger}
	reader := f.anna
	reader.Scopes = []mailstead.Scope{mailstead.ScopeRead}
	for _, c := range []struct {
		name   string
		actor  mailstead.Actor
		user   mailstead.UserID
		chosen mailstead.AccountID
		from   string
		code   string
	}{
		{"one's own account", f.anna, 0, 0, "anna@example.com", ""},
		{"one's own account, chosen", f.anna, 0, f.account.ID, "anna@example.com", ""},
		{"somebody else's, chosen: never silently another", f.anna, 0, sales.ID, "", "send.account_not_allowed"},
		{"one that does not exist, chosen", f.anna, 0, 999, "", "send.account_not_allowed"},
		{"nobody may send", eve, 0, 0, "", "send.no_sender"},
		{"nobody may send, and somebody else's is chosen", eve, 0, f.account.ID, "", "send.account_not_allowed"},
		{"for somebody else", eve, f.anna.User.ID, 0, "", "role.admin_required"},
		{"an administrator for somebody", f.admin, f.anna.User.ID, 0, "anna@example.com", ""},
		{"an administrator for somebody, by an account that is not theirs", f.admin, f.anna.User.ID, sales.ID, "", "send.account_not_allowed"},
		{"an administrator from any account in the own name", f.admin, 0, f.account.ID, "anna@example.com", ""},
		{"the operator from any account", mailstead.Actor{Operator: true}, 0, sales.ID, "sales@example.com", ""},
		{"the operator without an account for the system", mailstead.Actor{Operator: true}, 0, 0, "", "send.no_sender"},
		{"nobody signed in", mailstead.Actor{}, 0, 0, "", "signin.required"},
		{"a token that only reads", reader, 0, 0, "", "token.scope"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := f.outboxSize()
			d := draft("ben@example.com")
			d.AccountID = c.chosen
			m, _, err := f.service.Submit(t.Context(), c.actor, outbox.Submission{Draft: d, UserID: c.user})
			if c.code != "" {
				if mailstead.CodeOf(err) != c.code || err == nil {
					t.Errorf("got %v, want %s", err, c.code)
				}
				if n := f.outboxSize(); n != before {
					t.Error("a mail was stored nevertheless")
				}
				return
			}
			if err != nil || m.From != c.from || m.Reason.Reason == "" {
				t.Errorf("got from %q, reason %q, %v; want %q", m.From, m.Reason.Reason, err, c.from)
			}
		})
	}
	t.Run("switched off, chosen", func(t *testing.T) {
		f.account.Outgoing.Enabled = false
		if err := f.db.UpdateAccount(t.Context(), &f.account, nil, audited, nil); err != nil {
			t.Fatal(err)
		}
		d := draft("ben@example.com")
		d.AccountID = f.account.ID
		_, _, err := f.service.Submit(t.Context(), f.anna, outbox.Submission{Draft: d})
		if mailstead.KindOf(err) != mailstead.KindForbidden || mailstead.CodeOf(err) != "send.account_not_allowed" {
			t.Errorf("got %v, want send.account_not_allowed", err)
		}
	})
}

func TestResolve(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	r, err := f.service.Resolve(t.Context(), f.anna, 0, 0, 0)
	if err != nil || r.AccountID != f.account.ID || r.Level != mailstead.LevelUser {
		t.Errorf("got %+v, %v; want the user's own account", r, err)
	}
	if _, err := f.service.Resolve(t.Context(), f.anna, f.admin.User.ID, 0, 0); mailstead.CodeOf(err) != "role.admin_required" {
		t.Errorf("for somebody else: got %v, want role.admin_required", err)
	}
	if _, err := f.service.Resolve(t.Context(), f.anna, 0, 0, 99); mailstead.CodeOf(err) != "template.not_found" {
		t.Errorf("by no template: got %v, want template.not_found", err)
	}
	sales := f.other(f.admin.User.ID)
	for _, chosen := range []mailstead.AccountID{sales.ID, 999} {
		r, err := f.service.Resolve(t.Context(), f.anna, 0, chosen, 0)
		want := []mailstead.PassedOver{{SenderCandidate: mailstead.SenderCandidate{AccountID: chosen, Level: mailstead.LevelChosen}, Why: mailstead.PassForbidden}}
		if diff := cmp.Diff(want, r.PassedOver); err != nil || diff != "" {
			t.Errorf("passed over, chosen %d: %v (-want +got):\n%s", chosen, err, diff)
		}
	}
	r, err = f.service.Resolve(t.Context(), f.admin, f.anna.User.ID, 0, 0)
	if err != nil || r.AccountID != f.account.ID {
		t.Errorf("an administrator: got %+v, %v", r, err)
	}
}

func TestHostileInput(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	const evil = "x\r\nBcc: evil@example.net"
	addr := func(a string) []mailstead.Address { return []mailstead.Address{{Address: a}} }
	named := func(n string) []mailstead.Address { return []mailstead.Address{{Name: n, Address: "ben@example.com"}} }
	for name, change := range map[string]func(*mailstead.Draft){
		"subject":                 func(d *mailstead.Draft) { d.Subject = evil },
		"subject, line separator": func(d *mailstead.Draft) { d.Subject = "a\u2028b" },
		"to":                      func(d *mailstead.Draft) { d.To = addr("ben@example.com\r\nRCPT TO:<evil@example.net>") },
		"to, bracket":             func(d *mailstead.Draft) { d.To = addr("ben@example.com> SIZE=1") },
		"to, name":                func(d *mailstead.Draft) { d.To = named(evil) },
		"cc":                      func(d *mailstead.Draft) { d.Cc = addr("a@example.com\nb@example.com") },
		"cc, name":                func(d *mailstead.Draft) { d.Cc = named(evil) },
		"bcc":                     func(d *mailstead.Draft) { d.Bcc = addr("a\x00b@example.com") },
		"reply-to":                func(d *mailstead.Draft) { d.ReplyTo = addr(evil) },
		"reply-to, name":          func(d *mailstead.Draft) { d.ReplyTo = named(evil) },
		"in-reply-to":             func(d *mailstead.Draft) { d.InReplyTo = []string{"a@b>\r\nBcc: evil@example.net"} },
		"references":              func(d *mailstead.Draft) { d.References = []string{"a@b", "c@d\nX: y"} },
		"file name":               func(d *mailstead.Draft) { d.Attachments = []mailstead.DraftAttachment{{Name: evil}} },
		"media type": func(d *mailstead.Draft) {
			d.Attachments = []mailstead.DraftAttachment{{Name: "a", MediaType: "text/plain\r\nX: y"}}
		},
		"media type, parameter": func(d *mailstead.Draft) {
			d.Attachments = []mailstead.DraftAttachment{{Name: "a", MediaType: "text/plain; name=x"}}
		},
		"content id": func(d *mailstead.Draft) {
			d.Attachments = []mailstead.DraftAttachment{{Name: "a", ContentID: "a>\r\nX: y"}}
		},
		"no recipient": func(d *mailstead.Draft) { d.To = nil },
	} {
		t.Run(name, func(t *testing.T) {
			d := draft("ben@example.com")
			change(&d)
			_, _, err := f.service.Submit(t.Context(), f.anna, outbox.Submission{Draft: d})
			var e *mailstead.Error
			if !errors.As(err, &e) || e.Kind != mailstead.KindInvalid || e.Field == "" {
				t.Errorf("got %v, want invalid input with its field", err)
			}
		})
	}
	if n := f.outboxSize(); n != 0 {
		t.Errorf("%d mails were stored, want none", n)
	}
}

func TestTooLarge(t *testing.T) {
	f := newOffice(t, options{sendOnly: true, change: func(c *outbox.Config) { c.MaxAttachments, c.MaxSize = 100_000, 150_000 }})
	file := func(n int) mailstead.DraftAttachment {
		return mailstead.DraftAttachment{Name: "a.bin", Content: bytes.Repeat([]byte("x"), n)}
	}
	stored := f.store(f.account.ID, "From: ben@example.com\nMIME-Version: 1.0\nContent-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=a.pdf\n\n"+
		strings.Repeat("x", 60_000)+"\n", mailstead.Headers{})
	for _, c := range []struct {
		name string
		d    func(*mailstead.Draft)
		ok   bool
	}{
		{"within", func(d *mailstead.Draft) { d.Attachments = []mailstead.DraftAttachment{file(50_000), file(40_000)} }, true},
		{"two files together", func(d *mailstead.Draft) { d.Attachments = []mailstead.DraftAttachment{file(60_000), file(60_000)} }, false},
		{"the text makes it too large", func(d *mailstead.Draft) { d.Text = strings.Repeat("x y\n", 50_000) }, false},
		{"files of stored mails", func(d *mailstead.Draft) {
			d.Attachments = []mailstead.DraftAttachment{{MessageID: stored}, {MessageID: stored}}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := draft("ben@example.com")
			c.d(&d)
			_, _, err := f.service.Submit(t.Context(), f.anna, outbox.Submission{Draft: d})
			if c.ok != (err == nil) || (!c.ok && mailstead.KindOf(err) != mailstead.KindTooLarge) {
				t.Errorf("got %v, want it taken: %v", err, c.ok)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	f.start()
	headers := mailstead.Headers{
		Subject: "Offer", From: []mailstead.Address{{Name: "Ben", Address: "ben@example.com"}}, InternetMessageID: "parent@example.com",
		References: []string{"first@example.com", "second@example.com"},
	}
	const raw = "From: Ben <ben@example.com>\nTo: anna@example.com\nSubject: Offer\nMessage-ID: <parent@example.com>\n" +
		"References: <first@example.com> <second@example.com>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" +
		"--b\nContent-Type: text/plain\n\nWhat do you say?\n--b\nContent-Type: application/pdf; name=offer.pdf\n" +
		"Content-Disposition: attachment; filename=offer.pdf\nContent-Transfer-Encoding: base64\n\nJVBERg==\n--b--\n"
	parent := f.store(f.account.ID, raw, headers)
	secret := f.store(f.other(f.admin.User.ID).ID, raw, headers)

	sent := func(t *testing.T, d mailstead.Draft) mail.Header {
		t.Helper()
		m, _, err := f.service.Submit(t.Context(), f.anna, outbox.Submission{Draft: d})
		if err != nil {
			t.Fatal(err)
		}
		if m.ParentID != d.ParentID {
			t.Errorf("got parent %d, want %d", m.ParentID, d.ParentID)
		}
		f.wait(m.ID, mailstead.OutgoingAccepted)
		mails := f.smtp.Mails()
		parsed, err := mail.ReadMessage(bytes.NewReader(mails[len(mails)-1].Data))
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Header
	}
	t.Run("a reply belongs to the thread, whatever its writer says", func(t *testing.T) {
		d := draft("ben@example.com")
		d.Kind, d.ParentID, d.References = mailstead.DraftReply, parent, []string{"forged@example.com"}
		h := sent(t, d)
		if got := h.Get("In-Reply-To"); got != "<parent@example.com>" {
			t.Errorf("In-Reply-To is %q", got)
		}
		if got, want := strings.Fields(h.Get("References")), []string{"<first@example.com>", "<second@example.com>", "<parent@example.com>"}; !cmp.Equal(got, want) {
			t.Errorf("References are %q, want %q", got, want)
		}
	})
	t.Run("prepared and sent", func(t *testing.T) {
		d, err := f.service.Prepare(t.Context(), f.anna, mailstead.DraftReply, parent)
		if err != nil {
			t.Fatal(err)
		}
		if d.AccountID != f.account.ID || d.Subject != "Re: Offer" || len(d.To) != 1 || d.To[0].Address != "ben@example.com" || !strings.Contains(d.Text, "> What do you say?") {
			t.Errorf("got draft %+v", d)
		}
		sent(t, d)
	})
	t.Run("a forward carries the files", func(t *testing.T) {
		d, err := f.service.Prepare(t.Context(), f.anna, mailstead.DraftForward, parent)
		if err != nil {
			t.Fatal(err)
		}
		d.To = []mailstead.Address{{Address: "carl@example.com"}}
		h := sent(t, d)
		if h.Get("References") != "" && strings.Contains(h.Get("In-Reply-To"), "parent") {
			t.Errorf("a forward is no answer: %v", h)
		}
		mails := f.smtp.Mails()
		if data := mails[len(mails)-1].Data; !bytes.Contains(data, []byte("offer.pdf")) || !bytes.Contains(data, []byte("JVBERg==")) {
			t.Errorf("the file is missing:\n%s", data)
		}
	})
	t.Run("a new mail has the signature", func(t *testing.T) {
		f.account.Signature = "Anna\nExample Ltd"
		if err := f.db.UpdateAccount(t.Context(), &f.account, nil, audited, nil); err != nil {
			t.Fatal(err)
		}
		d, err := f.service.Prepare(t.Context(), f.anna, mailstead.DraftNew, 0)
		if err != nil || d.Text != "\n\n-- \nAnna\nExample Ltd" {
			t.Errorf("got %q, %v", d.Text, err)
		}
	})
	for name, change := range map[string]func(*mailstead.Draft){
		"the parent":            func(d *mailstead.Draft) { d.ParentID = secret },
		"the parent, forwarded": func(d *mailstead.Draft) { d.Kind, d.ParentID = mailstead.DraftForward, secret },
		"a file":                func(d *mailstead.Draft) { d.Attachments = []mailstead.DraftAttachment{{MessageID: secret}} },
		"a parent that is not":  func(d *mailstead.Draft) { d.ParentID = 999 },
		"a part that is not":    func(d *mailstead.Draft) { d.Attachments = []mailstead.DraftAttachment{{MessageID: parent, Part: 7}} },
	} {
		t.Run("not readable: "+name, func(t *testing.T) {
			d := draft("ben@example.com")
			change(&d)
			if _, _, err := f.service.Submit(t.Context(), f.anna, outbox.Submission{Draft: d}); mailstead.KindOf(err) != mailstead.KindNotFound {
				t.Errorf("got %v, want not found", err)
			}
		})
	}
	if _, err := f.service.Prepare(t.Context(), f.anna, mailstead.DraftReply, secret); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("Prepare: got %v, want not found", err)
	}
}

func TestManaging(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	eve := mailstead.User{Name: "Eve", Email: "eve@example.com", Role: mailstead.RoleUser}
	if err := f.db.CreateUser(t.Context(), &eve, "x", false, audited); err != nil {
		t.Fatal(err)
	}
	stranger := mailstead.Actor{User: eve}
	m := f.submit("ben@example.com")
	t.Run("strangers see and steer nothing", func(t *testing.T) {
		if _, _, err := f.service.Get(t.Context(), stranger, m.ID); mailstead.KindOf(err) != mailstead.KindNotFound {
			t.Errorf("Get: got %v, want not found", err)
		}
		if _, err := f.service.Cancel(t.Context(), stranger, m.ID); mailstead.KindOf(err) != mailstead.KindNotFound {
			t.Errorf("Cancel: got %v, want not found", err)
		}
		if _, err := f.service.Retry(t.Context(), stranger, m.ID); mailstead.KindOf(err) != mailstead.KindNotFound {
			t.Errorf("Retry: got %v, want not found", err)
		}
		for _, q := range []mailstead.OutgoingQuery{{Limit: 10}, {Limit: 10, UserID: f.anna.User.ID}, {Limit: 10, AccountID: f.account.ID}} {
			if list, err := f.service.List(t.Context(), stranger, q); err != nil || len(list) != 0 {
				t.Errorf("List %+v: got %d mails, %v; want none", q, len(list), err)
			}
		}
	})
	t.Run("the sender and an administrator see it", func(t *testing.T) {
		for _, actor := range []mailstead.Actor{f.anna, f.admin, {Operator: true}} {
			if list, err := f.service.List(t.Context(), actor, mailstead.OutgoingQuery{Limit: 10}); err != nil || len(list) != 1 {
				t.Errorf("List: got %d mails, %v; want one", len(list), err)
			}
			if got, _, err := f.service.Get(t.Context(), actor, m.ID); err != nil || got.ID != m.ID {
				t.Errorf("Get: got %d, %v", got.ID, err)
			}
		}
	})
	t.Run("who was given the account sees it", func(t *testing.T) {
		as := mailstead.Assignment{AccountID: f.account.ID, UserID: eve.ID, Rights: []mailstead.Right{mailstead.RightRead}}
		if err := f.db.CreateAssignment(t.Context(), &as, audited); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.service.Get(t.Context(), stranger, m.ID); err != nil {
			t.Errorf("Get: %v", err)
		}
		if list, err := f.service.List(t.Context(), stranger, mailstead.OutgoingQuery{Limit: 10, AccountID: f.account.ID}); err != nil || len(list) != 1 {
			t.Errorf("List: got %d mails, %v; want one", len(list), err)
		}
		if _, err := f.service.Cancel(t.Context(), stranger, m.ID); mailstead.KindOf(err) != mailstead.KindNotFound {
			t.Errorf("Cancel without the right to send: got %v, want not found", err)
		}
	})
	t.Run("a cancelled mail is never sent", func(t *testing.T) {
		got, err := f.service.Cancel(t.Context(), f.anna, m.ID)
		if err != nil || got.State != mailstead.OutgoingCancelled {
			t.Fatalf("got %s, %v", got.State, err)
		}
		f.start()
		next := f.submit("carl@example.com")
		f.wait(next.ID, mailstead.OutgoingAccepted)
		if f.smtp.Count(m.InternetMessageID) != 0 || f.get(m.ID).State != mailstead.OutgoingCancelled {
			t.Errorf("it is %s, taken %d times", f.get(m.ID).State, f.smtp.Count(m.InternetMessageID))
		}
		for what, act := range map[string]func() error{
			"cancel a cancelled one": func() error { _, err := f.service.Cancel(t.Context(), f.anna, m.ID); return err },
			"cancel a sent one":      func() error { _, err := f.service.Cancel(t.Context(), f.anna, next.ID); return err },
			"retry a sent one":       func() error { _, err := f.service.ForceRetry(t.Context(), f.anna, next.ID); return err },
			"retry a cancelled one":  func() error { _, err := f.service.Retry(t.Context(), f.anna, m.ID); return err },
		} {
			if err := act(); mailstead.KindOf(err) != mailstead.KindConflict {
				t.Errorf("%s: got %v, want conflict", what, err)
			}
		}
	})
	t.Run("a rejected mail goes to those who have not got it", func(t *testing.T) {
		f.smtp.SetFault("dora@example.com", "refuse")
		m := f.submit("dora@example.com")
		f.wait(m.ID, mailstead.OutgoingRejected)
		f.smtp.SetFault("dora@example.com", "")
		if _, err := f.service.Retry(t.Context(), f.anna, m.ID); err != nil {
			t.Fatal(err)
		}
		got := f.wait(m.ID, mailstead.OutgoingAccepted)
		if f.smtp.Count(m.InternetMessageID) != 1 || got.Recipients[0].Code != "" {
			t.Errorf("taken %d times, recipient %+v; want once, without the old reason", f.smtp.Count(m.InternetMessageID), got.Recipients[0])
		}
	})
	t.Run("a mail that waits for its next attempt goes at once", func(t *testing.T) {
		m := f.submit("greylist@example.com")
		f.waitDue(m.ID, 1)
		if _, err := f.service.Retry(t.Context(), f.anna, m.ID); err != nil {
			t.Fatal(err)
		}
		f.wait(m.ID, mailstead.OutgoingAccepted)
	})
}
