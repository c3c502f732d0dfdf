package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/mailstead/mailstead"
)

const (
	// arrivalPatience is how long an accepted mail may need to its mailbox before its
	// round trip counts as failed, arrivalLonger how long it is looked for at all.
	arrivalPatience = time.Minute
	arrivalLonger   = time.Hour
	// arrivalSlow is the pause between two looks for a mail that is late.
	arrivalSlow = 30 * time.Second
	// arrivalNudge is how often the mailbox is asked for new mail meanwhile.
	arrivalNudge = 3 * time.Second
	// The pauses between two looks: while a mail is expected, while one is on its way to
	// its server, and while there is neither.
	arrivalSoon = 250 * time.Millisecond
	arrivalSent = 500 * time.Millisecond
	arrivalIdle = 10 * time.Second
	// arrivalBatch is how many are looked for at once.
	arrivalBatch = 200
)

// wakeArrivals tells that there is a round trip to follow.
func (s *Service) wakeArrivals() {
	select {
	case s.trips <- struct{}{}:
	default: // one signal is enough
	}
}

// followArrivals looks for the mails of round trips, until ctx ends.
func (s *Service) followArrivals(ctx context.Context) {
	nudged := make(map[mailstead.OutgoingID]time.Time)
	for {
		wait := arrivalIdle
		s.try(ctx, "arrivals", func(ctx context.Context) (err error) {
			wait, err = s.lookForArrivals(ctx, nudged)
			return err
		})
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.trips:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// lookForArrivals looks once for all that are due and returns when to look again.
func (s *Service) lookForArrivals(ctx context.Context, nudged map[mailstead.OutgoingID]time.Time) (time.Duration, error) {
	now, wait := s.c.Now(), arrivalIdle
	due, err := s.c.Trips.DueArrivals(ctx, now, arrivalBatch)
	if err != nil {
		return wait, err
	}
	open := make(map[mailstead.OutgoingID]bool, len(due))
	for i := range due {
		a := &due[i]
		if next, changed := judgeArrival(a, now); changed {
			if err := s.c.Trips.SetArrival(ctx, a.OutgoingID, next); err != nil {
				return wait, err
			}
			s.c.Logger.LogAttrs(ctx, slog.LevelInfo, "round trip", slog.Int64("outgoing_id", int64(a.OutgoingID)), slog.String("state", string(next.State)))
			continue
		}
		if a.AcceptedAt.IsZero() {
			if now.Sub(a.CreatedAt) < arrivalPatience {
				wait = min(wait, arrivalSent)
			}
			continue
		}
		wait, open[a.OutgoingID] = arrivalSoon, true
		if now.Sub(nudged[a.OutgoingID]) >= arrivalNudge {
			nudged[a.OutgoingID] = now
			s.c.Nudge(a.AccountID)
		}
	}
	for id := range nudged {
		if !open[id] {
			delete(nudged, id)
		}
	}
	return wait, nil
}

// judgeArrival decides what is to be stored of an arrival now, if anything.
func judgeArrival(a *mailstead.AwaitedArrival, now time.Time) (mailstead.Arrival, bool) {
	next := a.Arrival
	next.DueAt = time.Time{}
	switch {
	case a.Found != 0:
		next.State, next.MessageID, next.Folder, next.ArrivedAt = mailstead.ArrivalArrived, a.Found, a.Role, now
	case a.Sent == mailstead.OutgoingRejected || a.Sent == mailstead.OutgoingCancelled:
		next.State, next.MissedAt = mailstead.ArrivalMissing, now
	case a.AcceptedAt.IsZero():
		return next, false
	case now.Sub(a.AcceptedAt) >= arrivalLonger:
		next.State = mailstead.ArrivalMissing
	case a.State == mailstead.ArrivalMissing:
		next.DueAt = now.Add(arrivalSlow)
	case now.Sub(a.AcceptedAt) >= arrivalPatience:
		next.State, next.MissedAt, next.DueAt = mailstead.ArrivalMissing, now, now.Add(arrivalSlow)
	default:
		return next, false
	}
	return next, true
}
