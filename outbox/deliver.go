package outbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
)

const (
	// claimBatch is how many mails a run takes in hand at once.
	claimBatch = 50
	// runBatches is how many times a run does so before it looks at its account
	// anew.
	runBatches = 20
	// finishing is how many ends of attempts may wait for the store while the
	// connections go on.
	finishing = 64
	// forgetMost is how long a limit of connections that was met is respected.
	forgetMost = 10 * time.Minute
	// storeTime bounds what must be stored even when we are being stopped.
	storeTime = 30 * time.Second
)

// run sends what is due of one account. Its lanes are connections, each with a
// goroutine that takes mails from work.
type run struct {
	s       *Service
	line    *line
	account mailstead.Account
	access  mailstead.Access
	work    chan *mailstead.OutgoingMessage
	// over is closed when the account cannot send any more; failed says why.
	over chan struct{}

	mu     sync.Mutex
	lanes  int
	most   int
	failed *failure
	told   mailstead.HealthState // what was last stored as the account's health

	laneGroup sync.WaitGroup
	ends      chan struct{} // one token for each end of an attempt under way
	endGroup  sync.WaitGroup
}

// deliver is the queue's handler: it runs one account until nothing is due.
func (s *Service) deliver(ctx context.Context, key int64) {
	id := mailstead.AccountID(key)
	if err := s.deliverAccount(ctx, id); err != nil && ctx.Err() == nil {
		s.c.Logger.LogAttrs(ctx, slog.LevelError, "outbox run failed", slog.Int64("account_id", key), slog.Any("err", err))
	}
}

func (s *Service) deliverAccount(ctx context.Context, id mailstead.AccountID) error {
	l := s.line(id)
	if err := s.heal(ctx, id, l); err != nil {
		return err
	}
	account, err := s.c.Store.Account(ctx, id)
	if mailstead.KindOf(err) == mailstead.KindNotFound && err != nil {
		return nil // deleted; its mails were cancelled or sent before
	}
	if err != nil {
		return err
	}
	if why := reasonToHold(&account); why != nil {
		return s.holdDue(ctx, id, why)
	}
	s.mu.Lock()
	now := s.c.Now()
	paused := now.Before(l.pausedUntil)
	if l.most != 0 && !now.Before(l.mostUntil) {
		l.most = 0
	}
	most := l.most
	s.mu.Unlock()
	if paused {
		return nil // the sweep comes back
	}
	if most == 0 {
		most = s.c.Connections
	}
	r := &run{
		s: s, line: l, account: account, most: most,
		work: make(chan *mailstead.OutgoingMessage), over: make(chan struct{}), ends: make(chan struct{}, finishing),
	}
	// What was begun may come to its end after Stop.
	hard, cancel := lasting(ctx, s.c.StopGrace)
	defer cancel()
	err = r.dispatch(ctx, hard)
	close(r.work)
	r.laneGroup.Wait()
	r.endGroup.Wait()
	if r.failed != nil && r.failed.trouble {
		return s.holdDue(ctx, id, &r.failed.why)
	}
	return err
}

// dispatch claims what is due and hands it to the lanes, until nothing is due,
// the account cannot send any more, or ctx ends. When the account may have
// changed meanwhile it asks for another run.
func (r *run) dispatch(ctx, hard context.Context) error {
	for batch := 0; ; batch++ {
		if batch == runBatches || r.s.isHealed(r.line) {
			r.s.Wake(r.account.ID)
			return nil
		}
		mails, err := r.s.c.Store.ClaimOutgoing(ctx, r.account.ID, r.s.c.Now(), claimBatch)
		if err != nil || len(mails) == 0 {
			return err
		}
		for i := range mails {
			if !r.hand(ctx, hard, &mails[i], len(mails)-i) {
				r.giveBack(hard, mails[i:])
				return nil
			}
		}
	}
}

// hand gives a mail to a lane; waiting counts the mails in hand, this one
// included.
func (r *run) hand(ctx, hard context.Context, m *mailstead.OutgoingMessage, waiting int) bool {
	select {
	case <-ctx.Done():
		return false
	case <-r.over:
		return false
	default:
	}
	select {
	case r.work <- m:
		return true
	default:
		r.grow(hard, waiting)
	}
	select {
	case r.work <- m:
		return true
	case <-r.over:
		return false
	case <-ctx.Done():
		return false
	}
}

// grow adds a lane when there is none, or when more mails wait than there are
// lanes and the account may have another.
func (r *run) grow(hard context.Context, waiting int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil || r.lanes >= r.most || (r.lanes > 0 && waiting <= r.lanes) {
		return
	}
	r.lanes++
	r.laneGroup.Go(func() { r.lane(hard) })
}

// lane sends mail by mail over one connection, which it replaces when it dies.
func (r *run) lane(ctx context.Context) {
	// A connection is open before the first mail is taken, so that one too many
	// costs no mail an attempt.
	c, err := r.connect(ctx)
	if err != nil {
		r.leave(ctx, err)
		return
	}
	for m := range r.work {
		c, err = r.sendBy(ctx, c, m)
		if err != nil {
			// There was no connection to send it by.
			r.leave(ctx, err)
			r.giveBack(ctx, []mailstead.OutgoingMessage{*m})
			return
		}
	}
	r.s.putIdle(r.line, c)
	r.mu.Lock()
	r.lanes--
	r.mu.Unlock()
}

// sendBy sends m over c, or over a new connection when c is dead, and returns
// the connection it used. An error means that none could be had and m was not
// tried.
func (r *run) sendBy(ctx context.Context, c *connection, m *mailstead.OutgoingMessage) (*connection, error) {
	if !c.Alive() {
		_ = c.Close()
		var err error
		if c, err = r.open(ctx); err != nil {
			return nil, err
		}
	}
	if r.attempt(ctx, c, m) {
		return c, nil
	}
	// The server had closed the waiting connection meanwhile: that is no failure
	// of the mail.
	_ = c.Close()
	c, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	r.attempt(ctx, c, m)
	return c, nil
}

// connect returns a waiting connection or opens one.
func (r *run) connect(ctx context.Context) (*connection, error) {
	if c := r.s.takeIdle(r.line); c != nil {
		return c, nil
	}
	return r.open(ctx)
}

func (r *run) open(ctx context.Context) (*connection, error) {
	access, err := r.signIn(ctx)
	if err != nil {
		return nil, err
	}
	sender, err := r.s.c.Sender.Open(ctx, access)
	if err != nil {
		return nil, err
	}
	return &connection{Sender: sender, proven: true}, nil
}

// signIn opens the account's secret, once a run.
func (r *run) signIn(ctx context.Context) (mailstead.Access, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.access.Server.Host != "" {
		return r.access, nil
	}
	var err error
	r.access, err = r.s.c.Credentials.Access(ctx, r.account.ID, mailstead.SideOutgoing)
	return r.access, err
}

// leave ends a lane that gets no connection. While others have theirs, the
// server only wants fewer; without any, the account has failed.
func (r *run) leave(ctx context.Context, err error) {
	r.mu.Lock()
	r.lanes--
	left := r.lanes
	if left > 0 {
		r.most = left
		r.s.mu.Lock()
		r.line.most, r.line.mostUntil = left, r.s.c.Now().Add(forgetMost)
		r.s.mu.Unlock()
	}
	r.mu.Unlock()
	if left == 0 && ctx.Err() == nil {
		r.fail(ctx, err)
	}
}

// giveBack ends the attempts at mails that were claimed and not tried: when the
// account has failed they share its fate, else they are queued as before.
func (r *run) giveBack(ctx context.Context, mails []mailstead.OutgoingMessage) {
	r.mu.Lock()
	f := r.failed
	r.mu.Unlock()
	if f != nil {
		now := r.s.c.Now()
		for i := range mails {
			r.s.settleAll(&mails[i], f)
			r.store(ctx, &mails[i], now)
		}
		return
	}
	r.s.change(ctx, mails, func(m *mailstead.OutgoingMessage) { m.State = mailstead.OutgoingQueued })
}

// change stores another state of claimed mails, many at once.
func (s *Service) change(ctx context.Context, mails []mailstead.OutgoingMessage, edit func(*mailstead.OutgoingMessage)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	var group sync.WaitGroup
	for i := range mails {
		m := mails[i]
		edit(&m)
		group.Go(func() {
			if err := s.c.Store.ChangeOutgoing(ctx, m, mailstead.OutgoingSending); err != nil {
				s.c.Logger.LogAttrs(ctx, slog.LevelError, "claimed mail not put back", slog.Int64("outgoing_id", int64(m.ID)), slog.Any("err", err))
			}
		})
	}
	group.Wait()
}
