package notify_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/notify"
)

// asked is a store that records what it was asked for.
type asked struct {
	user  mailstead.UserID
	limit int
	// events are the pages to answer; without any each page has one event.
	events []mailstead.Event
	// rights are what the user has on accounts. The others were deleted.
	rights map[mailstead.AccountID][]mailstead.Right
}

func (a *asked) Events(_ context.Context, after mailstead.EventID, limit int, user mailstead.UserID) ([]mailstead.Event, error) {
	a.user, a.limit = user, limit
	if a.events == nil {
		return []mailstead.Event{{ID: after + 1, UserID: user}}, nil
	}
	rest := a.events[min(int(after), len(a.events)):]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

func (a *asked) AccountFor(_ context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error) {
	rights, ok := a.rights[id]
	if !ok {
		return mailstead.Account{}, nil, mailstead.NotFound("account")
	}
	return mailstead.Account{ID: id}, []mailstead.Assignment{{AccountID: id, UserID: user, Rights: rights}}, nil
}

func (a *asked) LastEventID(context.Context) (mailstead.EventID, error) { return 7, nil }

func TestStreamGivesAnActorItsOwnEvents(t *testing.T) {
	anna := mailstead.User{ID: 4, Role: mailstead.RoleUser}
	admin := mailstead.User{ID: 5, Role: mailstead.RoleAdmin}
	tests := []struct {
		name  string
		actor mailstead.Actor
		want  mailstead.UserID
		kind  mailstead.Kind
	}{
		{name: "a user reads what concerns the user", actor: mailstead.Actor{User: anna}, want: 4},
		{name: "an administrator reads all", actor: mailstead.Actor{User: admin}, want: 0},
		{name: "the operator reads all", actor: mailstead.Actor{Operator: true}, want: 0},
		{
			name:  "an administrator's token without the scope admin reads the administrator's own",
			actor: mailstead.Actor{User: admin, Scopes: []mailstead.Scope{mailstead.ScopeRead}}, want: 5,
		},
		{
			name:  "a token for sending reads nothing",
			actor: mailstead.Actor{User: anna, Scopes: []mailstead.Scope{mailstead.ScopeSend}}, kind: mailstead.KindForbidden,
		},
		{name: "nobody reads nothing", kind: mailstead.KindUnauthenticated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := &asked{user: -1}
			s := notify.NewStream(store, notify.New())
			events, next, err := s.Events(t.Context(), tt.actor, 10, 3)
			_, lastErr := s.Last(t.Context(), tt.actor)
			if tt.kind != mailstead.KindInternal {
				if got := mailstead.KindOf(err); got != tt.kind {
					t.Errorf("Events: kind = %v, want %v", got, tt.kind)
				}
				if got := mailstead.KindOf(lastErr); got != tt.kind {
					t.Errorf("Last: kind = %v, want %v", got, tt.kind)
				}
				return
			}
			if err != nil || lastErr != nil {
				t.Fatalf("errors = %v, %v, want none", err, lastErr)
			}
			if store.user != tt.want || store.limit != 3 || len(events) != 1 || next != 11 {
				t.Errorf("asked for user %d limit %d, got %d events and position %d; want user %d limit 3, 1 event, 11", store.user, store.limit, len(events), next, tt.want)
			}
		})
	}
}

func TestStreamBoundsThePage(t *testing.T) {
	store := &asked{}
	s := notify.NewStream(store, notify.New())
	op := mailstead.Actor{Operator: true}
	for _, limit := range []int{0, -1, notify.MaxEvents + 1} {
		if _, _, err := s.Events(t.Context(), op, 0, limit); err != nil || store.limit != notify.MaxEvents {
			t.Errorf("limit %d became %d (%v), want %d", limit, store.limit, err, notify.MaxEvents)
		}
	}
	if _, _, err := s.Events(t.Context(), op, -1, 1); mailstead.KindOf(err) != mailstead.KindInvalid {
		t.Errorf("a negative position: %v, want invalid", err)
	}
}

func TestEventsOfMailAreForThoseWhoMayReadIt(t *testing.T) {
	const read, send, gone = 1, 2, 3
	store := &asked{rights: map[mailstead.AccountID][]mailstead.Right{read: {mailstead.RightRead}, send: {mailstead.RightSend}}}
	add := func(account mailstead.AccountID, user mailstead.UserID, types ...mailstead.EventType) {
		for _, e := range types {
			store.events = append(store.events, mailstead.Event{ID: mailstead.EventID(len(store.events) + 1), Type: e, AccountID: account, UserID: user})
		}
	}
	mail := []mailstead.EventType{mailstead.EventLoadProgress, mailstead.EventMessagesNew, mailstead.EventMessagesRemoved}
	add(read, 0, mailstead.EventMessagesNew, mailstead.EventOutgoing, mailstead.EventAccountHealth)
	add(send, 0, mail...)
	add(send, 0, mail...)
	add(send, 0, mailstead.EventAccountHealth) // 10
	add(send, 4, mailstead.EventOutgoing)
	add(send, 5, mailstead.EventOutgoing)
	add(gone, 0, mailstead.EventMessagesNew, mailstead.EventAccountDeleted) // 14
	add(send, 0, mail...)
	s := notify.NewStream(store, notify.New())
	anna := mailstead.Actor{User: mailstead.User{ID: 4, Role: mailstead.RoleUser}}
	for _, limit := range []int{1, 2, 3, 100} {
		var got []mailstead.EventID
		var after mailstead.EventID
		for {
			events, next, err := s.Events(t.Context(), anna, after, limit)
			if err != nil || next < after {
				t.Fatalf("behind %d: position %d, %v", after, next, err)
			}
			for _, e := range events {
				got = append(got, e.ID)
			}
			if after = next; len(events) == 0 {
				break
			}
		}
		if diff := cmp.Diff(got, []mailstead.EventID{1, 2, 3, 10, 11, 14}); diff != "" {
			t.Errorf("pages of %d: events (-got +want):\n%s", limit, diff)
		}
		if want := store.events[len(store.events)-1].ID; after != want {
			t.Errorf("pages of %d: position = %d at the end, want %d: nothing is looked at again", limit, after, want)
		}
	}
	token := mailstead.Actor{User: mailstead.User{ID: 9}, Scopes: []mailstead.Scope{mailstead.ScopeSend, mailstead.ScopeRead}}
	if events, _, err := s.Events(t.Context(), token, 3, 100); err != nil || len(events) != 2 {
		t.Errorf("the token of a user who may send: got %d events, %v; want those about the accounts", len(events), err)
	}
}
