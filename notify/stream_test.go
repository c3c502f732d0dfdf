package notify_test

import (
	"context"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/notify"
)

// asked is a store that records what it was asked for.
type asked struct {
	user  mailstead.UserID
	limit int
}

func (a *asked) Events(_ context.Context, after mailstead.EventID, limit int, user mailstead.UserID) ([]mailstead.Event, error) {
	a.user, a.limit = user, limit
	return []mailstead.Event{{ID: after + 1}}, nil
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
			events, err := s.Events(t.Context(), tt.actor, 10, 3)
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
			if store.user != tt.want || store.limit != 3 || len(events) != 1 {
				t.Errorf("asked for user %d limit %d, got %d events; want user %d limit 3, 1 event", store.user, store.limit, len(events), tt.want)
			}
		})
	}
}

func TestStreamBoundsThePage(t *testing.T) {
	store := &asked{}
	s := notify.NewStream(store, notify.New())
	op := mailstead.Actor{Operator: true}
	for _, limit := range []int{0, -1, notify.MaxEvents + 1} {
		if _, err := s.Events(t.Context(), op, 0, limit); err != nil || store.limit != notify.MaxEvents {
			t.Errorf("limit %d became %d (%v), want %d", limit, store.limit, err, notify.MaxEvents)
		}
	}
	if _, err := s.Events(t.Context(), op, -1, 1); mailstead.KindOf(err) != mailstead.KindInvalid {
		t.Errorf("a negative position: %v, want invalid", err)
	}
}
