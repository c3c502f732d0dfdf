package outbox

import (
	"context"
	"slices"

	"github.com/mailstead/mailstead"
)

// decide says which account sends for user. An account that was chosen in the
// mail sends or nobody does: mail never leaves silently from another address.
func (s *Service) decide(
	ctx context.Context, actor mailstead.Actor, user mailstead.UserID, chosen mailstead.AccountID, template *mailstead.Template,
) (*mailstead.Account, mailstead.Resolution, error) {
	facts, r, err := s.resolve(ctx, actor, user, chosen, template)
	if err != nil {
		return nil, r, err
	}
	if facts.User.Disabled {
		return nil, r, &mailstead.Error{Kind: mailstead.KindForbidden, Code: "user.disabled", Text: "This user is disabled, so nothing is sent for it."}
	}
	if chosen != 0 && r.AccountID != chosen {
		return nil, r, &mailstead.Error{
			Kind: mailstead.KindForbidden, Code: "send.account_not_allowed", Field: "account_id", Text: notAllowed(&r, chosen),
		}
	}
	for i := range facts.Accounts {
		if a := &facts.Accounts[i]; a.ID == r.AccountID && a.ID != 0 {
			return a, r, nil
		}
	}
	return nil, r, &mailstead.Error{
		Kind: mailstead.KindConflict, Code: "send.no_sender",
		Text: "No account may send for this user. Connect one, or ask an administrator to assign one.",
	}
}

func notAllowed(r *mailstead.Resolution, chosen mailstead.AccountID) string {
	for _, p := range r.PassedOver {
		switch {
		case p.AccountID != chosen:
		case p.Why == mailstead.PassDisabled:
			return "The chosen account cannot send: its sending is switched off."
		case p.Why == mailstead.PassIncomplete:
			return "The chosen account cannot send: it has no servers yet."
		}
	}
	return "You may not send from the chosen account."
}

func (s *Service) resolve(
	ctx context.Context, actor mailstead.Actor, user mailstead.UserID, chosen mailstead.AccountID, template *mailstead.Template,
) (mailstead.SenderFacts, mailstead.Resolution, error) {
	var named []mailstead.AccountID
	if chosen != 0 {
		named = append(named, chosen)
	}
	if template != nil && template.AccountID != 0 {
		named = append(named, template.AccountID)
	}
	facts, err := s.c.Shelf.SenderFacts(ctx, user, named...)
	if err != nil {
		return facts, mailstead.Resolution{}, err
	}
	candidates := facts.Candidates(chosen, template)
	// Administrators may send from any account, but only in their own name.
	if actor.IsAdmin() && user == actor.User.ID {
		for i := range candidates {
			if c := &candidates[i]; c.Level == mailstead.LevelChosen || c.Level == mailstead.LevelTemplate {
				c.Allowed = true
			}
		}
	}
	r := mailstead.ResolveSender(candidates, facts.ConfigurationSender())
	if !actor.IsAdmin() {
		if chosen != 0 && r.AccountID != chosen {
			hideChosen(&r, chosen)
		}
		hideTemplate(&r)
	}
	return facts, r, nil
}

// hideChosen tells somebody who may not send from an account no more of it than
// of one that does not exist.
func hideChosen(r *mailstead.Resolution, chosen mailstead.AccountID) {
	known := func(p mailstead.PassedOver) bool { return p.AccountID == chosen && p.Why != mailstead.PassForbidden }
	if slices.ContainsFunc(r.PassedOver, known) {
		return
	}
	r.PassedOver = slices.DeleteFunc(r.PassedOver, func(p mailstead.PassedOver) bool { return p.AccountID == chosen })
	hidden := mailstead.SenderCandidate{AccountID: chosen, Level: mailstead.LevelChosen}
	r.PassedOver = slices.Insert(r.PassedOver, 0, mailstead.PassedOver{SenderCandidate: hidden, Why: mailstead.PassForbidden})
}

// hideTemplate tells somebody who may not send from the template's account that
// there is one, and nothing of it.
func hideTemplate(r *mailstead.Resolution) {
	for i := range r.PassedOver {
		p := &r.PassedOver[i]
		if p.Level == mailstead.LevelTemplate && p.Why == mailstead.PassForbidden {
			hidden := mailstead.SenderCandidate{Level: p.Level, Template: p.Template}
			*p = mailstead.PassedOver{SenderCandidate: hidden, Why: p.Why}
		}
	}
}

// Resolve tells who would send for user (0 is the actor), and why, when chosen is
// named in the mail and the mail is made from template. Only administrators ask for
// others.
func (s *Service) Resolve(
	ctx context.Context, actor mailstead.Actor, user mailstead.UserID, chosen mailstead.AccountID, template mailstead.TemplateID,
) (mailstead.Resolution, error) {
	if err := requireAny(actor, mailstead.ScopeSend, mailstead.ScopeAccounts); err != nil {
		return mailstead.Resolution{}, err
	}
	if user == 0 {
		user = actor.User.ID
	}
	if user != actor.User.ID {
		if err := actor.RequireAdmin(); err != nil {
			return mailstead.Resolution{}, err
		}
	}
	t, err := s.template(ctx, template)
	if err != nil {
		return mailstead.Resolution{}, err
	}
	_, r, err := s.resolve(ctx, actor, user, chosen, t)
	return r, err
}

// requireAny returns nil when one of the scopes is enough for actor.
func requireAny(actor mailstead.Actor, scopes ...mailstead.Scope) (err error) {
	for _, scope := range scopes {
		if err = actor.Require(scope); err == nil {
			return nil
		}
	}
	return err
}
