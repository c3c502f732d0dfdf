package connect

import (
	"context"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

// NewAccount is an account as an administrator begins it: servers and password come
// later, from whoever has them.
type NewAccount struct {
	Name        string
	DisplayName string
	Address     string
	Note        string
	// OwnerID and Organisation are those of Request.
	OwnerID      mailstead.UserID
	Organisation bool
	// Like is an account whose settings are taken over: all but its name, address,
	// logins and passwords. 0 means none.
	Like mailstead.AccountID
}

// CreateAccount stores an account that is not complete: it is listed with what it
// lacks, and nobody sends from it or reads it before that came. No server is asked.
// Only administrators may.
func (s *Service) CreateAccount(ctx context.Context, actor mailstead.Actor, n NewAccount) (mailstead.Account, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Account{}, err
	}
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return mailstead.Account{}, err
	}
	owner, err := s.owner(ctx, actor, Request{OwnerID: n.OwnerID, Organisation: n.Organisation})
	if err != nil {
		return mailstead.Account{}, err
	}
	a := mailstead.Account{OwnerID: owner, Name: n.Name, DisplayName: n.DisplayName, Address: n.Address, Note: n.Note}
	if err := a.ValidateDraft(); err != nil {
		return mailstead.Account{}, err
	}
	if n.Like != 0 {
		like, _, err := s.Account(ctx, actor, n.Like)
		if err != nil {
			return mailstead.Account{}, err
		}
		s.takeOver(&a, &like)
	}
	done, ok := s.begin(&a)
	if !ok {
		return mailstead.Account{}, errExists("This address is being connected at this moment.")
	}
	defer done()
	if err := s.checkNew(ctx, &a); err != nil {
		return mailstead.Account{}, err
	}
	a.Key = credential.NewKey()
	a.CreatedAt, a.UpdatedAt = s.c.Now(), s.c.Now()
	e := actor.Audit(mailstead.AuditAccountCreate, a.AuditObject(), mailstead.AuditChanges(nil, &a))
	id, err := s.c.Store.ConnectAccount(ctx, mailstead.Connected{
		Account: &a, Audit: e, Events: []mailstead.Event{s.event(mailstead.EventAccountConnected, 0)},
	})
	if err != nil {
		return mailstead.Account{}, err
	}
	a.ID = id
	e.Object = a.AuditObject()
	s.did(ctx, e)
	if a.Outgoing != nil || a.Incoming != nil {
		s.c.Connected(id)
	}
	return a, nil
}

// takeOver gives a the settings of another account. A login that followed from the
// address follows from the new one.
func (s *Service) takeOver(a, like *mailstead.Account) {
	from := clone(*like)
	a.ProviderID, a.LoadPeriod, a.Signature = from.ProviderID, from.LoadPeriod, from.Signature
	if a.Note == "" {
		a.Note = from.Note
	}
	for _, n := range []mailstead.SideName{mailstead.SideIncoming, mailstead.SideOutgoing} {
		side := from.Side(n)
		if side == nil {
			continue
		}
		side.Secret, side.Health = "", mailstead.Health{State: mailstead.HealthNew}
		switch side.Login {
		case "":
		case mailstead.UsernameLocal.Login(from.Address):
			side.Login = mailstead.UsernameLocal.Login(a.Address)
		default:
			side.Login = a.Address
		}
		if side.Login != "" {
			side.Health = s.missingPassword(n)
		}
		setSide(a, n, side)
	}
}
