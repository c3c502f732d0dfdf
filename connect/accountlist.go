package connect

import (
	"context"

	"github.com/mailstead/mailstead"
)

// Accounts lists accounts: all for an administrator who asks so, else those that the
// actor's user owns or was assigned and may use within the actor's scopes. Of
// deleted accounts people see their own.
func (s *Service) Accounts(ctx context.Context, actor mailstead.Actor, q mailstead.AccountQuery) ([]mailstead.Account, error) {
	scopes := []mailstead.Scope{mailstead.ScopeAccounts, mailstead.ScopeRead, mailstead.ScopeSend}
	if q.Deleted {
		// Only who may manage an account brings it back.
		scopes = scopes[:1]
	}
	if err := requireAny(actor, scopes...); err != nil {
		return nil, err
	}
	if !actor.IsAdmin() {
		q.VisibleTo = actor.User.ID
	}
	if q.Limit < 1 || q.Limit > accountPage {
		q.Limit = accountPage
	}
	if actor.Scopes == nil || actor.IsAdmin() || q.Deleted {
		return s.c.Store.Accounts(ctx, q)
	}
	return s.usable(ctx, actor, q)
}

// usable lists the accounts on which the scopes of a token leave its user a right.
func (s *Service) usable(ctx context.Context, actor mailstead.Actor, q mailstead.AccountQuery) ([]mailstead.Account, error) {
	var out []mailstead.Account
	for {
		page, err := s.c.Store.Accounts(ctx, q)
		if err != nil {
			return nil, err
		}
		ids := make([]mailstead.AccountID, len(page))
		for i := range page {
			ids[i] = page[i].ID
		}
		reach, err := s.c.Store.Reach(ctx, actor.User.ID, ids)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if mailstead.RightsOn(actor, &page[i], reach[page[i].ID]) == (mailstead.Rights{}) {
				continue
			}
			if out = append(out, page[i]); len(out) == q.Limit {
				return out, nil
			}
		}
		if len(page) < q.Limit {
			return out, nil
		}
		q.After = page[len(page)-1].Position(q.Sort)
	}
}
