package connect

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

// Network finds the servers of domains that nobody here knows: *discover.Network is
// one.
type Network interface {
	// Find completes r; told, if set, hears of every question that has ended, of one at
	// a time.
	Find(ctx context.Context, r discover.Result, told func(discover.Question)) discover.Result
}

// Discover recognises an address. It needs no secret.
func (s *Service) Discover(ctx context.Context, actor mailstead.Actor, address string) (discover.Result, error) {
	return s.Follow(ctx, actor, address, nil)
}

// Follow is Discover that tells of every question to the network as soon as it has
// ended; what is known here, or was asked before, takes none.
func (s *Service) Follow(ctx context.Context, actor mailstead.Actor, address string, told func(discover.Question)) (discover.Result, error) {
	return s.discover(ctx, actor, address, func(ctx context.Context, actor mailstead.Actor, address string) (discover.Result, error) {
		return s.recognise(ctx, actor, address, told)
	})
}

// Known recognises an address by what is known here, and asks nobody outside.
func (s *Service) Known(ctx context.Context, actor mailstead.Actor, address string) (discover.Result, error) {
	return s.discover(ctx, actor, address, func(ctx context.Context, _ mailstead.Actor, address string) (discover.Result, error) {
		return s.c.Directory.Discover(ctx, s.c.Store, address)
	})
}

func (s *Service) discover(ctx context.Context, actor mailstead.Actor, address string,
	find func(context.Context, mailstead.Actor, string) (discover.Result, error),
) (discover.Result, error) {
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return discover.Result{}, err
	}
	res, err := find(ctx, actor, address)
	if err != nil {
		return res, err
	}
	if err := s.offerOAuth(ctx, &res); err != nil {
		return res, err
	}
	return res, s.markHidden(ctx, actor, &res)
}

// recognise finds out about an address: from the table of domains and the directory,
// else from what its domain publishes.
func (s *Service) recognise(ctx context.Context, actor mailstead.Actor, address string, told func(discover.Question)) (discover.Result, error) {
	res, err := s.c.Directory.Discover(ctx, s.c.Store, address)
	if err != nil || s.c.Network == nil || res.Source != discover.SourceNone || res.ProblemCode != "" {
		return res, err
	}
	now := s.c.Now()
	if known, ok := s.found.get(res.Address, now); ok {
		return known, nil
	}
	if !s.lookups.allow(actor.User.ID, now) {
		return res, errTooManyTests()
	}
	res = s.c.Network.Find(ctx, res, told)
	if err := ctx.Err(); err != nil {
		return res, err
	}
	s.found.put(res, now)
	return res, nil
}

// recogniseFor is recognise for a request, whose own servers or provider need nothing
// from the network.
func (s *Service) recogniseFor(ctx context.Context, actor mailstead.Actor, r *Request) (discover.Result, error) {
	typed := func(in *ServerInput) bool { return in != nil && strings.TrimSpace(in.Text) != "" }
	if r.ProviderID != "" || (r.SendOnly || typed(r.Incoming)) && (r.ReceiveOnly || typed(r.Outgoing)) {
		return s.c.Directory.Discover(ctx, s.c.Store, r.Address)
	}
	return s.recognise(ctx, actor, r.Address, nil)
}

// confirmed refuses servers of another domain than the address's that no person has
// agreed to: a name server may have been deceived, and a password would go there.
func confirmed(p *plan, known discover.Result, r Request) error {
	if len(known.Foreign) == 0 || r.ConfirmServers {
		return nil
	}
	for _, side := range p.sides {
		for _, t := range side.targets {
			if !t.typed {
				return mailstead.Invalid("confirm_servers", "connect.confirm_servers", "The servers belong to "+strings.Join(known.Foreign, " and ")+
					", not to "+mailstead.DomainOf(known.Address)+": confirm that the password may go there.")
			}
		}
	}
	return nil
}

const (
	// answerTime is how long what the network answered is used again.
	answerTime = 15 * time.Minute
	// maxAnswers is how many of them are kept.
	maxAnswers = 1000
)

// answers keeps what the network answered, so that a test and what is saved after it
// speak of the same servers. It may be used from many goroutines.
type answers struct {
	mu   sync.Mutex
	kept map[string]answer
}

type answer struct {
	result discover.Result
	at     time.Time
}

func (a *answers) get(address string, now time.Time) (discover.Result, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.kept[address]
	return k.result, ok && now.Sub(k.at) < answerTime
}

func (a *answers) put(r discover.Result, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept == nil || len(a.kept) >= maxAnswers {
		a.kept = make(map[string]answer)
	}
	// What found nothing is asked again: its owner may be mending it just now.
	if r.Source != discover.SourceNone {
		a.kept[r.Address] = answer{r, now}
	}
}
