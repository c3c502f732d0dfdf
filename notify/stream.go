package notify

import (
	"context"

	"github.com/mailstead/mailstead"
)

// MaxEvents is the most events of one page.
const MaxEvents = 500

// Store reads the stored events.
type Store interface {
	// Events returns up to limit events behind after, in order: all of them for
	// user 0, else those that the user may read.
	Events(ctx context.Context, after mailstead.EventID, limit int, user mailstead.UserID) ([]mailstead.Event, error)
	LastEventID(ctx context.Context) (mailstead.EventID, error)
}

// Stream is the event stream as an actor sees it.
type Stream struct {
	store Store
	hub   *Hub
}

// NewStream returns the stream of what store holds, with the signals of hub.
func NewStream(store Store, hub *Hub) *Stream { return &Stream{store: store, hub: hub} }

// Events returns up to limit events behind after, oldest first. Administrators
// read all of them, everyone else those about accounts that they own or were
// given, and about themselves. An empty page means that there is nothing new.
func (s *Stream) Events(ctx context.Context, actor mailstead.Actor, after mailstead.EventID, limit int) ([]mailstead.Event, error) {
	user, err := reader(actor)
	if err != nil {
		return nil, err
	}
	if after < 0 {
		return nil, mailstead.Invalid("after", "input.cursor", "This position in the event stream is not valid.")
	}
	if limit < 1 || limit > MaxEvents {
		limit = MaxEvents
	}
	return s.store.Events(ctx, after, limit, user)
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
