package notice_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/notice"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

var audited = mailstead.AuditEntry{
	Action: mailstead.AuditAccountUpdate, Object: mailstead.AuditObject{Kind: mailstead.AuditAccount, ID: "1"},
}

// post is the way out of mails: it keeps what was sent, once a key.
type post struct {
	mu    sync.Mutex
	mails []mailstead.SystemMail
	keys  map[string]bool
	err   error
	// crash ends the service after a mail was taken and before it heard of it.
	crash func()
}

func (p *post) SubmitSystem(_ context.Context, m mailstead.SystemMail) (mailstead.OutgoingMessage, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return mailstead.OutgoingMessage{}, p.err
	}
	if m.Key == "" || !p.keys[m.Key] {
		p.keys[m.Key] = true
		p.mails = append(p.mails, m)
	}
	if p.crash != nil {
		p.crash()
		p.crash = nil
		return mailstead.OutgoingMessage{}, context.Canceled
	}
	return mailstead.OutgoingMessage{ID: 1, From: "system@example.com", State: mailstead.OutgoingQueued}, nil
}

func (p *post) SystemSender(context.Context) (mailstead.Account, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return mailstead.Account{Outgoing: &mailstead.Side{Enabled: true, Health: mailstead.Health{State: mailstead.HealthOK}}}, p.err
}

func (p *post) sent() []mailstead.SystemMail {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]mailstead.SystemMail(nil), p.mails...)
}

// house is the journey on a real store, with a clock of synctest.
type house struct {
	t    *testing.T
	db   *store.DB
	post *post
	s    *notice.Service
	n    int
}

// inside runs a test in a bubble of its own. The store is opened and closed outside the
// service's life, inside the bubble.
func inside(t *testing.T, test func(t *testing.T, h *house)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := &house{t: t, post: &post{keys: map[string]bool{}}}
		var err error
		h.db, err = sqlite.Open(t.Context(), filepath.Join(dir, "mailstead.db"), store.Options{Now: time.Now})
		h.must(err)
		h.build()
		test(t, h)
		h.s.Stop()
		h.must(h.db.Close())
	})
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) build(change ...func(*notice.Config)) {
	c := notice.Config{Store: h.db, Shelf: h.db, Sender: h.post, Now: time.Now, Logger: slog.New(slog.DiscardHandler), Version: "1.2.3"}
	for _, f := range change {
		f(&c)
	}
	h.s = notice.New(c)
}

func (h *house) start() { h.s.Start(h.t.Context()) }

func (h *house) user(name string, role mailstead.Role) mailstead.User {
	h.t.Helper()
	u := mailstead.User{Name: name, Email: name + "@example.com", Role: role}
	h.must(h.db.CreateUser(h.t.Context(), &u, "x", false, audited))
	return u
}

func (h *house) account(owner mailstead.UserID) mailstead.AccountID {
	h.t.Helper()
	h.n++
	side := func(p mailstead.Protocol) *mailstead.Side {
		return &mailstead.Side{
			Server: mailstead.Server{Protocol: p, Host: "mail.example.com", Port: 1, Security: mailstead.SecurityTLS}, Login: "x",
			Secret: mailstead.SecretBoth, Enabled: true, Health: mailstead.Health{State: mailstead.HealthOK},
		}
	}
	a := mailstead.Account{
		Key: fmt.Sprint("key", h.n), OwnerID: owner, Name: fmt.Sprint("box", h.n), Address: fmt.Sprintf("box%d@example.com", h.n),
		Incoming: side(mailstead.IMAP), Outgoing: side(mailstead.SMTP), LoadPeriod: mailstead.DefaultLoadPeriod,
	}
	id, err := h.db.ConnectAccount(h.t.Context(), mailstead.Connected{Account: &a, Audit: audited})
	h.must(err)
	return id
}

func (h *house) fares(id mailstead.AccountID, state mailstead.HealthState) {
	h.t.Helper()
	x := mailstead.Health{State: state}
	if state != mailstead.HealthOK {
		x.Code, x.Text = "auth.bad_credentials", "The password is wrong."
	}
	h.must(h.db.SetHealth(h.t.Context(), id, mailstead.SideIncoming, x))
}

func (h *house) notices(u mailstead.User) []mailstead.Notice {
	h.t.Helper()
	all, err := h.s.Notices(h.t.Context(), mailstead.Actor{User: u})
	h.must(err)
	return all
}

func TestThoseConcernedAreToldOnce(t *testing.T) {
	inside(t, func(t *testing.T, h *house) {
		anna, ada := h.user("anna", mailstead.RoleUser), h.user("ada", mailstead.RoleAdmin)
		own, shared := h.account(anna.ID), h.account(0)
		h.start()
		h.fares(own, mailstead.HealthTrouble)
		h.fares(shared, mailstead.HealthRetrying)
		time.Sleep(10 * time.Second)
		if got := h.notices(anna); len(got) != 1 || got[0].AccountID != own || got[0].Code != "auth.bad_credentials" {
			t.Fatalf("Anna's notices = %+v, want one of her account", got)
		}
		if got := h.notices(ada); len(got) != 0 {
			t.Fatalf("Ada's notices = %+v, want none: it may come back by itself", got)
		}
		if got := h.post.sent(); len(got) != 0 {
			t.Fatalf("mails after 10 seconds = %+v, want none", got)
		}
		time.Sleep(2 * time.Minute)
		got := h.post.sent()
		if len(got) != 1 || got[0].To[0] != anna.Email || !strings.Contains(got[0].Text, "box1@example.com") || got[0].Except[0] != own {
			t.Fatalf("mails = %+v, want one to Anna, not by her account", got)
		}
		time.Sleep(time.Hour)
		if got := h.notices(ada); len(got) != 1 || got[0].AccountID != shared {
			t.Errorf("Ada's notices after an hour = %+v, want one", got)
		}
		// A restart tells nobody twice.
		h.s.Stop()
		h.build()
		h.start()
		time.Sleep(time.Hour)
		if got := h.post.sent(); len(got) != 2 || got[1].To[0] != ada.Email {
			t.Errorf("mails = %+v, want one more, to Ada", got)
		}
		h.fares(own, mailstead.HealthOK)
		time.Sleep(2 * time.Minute)
		got = h.post.sent()
		if len(got) != 3 || got[2].Subject != "Processed again: box1@example.com" {
			t.Fatalf("mails = %+v, want one of the end", got)
		}
		again := h.notices(anna)
		if len(again) != 1 || again[0].Kind != mailstead.NoticeWorks {
			t.Fatalf("Anna's notices = %+v, want the end", again)
		}
		h.must(h.s.Read(t.Context(), mailstead.Actor{User: anna}, again[0].ID))
		if left := h.notices(anna); len(left) != 0 {
			t.Errorf("left = %+v, want none", left)
		}
	})
}

func TestManyStopsAreOneMail(t *testing.T) {
	inside(t, func(t *testing.T, h *house) {
		ada := h.user("ada", mailstead.RoleAdmin)
		h.start()
		var ids []mailstead.AccountID
		for range 500 {
			ids = append(ids, h.account(0))
		}
		for i, id := range ids {
			h.fares(id, mailstead.HealthTrouble)
			if i%100 == 0 {
				time.Sleep(5 * time.Second)
			}
		}
		time.Sleep(30 * time.Minute)
		got := h.post.sent()
		if len(got) != 1 || got[0].To[0] != ada.Email {
			t.Fatalf("got %d mails, want one", len(got))
		}
		if lines := strings.Count(got[0].Text, "\n- "); lines != 21 || !strings.Contains(got[0].Text, "- and 480 more") {
			t.Errorf("the mail has %d lines: %s", lines, got[0].Text)
		}
	})
}

func TestACrashTellsNobodyTwiceAndForgetsNobody(t *testing.T) {
	inside(t, func(t *testing.T, h *house) {
		anna := h.user("anna", mailstead.RoleUser)
		own := h.account(anna.ID)
		ctx, die := context.WithCancel(t.Context())
		h.post.crash = die
		h.s.Start(ctx)
		h.fares(own, mailstead.HealthTrouble)
		time.Sleep(5 * time.Minute)
		h.s.Stop()
		h.build()
		h.start()
		time.Sleep(time.Hour)
		if got := h.post.sent(); len(got) != 1 {
			t.Errorf("got %d mails, want one", len(got))
		}
	})
}

func TestNobodyIsToldOfWhatPassesBy(t *testing.T) {
	inside(t, func(t *testing.T, h *house) {
		anna := h.user("anna", mailstead.RoleUser)
		own, off := h.account(anna.ID), h.account(anna.ID)
		h.start()
		h.fares(own, mailstead.HealthRetrying)
		time.Sleep(50 * time.Minute)
		h.fares(own, mailstead.HealthOK)
		h.fares(off, mailstead.HealthTrouble)
		time.Sleep(20 * time.Second)
		h.fares(off, mailstead.HealthOK)
		time.Sleep(2 * time.Hour)
		if got := h.post.sent(); len(got) != 0 {
			t.Errorf("mails = %+v, want none", got)
		}
		if got := h.notices(anna); len(got) != 1 || got[0].Kind != mailstead.NoticeWorks {
			t.Errorf("notices = %+v, want that of the end of the short stop", got)
		}
	})
}

func TestWithoutMailTheProgramTells(t *testing.T) {
	for name, prepare := range map[string]func(h *house){
		"switched off by the policies": func(h *house) {
			p := mailstead.DefaultPolicies()
			p.AlertsByMail = false
			h.must(h.db.PutPolicies(h.t.Context(), &p, audited))
		},
		"no default account": func(h *house) {
			h.post.err = &mailstead.Error{Kind: mailstead.KindConflict, Code: "system.no_account", Text: "None."}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inside(t, func(t *testing.T, h *house) {
				anna := h.user("anna", mailstead.RoleUser)
				prepare(h)
				own := h.account(anna.ID)
				h.start()
				h.fares(own, mailstead.HealthTrouble)
				time.Sleep(5 * time.Minute)
				h.post.mu.Lock()
				h.post.err = nil
				h.post.mu.Unlock()
				h.fares(own, mailstead.HealthOK)
				time.Sleep(time.Hour)
				if got := h.post.sent(); len(got) != 0 {
					t.Errorf("mails = %+v, want none: neither of the stop nor of its end", got)
				}
				if got := h.notices(anna); len(got) != 1 {
					t.Errorf("notices = %+v, want one", got)
				}
			})
		})
	}
}

func TestWhoMayNotReadTheAccountAnyMoreSeesNoNotice(t *testing.T) {
	inside(t, func(t *testing.T, h *house) {
		anna, eve := h.user("anna", mailstead.RoleUser), h.user("eve", mailstead.RoleUser)
		own := h.account(anna.ID)
		given := mailstead.Assignment{AccountID: own, UserID: eve.ID, Rights: []mailstead.Right{mailstead.RightRead}}
		h.must(h.db.CreateAssignment(t.Context(), &given, audited))
		h.start()
		h.fares(own, mailstead.HealthTrouble)
		time.Sleep(10 * time.Second)
		if got := h.notices(eve); len(got) != 1 {
			t.Fatalf("notices = %+v, want one", got)
		}
		h.must(h.db.DeleteAssignment(t.Context(), given.ID, audited))
		if got := h.notices(eve); len(got) != 0 {
			t.Errorf("notices = %+v, want none", got)
		}
	})
}

func TestReport(t *testing.T) {
	inside(t, func(t *testing.T, h *house) {
		anna := h.user("anna", mailstead.RoleUser)
		h.user("ada", mailstead.RoleAdmin)
		own, _ := h.account(anna.ID), h.account(0)
		h.fares(own, mailstead.HealthTrouble)
		actor := mailstead.Actor{User: anna}
		r := notice.Report{What: "Nothing comes.\nSince noon.", Page: "/mail/3?token=secret#x", Language: "it", Code: "internal", Request: "0123"}
		v, err := h.s.Preview(t.Context(), actor, r)
		h.must(err)
		const text = "Nothing comes.\nSince noon.\n\n-- \nReported by: anna <anna@example.com> (user 1)\nVersion: 1.2.3\nPage: /mail/3\nLanguage: it\n" +
			"Error: internal\nRequest: 0123\nAccount 1: incoming trouble (auth.bad_credentials), outgoing ok\n"
		if v.Text != text || v.Subject != "Mailstead, a problem: Nothing comes." || v.Receivers != 1 || v.Refusal != "" {
			t.Errorf("preview = %+v", v)
		}
		_, err = h.s.Send(t.Context(), actor, r)
		h.must(err)
		got := h.post.sent()
		if len(got) != 1 || got[0].Text != text || got[0].To[0] != "ada@example.com" || got[0].UserID != anna.ID || got[0].Purpose != mailstead.PurposeReport {
			t.Errorf("sent = %+v, want what was shown, to the administrator", got)
		}
		p := mailstead.DefaultPolicies()
		p.ReportTo = "desk@example.com"
		h.must(h.db.PutPolicies(t.Context(), &p, audited))
		_, err = h.s.Send(t.Context(), actor, r)
		h.must(err)
		if got := h.post.sent()[1].To; len(got) != 1 || got[0] != "desk@example.com" {
			t.Errorf("to = %v, want the address of the policies", got)
		}
		if _, err := h.s.Send(t.Context(), actor, notice.Report{What: " "}); mailstead.CodeOf(err) != "report.empty" {
			t.Errorf("an empty report: %v", err)
		}
		if _, err := h.s.Send(t.Context(), mailstead.Actor{}, r); mailstead.KindOf(err) != mailstead.KindUnauthenticated {
			t.Errorf("nobody's report: %v", err)
		}
		h.post.err = &mailstead.Error{Kind: mailstead.KindConflict, Code: "system.no_account", Text: "None."}
		if v, err := h.s.Preview(t.Context(), actor, r); err != nil || v.Refusal != "system.no_account" || v.Text != text {
			t.Errorf("preview without an account = %+v, %v", v, err)
		}
		if _, err := h.s.Send(t.Context(), actor, r); mailstead.CodeOf(err) != "system.no_account" {
			t.Errorf("report without an account: %v", err)
		}
	})
}
