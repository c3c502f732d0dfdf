package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

func messagesData(t *testing.T, e mailstead.Event) (d mailstead.MessagesData) {
	t.Helper()
	if err := json.Unmarshal(e.Data, &d); err != nil {
		t.Fatalf("event %d: %v", e.ID, err)
	}
	return d
}

// tell stores one event about an account.
func (k *kit) tell(a *mailstead.Account, e mailstead.Event) {
	k.t.Helper()
	k.ok(k.db.UpdateAccount(k.t.Context(), a, nil, audited, []mailstead.Event{e}))
}

var eventTests = map[string]func(*testing.T, *kit){
	"a user follows the accounts it owns or was assigned, and itself": func(t *testing.T, k *kit) {
		ctx := t.Context()
		anna, bert := k.user("anna"), k.user("bert")
		p := k.profile("sales")
		k.has(anna, p.ID)
		own, given, byProfile, foreign := k.account("own", anna.ID), k.account("given", 0), k.account("profile", 0), k.account("foreign", bert.ID)
		k.assign(mailstead.Assignment{AccountID: given.ID, UserID: anna.ID})
		k.assign(mailstead.Assignment{AccountID: byProfile.ID, ProfileID: p.ID})
		for _, a := range []*mailstead.Account{foreign, own, given, byProfile} {
			k.tell(a, mailstead.NewEvent(mailstead.EventAccountUpdated, 0, nil))
		}
		m := outgoing(foreign.ID, anna.ID, "")
		_, err := k.db.SubmitOutgoing(ctx, m)
		k.ok(err)
		list, err := k.db.Events(ctx, 0, 10, anna.ID)
		k.ok(err)
		var got []mailstead.AccountID
		for _, e := range list {
			got = append(got, e.AccountID)
		}
		k.same("accounts", got, []mailstead.AccountID{own.ID, given.ID, byProfile.ID, foreign.ID})
		k.same("mail for the user", []any{list[3].Type, list[3].UserID}, []any{mailstead.EventOutgoing, anna.ID})
		list, err = k.db.Events(ctx, 0, 10, bert.ID)
		k.ok(err)
		k.same("bert's events", len(list), 2)
	},
	"events come in pages by id": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		for range 5 {
			k.tell(a, mailstead.NewEvent(mailstead.EventAccountUpdated, 0, nil))
		}
		first, err := k.db.Events(ctx, 0, 2, 0)
		k.ok(err)
		second, err := k.db.Events(ctx, first[1].ID, 10, 0)
		k.ok(err)
		k.same("sizes", []int{len(first), len(second)}, []int{2, 3})
		k.same("newest", k.lastEvent(), second[2].ID)
		for i, e := range append(first, second...) {
			if i > 0 && e.ID <= first[0].ID {
				t.Errorf("got id %d behind %d", e.ID, first[0].ID)
			}
		}
	},
	"an event keeps its time and data": func(t *testing.T, k *kit) {
		a := k.account("a", 0)
		e := mailstead.NewEvent(mailstead.EventAccountHealth, 0, mailstead.HealthData{Side: mailstead.SideIncoming, State: mailstead.HealthOK})
		e.At = start.Add(-time.Hour)
		k.tell(a, e)
		k.tell(a, mailstead.NewEvent(mailstead.EventAccountUpdated, 0, nil))
		got := k.events(0)
		e.ID, e.AccountID = got[0].ID, a.ID
		k.same("event", got[0], e)
		k.same("time of the other", got[1].At, start)
	},
	"old events go, the newest stays": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		for i := range 4 {
			e := mailstead.NewEvent(mailstead.EventAccountUpdated, 0, nil)
			e.At = start.Add(time.Duration(i) * time.Hour)
			k.tell(a, e)
		}
		all := k.events(0)
		k.ok(k.db.DeleteEventsBefore(ctx, start.Add(2*time.Hour)))
		k.same("events", k.events(0), all[2:])
		k.ok(k.db.DeleteEventsBefore(ctx, start.Add(100*time.Hour)))
		k.same("events", k.events(0), all[3:])
		k.same("newest", k.lastEvent(), all[3].ID)
		k.tell(a, mailstead.NewEvent(mailstead.EventAccountUpdated, 0, nil))
		if got := k.lastEvent(); got <= all[3].ID {
			t.Errorf("got id %d, want more than %d", got, all[3].ID)
		}
	},
	"no events are no trouble": func(t *testing.T, k *kit) {
		k.same("newest", k.lastEvent(), mailstead.EventID(0))
		k.same("events", len(k.events(0)), 0)
		k.ok(k.db.DeleteEventsBefore(t.Context(), start))
	},
}
