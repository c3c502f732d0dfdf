package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// fares stores how receiving fares.
func (k *kit) fares(id mailstead.AccountID, state mailstead.HealthState) {
	k.t.Helper()
	h := mailstead.Health{State: state, CheckedAt: start}
	if state != mailstead.HealthOK {
		h.Code, h.Text, h.Action = "net.refused", "Nobody answers.", "Wait."
	}
	k.ok(k.db.SetHealth(k.t.Context(), id, mailstead.SideIncoming, h))
}

// untold returns the accounts of stops that matter at a time.
func (k *kit) untold(before time.Time) []mailstead.AccountID {
	k.t.Helper()
	stops, err := k.db.UntoldStops(k.t.Context(), before, 100)
	k.ok(err)
	var out []mailstead.AccountID
	for _, s := range stops {
		out = append(out, s.AccountID)
	}
	return out
}

// tellStop tells users of the only stop that matters.
func (k *kit) tellStop(mailAt time.Time, users ...mailstead.UserID) {
	k.t.Helper()
	stops, err := k.db.UntoldStops(k.t.Context(), start, 100)
	k.ok(err)
	if len(stops) != 1 {
		k.t.Fatalf("got %d stops, want 1", len(stops))
	}
	told := mailstead.StopTold{StopID: stops[0].ID, Users: users, MailAt: mailAt}
	k.ok(k.db.TellStops(k.t.Context(), []mailstead.StopTold{told, told}))
}

func (k *kit) notices(user mailstead.UserID) []mailstead.Notice {
	k.t.Helper()
	all, err := k.db.Notices(k.t.Context(), user)
	k.ok(err)
	return all
}

func (k *kit) gathered() []mailstead.NoticeBatch {
	k.t.Helper()
	all, err := k.db.GatheredNotices(k.t.Context())
	k.ok(err)
	return all
}

// gather makes batches at a time and reports whether there were any.
func (k *kit) gather(now, quiet time.Time) bool {
	k.t.Helper()
	any, err := k.db.GatherNotices(k.t.Context(), now, quiet, 100)
	k.ok(err)
	return any
}

var noticeTests = map[string]func(*testing.T, *kit){
	"a stop begins with the first failure and ends with the next success": func(_ *testing.T, k *kit) {
		a := k.account("a", 0)
		long := start.Add(-time.Hour)
		k.fares(a.ID, mailstead.HealthRetrying)
		k.same("passing trouble", k.untold(long), []mailstead.AccountID(nil))
		k.same("passing trouble that lasts", k.untold(start), []mailstead.AccountID{a.ID})
		k.fares(a.ID, mailstead.HealthTrouble)
		k.same("trouble", k.untold(long), []mailstead.AccountID{a.ID})
		k.fares(a.ID, mailstead.HealthOK)
		k.same("over before anybody knew", k.untold(start), []mailstead.AccountID(nil))
		n, err := k.db.TellEnds(k.t.Context(), time.Time{}, 10)
		k.ok(err)
		k.same("ends to tell of", n, 0)
		k.ok(k.db.SetHealth(k.t.Context(), a.ID, mailstead.SideOutgoing, mailstead.Health{State: mailstead.HealthTrouble, Code: "x"}))
		k.same("sending is no matter of this", k.untold(start), []mailstead.AccountID(nil))
	},
	"whom a stop concerns": func(_ *testing.T, k *kit) {
		owner, admin, reader, member, sender, off := k.user("owner"), k.user("admin"), k.user("reader"), k.user("member"), k.user("sender"), k.user("off")
		k.user("stranger")
		admin.Role, off.Disabled = mailstead.RoleAdmin, true
		k.ok(k.db.UpdateUser(k.t.Context(), admin, audited))
		p := k.profile("help desk")
		k.has(member, p.ID)
		off.ProfileIDs = []mailstead.ProfileID{p.ID}
		k.ok(k.db.UpdateUser(k.t.Context(), off, audited))
		own, shared := k.account("own", owner.ID), k.account("shared", 0)
		for _, id := range []mailstead.AccountID{own.ID, shared.ID} {
			k.assign(mailstead.Assignment{AccountID: id, UserID: reader.ID, Rights: []mailstead.Right{mailstead.RightRead}})
			k.assign(mailstead.Assignment{AccountID: id, ProfileID: p.ID})
			k.assign(mailstead.Assignment{AccountID: id, UserID: sender.ID, Rights: []mailstead.Right{mailstead.RightSend}})
		}
		for _, c := range []struct {
			id   mailstead.AccountID
			want []mailstead.UserID
		}{{own.ID, []mailstead.UserID{owner.ID, reader.ID, member.ID}}, {shared.ID, []mailstead.UserID{admin.ID, reader.ID, member.ID}}} {
			f, err := k.db.StopFacts(k.t.Context(), c.id)
			k.ok(err)
			slices.Sort(c.want)
			k.same("concerned", f.Concerned(), c.want)
		}
		_, err := k.db.StopFacts(k.t.Context(), 99)
		k.missing(err, "account")
	},
	"people are told of a stop once, and of its end": func(_ *testing.T, k *kit) {
		ctx := k.t.Context()
		anna, bert := k.user("anna"), k.user("bert")
		a := k.account("a", anna.ID)
		k.fares(a.ID, mailstead.HealthTrouble)
		before := k.lastEvent()
		k.tellStop(start.Add(time.Minute), anna.ID, bert.ID)
		k.same("told already", k.untold(start), []mailstead.AccountID(nil))
		k.same("events", types(k.events(before)), []mailstead.EventType{mailstead.EventNotices, mailstead.EventNotices})
		got := k.notices(anna.ID)
		want := mailstead.Notice{
			ID: got[0].ID, UserID: anna.ID, Kind: mailstead.NoticeStopped, AccountID: a.ID, Name: "a", Address: "a@example.com",
			State: mailstead.HealthTrouble, Code: "net.refused", Text: "Nobody answers.", Action: "Wait.", Since: start, CreatedAt: start,
		}
		k.same("notice", got, []mailstead.Notice{want})
		k.same("everybody's", len(k.notices(0)), 2)
		k.missing(k.db.ReadNotice(ctx, bert.ID, got[0].ID), "notice")
		k.ok(k.db.ReadNotice(ctx, anna.ID, got[0].ID))
		k.same("read and still true", k.notices(anna.ID)[0].ReadAt, start)

		k.fares(a.ID, mailstead.HealthOK)
		n, err := k.db.TellEnds(ctx, start.Add(time.Minute), 10)
		k.ok(err)
		k.same("ends", n, 1)
		want.Kind, want.State, want.Until = mailstead.NoticeWorks, mailstead.HealthOK, start
		want.Code, want.Text, want.Action = "", "", ""
		k.same("works again", k.notices(anna.ID), []mailstead.Notice{want})
		k.same("no mail of an end without one of the stop", k.gather(start.Add(time.Hour), start), false)
		k.ok(k.db.ReadNotice(ctx, anna.ID, want.ID))
		k.same("read and over", k.notices(anna.ID), []mailstead.Notice(nil))
		n, err = k.db.TellEnds(ctx, start.Add(time.Minute), 10)
		k.ok(err)
		k.same("told of the end once", n, 0)
		k.fares(a.ID, mailstead.HealthTrouble)
		k.same("the next stop", k.untold(start), []mailstead.AccountID{a.ID})
		k.ok(k.db.ForgetStops(ctx, start.Add(time.Hour)))
		k.same("forgotten", k.notices(bert.ID), []mailstead.Notice(nil))
		k.same("what lasts is not", k.untold(start), []mailstead.AccountID{a.ID})
	},
	"mails gather the notices of a person": func(_ *testing.T, k *kit) {
		ctx := k.t.Context()
		anna, bert := k.user("anna"), k.user("bert")
		a, b, c := k.account("a", anna.ID), k.account("b", anna.ID), k.account("c", anna.ID)
		k.fares(a.ID, mailstead.HealthTrouble)
		k.tellStop(start.Add(time.Minute), anna.ID, bert.ID)
		k.fares(b.ID, mailstead.HealthTrouble)
		k.tellStop(start.Add(2*time.Minute), anna.ID)
		k.fares(c.ID, mailstead.HealthTrouble)
		k.tellStop(time.Time{}, anna.ID)
		k.same("too early", k.gather(start, start), false)
		at := start.Add(time.Minute)
		k.same("due", k.gather(at, start), true)
		got := k.gathered()
		k.same("batches", len(got), 2)
		k.same("of whom", []mailstead.UserID{got[0].UserID, got[1].UserID}, []mailstead.UserID{anna.ID, bert.ID})
		k.same("what is not due yet goes along", len(got[0].Notices), 2)
		k.same("gathered once", k.gather(at, start), false)
		k.same("a crash changes nothing", k.gathered(), got)
		k.ok(k.db.NoticesMailed(ctx, anna.ID, got[0].Batch, true))
		k.ok(k.db.NoticesMailed(ctx, bert.ID, got[1].Batch, false))
		k.same("done", k.gathered(), []mailstead.NoticeBatch(nil))

		k.fares(a.ID, mailstead.HealthOK)
		k.fares(c.ID, mailstead.HealthOK)
		_, err := k.db.TellEnds(ctx, at, 10)
		k.ok(err)
		k.same("a pause between two mails", k.gather(at, start.Add(-time.Minute)), false)
		k.same("after the pause", k.gather(at, start), true)
		got = k.gathered()
		k.same("of the end is told who got a mail", len(got), 1)
		k.same("to", got[0].UserID, anna.ID)
		k.same("of", len(got[0].Notices), 1)
		k.same("account", got[0].Notices[0].AccountID, a.ID)
	},
	"a stop goes with its account": func(_ *testing.T, k *kit) {
		ctx := k.t.Context()
		anna := k.user("anna")
		a, b := k.account("a", anna.ID), k.account("b", anna.ID)
		k.fares(a.ID, mailstead.HealthTrouble)
		k.tellStop(start, anna.ID)
		a.Incoming.Enabled = false
		k.ok(k.db.UpdateAccount(ctx, a, nil, audited, nil))
		before := k.lastEvent()
		n, err := k.db.TellEnds(ctx, start, 10)
		k.ok(err)
		k.same("gone", n, 1)
		k.same("events", types(k.events(before)), []mailstead.EventType{mailstead.EventNotices})
		k.same("switched off", k.notices(anna.ID), []mailstead.Notice(nil))
		k.fares(b.ID, mailstead.HealthTrouble)
		k.tellStop(start, anna.ID)
		k.ok(k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: b.ID, At: start, Audit: audited}))
		k.same("deleted", k.notices(anna.ID), []mailstead.Notice(nil))
	},
	"a mail of a round trip is found where mail arrives": func(_ *testing.T, k *kit) {
		ctx := k.t.Context()
		a := k.account("a", 0)
		folders, err := k.db.SyncFolders(ctx, a.ID, []mailstead.RemoteFolder{
			{Path: "INBOX", Role: mailstead.FolderInbox}, {Path: "Junk", Role: mailstead.FolderJunk}, {Path: "Sent", Role: mailstead.FolderSent},
		}, start)
		k.ok(err)
		in := func(role mailstead.FolderRole) mailstead.Folder {
			i := slices.IndexFunc(folders, func(f mailstead.Folder) bool { return f.Role == role })
			return folders[i]
		}
		m := outgoing(a.ID, 0, "")
		m.Arrival = &mailstead.Arrival{AccountID: a.ID, State: mailstead.ArrivalWaiting, DueAt: start}
		_, err = k.db.SubmitOutgoing(ctx, m)
		k.ok(err)
		plain := k.submit(a.ID)
		k.same("an ordinary mail", k.outgoing(plain.ID).Arrival, (*mailstead.Arrival)(nil))
		k.same("stored", k.outgoing(m.ID).Arrival, m.Arrival)
		message := mail(1, "test")
		message.InternetMessageID = m.InternetMessageID
		k.load(in(mailstead.FolderSent), message)
		due, err := k.db.DueArrivals(ctx, start, 10)
		k.ok(err)
		k.same("the sent copy is no arrival", due, []mailstead.AwaitedArrival{{
			Arrival: mailstead.Arrival{AccountID: a.ID, State: mailstead.ArrivalWaiting}, OutgoingID: m.ID, Sent: mailstead.OutgoingQueued, CreatedAt: start,
		}})
		id := k.load(in(mailstead.FolderJunk), message)[0]
		due, err = k.db.DueArrivals(ctx, start, 10)
		k.ok(err)
		k.same("found", []any{due[0].Found, due[0].Role}, []any{id, mailstead.FolderJunk})
		_, _, err = k.db.LastArrival(ctx, a.ID, start)
		k.missing(err, "message")
		before := k.lastEvent()
		arrived := mailstead.Arrival{AccountID: a.ID, State: mailstead.ArrivalArrived, MessageID: id, Folder: mailstead.FolderJunk, ArrivedAt: start}
		k.ok(k.db.SetArrival(ctx, m.ID, arrived))
		k.same("event", types(k.events(before)), []mailstead.EventType{mailstead.EventOutgoing})
		k.same("arrived", k.outgoing(m.ID).Arrival, &arrived)
		due, err = k.db.DueArrivals(ctx, start.Add(time.Hour), 10)
		k.ok(err)
		k.same("looked for no longer", len(due), 0)
		last, mailbox, err := k.db.LastArrival(ctx, a.ID, start)
		k.ok(err)
		k.same("the last that arrived", []any{last.ID, mailbox}, []any{id, a.Address})
		_, _, err = k.db.LastArrival(ctx, a.ID, start.Add(time.Second))
		k.missing(err, "message")
		_, _, err = k.db.LastArrival(ctx, a.ID+1, start)
		k.missing(err, "message")
		k.missing(k.db.SetArrival(ctx, plain.ID, arrived), "outgoing")
	},
}
