package notify

import (
	"context"

	"github.com/mailstead/mailstead"
)

// MaxEvents is the most events of one page.
const MaxEvents = 500

// Store reads the stored events, and what the user may do with their accounts.
type Store interface {
	// Events returns up to limit events behind after, in order: all of them for
	// user 0, else those that the user may read.
	Events(ctx context.Context, after mailstead.EventID, limit int, user mailstead.UserID) ([]mailstead.Event, error)
	LastEventID(ctx context.Context) (mailstead.EventID, error)
	// AccountFor returns an account and those of its assignments that reach the
	// user; one that was deleted is mailstead.KindNotFound.
	AccountFor(ctx context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error)
}

// Stream is the event stream as an actor sees it.
type Stream struct {
	store Store
	hub   *Hub
}

// NewStream returns the stream of what store holds, with the signals of hub.
func NewStream(store Store, hub *Hub) *Stream { return &Stream{store: store, hub: hub} }

// Events returns up to limit events behind after, oldest first, and the position
// to go on from. Administrators read all of them, everyone else those about
// themselves and about accounts that they may use: what happens to the mail of an
// account is for those who may read it. An empty page means that there is nothing
// new.
func (s *Stream) Events(ctx context.Context, actor mailstead.Actor, after mailstead.EventID, limit int) ([]mailstead.Event, mailstead.EventID, error) {
	user, err := reader(actor)
	if err != nil {
		return nil, after, err
	}
	if after < 0 {
		return nil, after, mailstead.Invalid("after", "input.cursor", "This position in the event stream is not valid.")
	}
	if limit < 1 || limit > MaxEvents {
		limit = MaxEvents
	}
	for {
		page, err := s.store.Events(ctx, after, limit, user)
		if err != nil || len(page) == 0 {
			return nil, after, err
		}
		last, full := page[len(page)-1].ID, len(page) >= limit
		if user != 0 {
			if page, err = s.allowed(ctx, actor, page); err != nil {
				return nil, after, err
			}
		}
		if after = last; len(page) > 0 || !full {
			return page, after, nil
		}
	}
}

// allowed keeps the events that the actor may read, of those that concern its
// user in some way.
func (s *Stream) allowed(ctx context.Context, actor mailstead.Actor, page []mailstead.Event) ([]mailstead.Event, error) {
	known := make(map[mailstead.AccountID]mailstead.Rights)
	out := page[:0]
	for _, e := range page {
		if e.UserID == actor.User.ID {
			out = append(out, e)
			continue
		}
		rights, ok := known[e.AccountID]
		if !ok {
			var err error
			if rights, err = s.rights(ctx, actor, e.AccountID); err != nil {
				return nil, err
			}
			known[e.AccountID] = rights
		}
		if rights.Read || (isAboutAccount(e.Type) && rights != (mailstead.Rights{})) {
			out = append(out, e)
		}
	}
	return out, nil
}

// rights are those of the actor on an account. One that was deleted had an owner,
// to whom the store gives its events: he learns what became of the account.
func (s *Stream) rights(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (mailstead.Rights, error) {
	a, assignments, err := s.store.AccountFor(ctx, id, actor.User.ID)
	switch {
	case err == nil:
		return mailstead.RightsOn(actor, &a, assignments), nil
	case mailstead.KindOf(err) == mailstead.KindNotFound:
		return mailstead.Rights{Manage: true}, nil
	default:
		return mailstead.Rights{}, err
	}
}

// isAboutAccount tells events about an account itself from those about its mail.
func isAboutAccount(t mailstead.EventType) bool {
	switch t {
	case mailstead.EventAccountConnected, mailstead.EventAccountUpdated, mailstead.EventAccountHealth, mailstead.EventAccountDeleted:
		return true
	default:
		return false
	}
}

// Last returns the position of the newest event, where a reader begins that wants
// only what comes.
func (s *Stream) Last(ctx context.Context, actor mailstead.Actor) (mailstead.EventID, error) {
	if _, err := reader(actor); err != nil {
		return 0, err
	}
	return s.store.LastEventID(ctx)
}

// Subscribe is Hub.Subscribe.
func (s *Stream) Subscribe() (ch <-chan struct{}, cancel func()) { return s.hub.Subscribe() }

// reader returns the user whose events the actor reads, 0 for all.
func reader(actor mailstead.Actor) (mailstead.UserID, error) {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return 0, err
	}
	if actor.IsAdmin() {
		return 0, nil
	}
	return actor.User.ID, nil
}
