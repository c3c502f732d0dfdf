package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/sender"
)

// Accounts keeps the accounts that are connected.
type Accounts interface {
	Accounts(ctx context.Context, actor mailstead.Actor, q mailstead.AccountQuery) ([]mailstead.Account, error)
	Account(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (mailstead.Account, mailstead.Rights, error)
	Credential(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (*mailstead.Credential, error)
	UpdateAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, c connect.Changes) (connect.Saved, error)
	CreateAccount(ctx context.Context, actor mailstead.Actor, n connect.NewAccount) (mailstead.Account, error)
	RemoveAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, r connect.Removal) error
	PreviewDisconnect(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (connect.Disconnection, error)
	RestoreAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (mailstead.Account, error)
	Bulk(ctx context.Context, actor mailstead.Actor, ids []mailstead.AccountID, do func(context.Context, mailstead.AccountID) error) ([]connect.BulkResult, error)
	TestAccount(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (connect.Result, error)
	SenderHealth(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (sender.Result, error)
	ChangePassword(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, changed, outgoing mailstead.Secret) (connect.Result, error)
}

func (h *Handler) accountRoutes() {
	missing := []int{http.StatusNotFound}
	tested := []int{http.StatusNotFound, http.StatusTooManyRequests, http.StatusBadGateway}
	add(h, route{
		method: http.MethodGet, path: "/accounts", id: "listAccounts", tag: "Accounts",
		summary: "List accounts",
		about: "The accounts that you own or were given, of which a token sees those that its scopes let it use; administrators may ask for all. " +
			"Every filter narrows the list. It is in the order of creation, or by name when it is filtered.",
	}, h.listAccounts)
	add(h, route{
		method: http.MethodGet, path: "/accounts/{id}", id: "getAccount", tag: "Accounts",
		summary: "Read an account", about: "The account with its health, and what you may do with it.", errors: missing,
	}, h.getAccount)
	add(h, route{
		method: http.MethodPatch, path: "/accounts/{id}", id: "updateAccount", tag: "Accounts",
		summary: "Change an account",
		about: "Fields that are left out stay as they are. A server that changes needs its password again and is tested first; " +
			"when the test fails nothing is stored, and the problem carries the test in `reports`. With If-Match, what somebody " +
			"else changed meanwhile is not overwritten.",
		errors:  append([]int{http.StatusConflict, http.StatusPreconditionFailed}, tested...),
		example: map[string]any{"name": "Sales", "signature": "Anna Rossi\nSales"},
	}, h.updateAccount)
	add(h, route{
		method: http.MethodDelete, path: "/accounts/{id}", id: "deleteAccount", tag: "Accounts",
		summary: "Delete an account",
		about: "Refused while others use the account or it has mail to send: the problem lists them in `used_by`. " +
			"The passwords are destroyed at once; the rest can be restored for 30 days.",
		errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
	}, h.deleteAccount)
	add(h, route{
		method: http.MethodPost, path: "/accounts/{id}/test", id: "testAccount", tag: "Accounts",
		summary: "Test an account as it is stored",
		about:   "Signs in at both servers and reports every stage. A server's refusal is a result (`ok` is false), not an error of this call.",
		errors:  []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests},
	}, h.testAccount)
	add(h, route{
		method: http.MethodPut, path: "/accounts/{id}/password", id: "changeAccountPassword", tag: "Accounts",
		summary: "Change the password of an account",
		about:   "The new password is tried first. The old one stays in force until the new one has worked.",
		errors:  append([]int{http.StatusConflict}, tested...),
		example: map[string]any{"password": "correct horse"},
	}, h.changeAccountPassword)
	add(h, route{
		method: http.MethodPost, path: "/accounts/{id}/sync", id: "syncAccount", tag: "Accounts",
		summary: "Look for new mail now", about: "Asks the account's worker to look at its server. What it finds comes as events.",
		status: http.StatusAccepted, errors: missing,
	}, h.syncAccount)
}

// AccountPath names an account.
type AccountPath struct {
	ID mailstead.AccountID `path:"id" minimum:"1" doc:"The account." example:"7"`
}

// AccountItem is an account with how it stands as a whole.
type AccountItem struct {
	mailstead.Account
	State mailstead.AccountState `json:"state" doc:"How the account stands: the worst of its sides that are switched on."`
	Needs mailstead.AccountNeed  `json:"needs,omitempty" doc:"What the account lacks to work."`
}

func accountItem(a mailstead.Account) AccountItem { return AccountItem{a, a.State(), a.Needs()} }

// AccountDetail is an account with what the reader may do with it.
type AccountDetail struct {
	AccountItem
	Rights     mailstead.Rights      `json:"rights" doc:"What you may do with the account."`
	Credential *mailstead.Credential `json:"credential,omitempty" doc:"How old what the account signs in with is, and when it will end, where these are known."`
}

type accountOutput struct {
	Version
	Body AccountDetail
}

func (h *Handler) getAccount(ctx context.Context, actor mailstead.Actor, in *AccountPath) (*accountOutput, error) {
	a, rights, err := h.c.Accounts.Account(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	credential, err := h.c.Accounts.Credential(ctx, actor, in.ID)
	return &accountOutput{versionOf(a.UpdatedAt), AccountDetail{accountItem(a), rights, credential}}, err
}

// AccountChanges is what to change of an account.
type AccountChanges struct {
	Name             *string               `json:"name,omitempty" maxLength:"200" doc:"The name for lists inside the organisation."`
	DisplayName      *string               `json:"display_name,omitempty" maxLength:"200" doc:"The name that stands in mails."`
	Note             *string               `json:"note,omitempty" maxLength:"10000" doc:"A note for colleagues."`
	Signature        *string               `json:"signature,omitempty" maxLength:"20000" doc:"Ends every new mail; plain text."`
	LoadPeriod       *mailstead.LoadPeriod `json:"load_period,omitempty" maxLength:"20" doc:"How much old mail is loaded: none, all, days:N, months:N or count:N."`
	IncomingEnabled  *bool                 `json:"incoming_enabled,omitempty" doc:"Whether mail is read."`
	OutgoingEnabled  *bool                 `json:"outgoing_enabled,omitempty" doc:"Whether mail is sent."`
	Incoming         *ServerInput          `json:"incoming,omitempty" doc:"A new incoming server or login; what it leaves empty stays."`
	Outgoing         *ServerInput          `json:"outgoing,omitempty" doc:"A new outgoing server or login; what it leaves empty stays."`
	Password         mailstead.Secret      `json:"password,omitzero" doc:"The password, needed when a server changes."`
	OutgoingPassword mailstead.Secret      `json:"outgoing_password,omitzero" doc:"The password of the outgoing server, when it has its own."`
	PlainReason      string                `json:"plain_reason,omitempty" maxLength:"1000" doc:"Why a server without encryption is used, where the service allows it at all."`
}

type updateAccountInput struct {
	AccountPath
	IfVersion
	Body AccountChanges
}

type updatedOutput struct {
	Version
	Body SavedAccount
}

func (h *Handler) updateAccount(ctx context.Context, actor mailstead.Actor, in *updateAccountInput) (*updatedOutput, error) {
	b := &in.Body
	seen, err := in.seen()
	if err != nil {
		return nil, err
	}
	saved, err := h.c.Accounts.UpdateAccount(ctx, actor, in.ID, connect.Changes{
		Name: b.Name, DisplayName: b.DisplayName, Note: b.Note, Signature: b.Signature, LoadPeriod: b.LoadPeriod,
		IncomingEnabled: b.IncomingEnabled, OutgoingEnabled: b.OutgoingEnabled,
		Incoming: b.Incoming.input(), Outgoing: b.Outgoing.input(),
		Password: b.Password, OutgoingPassword: b.OutgoingPassword, PlainReason: b.PlainReason,
		Seen: seen,
	})
	if err != nil {
		return nil, in.stale(withReports(err, saved.Result))
	}
	return &updatedOutput{versionOf(saved.Account.UpdatedAt), SavedAccount{Account: saved.Account, Reports: testResult(saved.Result), Next: saved.Next}}, nil
}

type removeAccountInput struct {
	AccountPath
	IfVersion
}

func (h *Handler) deleteAccount(ctx context.Context, actor mailstead.Actor, in *removeAccountInput) (*struct{}, error) {
	return nil, h.removeAccount(ctx, actor, in, false)
}

func (h *Handler) removeAccount(ctx context.Context, actor mailstead.Actor, in *removeAccountInput, disconnect bool) error {
	seen, err := in.seen()
	if err != nil {
		return err
	}
	return in.stale(h.c.Accounts.RemoveAccount(ctx, actor, in.ID, connect.Removal{Disconnect: disconnect, Seen: seen}))
}

func (h *Handler) testAccount(ctx context.Context, actor mailstead.Actor, in *AccountPath) (*testOutput, error) {
	return testAnswer(h.c.Accounts.TestAccount(ctx, actor, in.ID))
}

// AccountPasswords are the new passwords of an account.
type AccountPasswords struct {
	Password         mailstead.Secret `json:"password,omitzero" doc:"The new password, for the outgoing server too where both share one."`
	OutgoingPassword mailstead.Secret `json:"outgoing_password,omitzero" doc:"The new password of an outgoing server that has its own."`
}

type changePasswordInput struct {
	AccountPath
	Body AccountPasswords
}

func (h *Handler) changeAccountPassword(ctx context.Context, actor mailstead.Actor, in *changePasswordInput) (*testOutput, error) {
	return testAnswer(h.c.Accounts.ChangePassword(ctx, actor, in.ID, in.Body.Password, in.Body.OutgoingPassword))
}

func (h *Handler) syncAccount(ctx context.Context, actor mailstead.Actor, in *AccountPath) (*struct{}, error) {
	return nil, h.c.Inbox.Sync(ctx, actor, in.ID)
}
