package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/inbox"
)

func (h *Handler) accountAdminRoutes() {
	add(h, route{
		method: http.MethodPost, path: "/accounts", id: "createAccount", tag: "Accounts",
		summary: "Create an account that is not complete",
		about: "For administrators: a name and an address; servers and password follow by `PATCH /accounts/{id}`. Until then `needs` says what " +
			"is missing, and nobody sends from the account. `like` takes over the settings of another account, but for its logins and passwords.",
		status: http.StatusCreated, errors: []int{http.StatusNotFound, http.StatusConflict},
		example: map[string]any{"name": "Support", "display_name": "Support of Example", "address": "support@example.com", "organisation": true},
	}, h.createAccount)
	add(h, route{
		method: http.MethodPost, path: "/accounts/bulk", id: "changeAccounts", tag: "Accounts",
		summary: "Change several accounts",
		about: "For administrators: does the same to up to 200 accounts, each in a step of its own. Where it fails nothing of that account is " +
			"changed and its result says why; the others are done nevertheless.",
		example: map[string]any{"ids": []any{7, 8}, "action": "disable", "side": "incoming"},
	}, h.changeAccounts)
	add(h, route{
		method: http.MethodGet, path: "/accounts/{id}/disconnect", id: "previewDisconnect", tag: "Accounts",
		summary: "See what disconnecting would do", about: "Counts the mail that would go and lists who else uses the account. Nothing is changed.",
		errors: []int{http.StatusNotFound, http.StatusConflict},
	}, h.previewDisconnect)
	add(h, route{
		method: http.MethodPost, path: "/accounts/{id}/disconnect", id: "disconnectAccount", tag: "Accounts",
		summary: "Disconnect an account",
		about: "Its mail is out of view at once and its passwords are destroyed; on the mail server nothing is changed. For 30 days " +
			"`POST /accounts/{id}/restore` brings it back. Refused while others use it: the problem lists them in `uses`.",
		status: http.StatusNoContent, errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
	}, h.disconnectAccount)
	add(h, route{
		method: http.MethodPost, path: "/accounts/{id}/restore", id: "restoreAccount", tag: "Accounts",
		summary: "Restore a deleted account",
		about:   "For its owner and administrators, for 30 days: the account is back with its mail and settings and needs its password again.",
		errors:  []int{http.StatusNotFound, http.StatusConflict},
	}, h.restoreAccount)
	add(h, route{
		method: http.MethodGet, path: "/accounts/{id}/export", id: "exportMail", tag: "Accounts",
		summary: "Download the mail of an account",
		about: "All mail that is here, as one mbox file or as a zip archive with one .eml file for each and an index. Mails whose bytes lie on " +
			"the mail server only are in the index alone.",
		errors: []int{http.StatusNotFound}, media: "application/zip",
	}, h.exportMail)
}

// NewAccountInput is an account as it begins.
type NewAccountInput struct {
	Name         string              `json:"name,omitempty" maxLength:"200" doc:"The name for lists inside the organisation; the address when empty."`
	DisplayName  string              `json:"display_name,omitempty" maxLength:"200" doc:"The name that stands in mails."`
	Address      string              `json:"address" maxLength:"320" doc:"The mail address." example:"support@example.com"`
	Note         string              `json:"note,omitempty" maxLength:"10000" doc:"A note for colleagues."`
	OwnerID      mailstead.UserID    `json:"owner_id,omitempty" minimum:"0" doc:"The user whom the account will belong to; 0 for you."`
	Organisation bool                `json:"organisation,omitempty" doc:"The account belongs to the organisation."`
	Like         mailstead.AccountID `json:"like,omitempty" minimum:"0" doc:"An account whose settings are taken over."`
}

type createAccountInput struct{ Body NewAccountInput }

type itemOutput struct {
	Version
	Body AccountItem
}

func (h *Handler) createAccount(ctx context.Context, actor mailstead.Actor, in *createAccountInput) (*itemOutput, error) {
	b := &in.Body
	a, err := h.c.Accounts.CreateAccount(ctx, actor, connect.NewAccount{
		Name: b.Name, DisplayName: b.DisplayName, Address: b.Address, Note: b.Note, OwnerID: b.OwnerID, Organisation: b.Organisation, Like: b.Like,
	})
	return &itemOutput{versionOf(a.UpdatedAt), accountItem(a)}, err
}

// BulkAction is what to do to several accounts.
type BulkAction string

// The bulk actions.
const (
	BulkEnable  BulkAction = "enable"
	BulkDisable BulkAction = "disable"
	BulkAssign  BulkAction = "assign"
	BulkDelete  BulkAction = "delete"
)

// BulkInput is a bulk action with its accounts.
type BulkInput struct {
	IDs       []mailstead.AccountID `json:"ids" minItems:"1" maxItems:"200" nullable:"false" doc:"The accounts."`
	Action    BulkAction            `json:"action" enum:"enable,disable,assign,delete" doc:"What to do."`
	Side      mailstead.SideName    `json:"side,omitempty" doc:"Of enable and disable: one side; both when it is missing."`
	UserID    mailstead.UserID      `json:"user_id,omitempty" minimum:"0" doc:"Of assign: the user who gets the accounts."`
	ProfileID mailstead.ProfileID   `json:"profile_id,omitempty" minimum:"0" doc:"Of assign: the profile that gets them."`
	Rights    []mailstead.Right     `json:"rights,omitempty" maxItems:"3" doc:"Of assign: what it allows."`
	Priority  int                   `json:"priority,omitempty" minimum:"0" maximum:"1000" doc:"Of assign: orders accounts of the same level."`
}

// BulkItem is what became of one account.
type BulkItem struct {
	ID      mailstead.AccountID `json:"id" doc:"The account."`
	Name    string              `json:"name,omitempty" doc:"Its name."`
	Address string              `json:"address,omitempty" doc:"Its address."`
	OK      bool                `json:"ok" doc:"It was done; else nothing of this account is changed."`
	Code    string              `json:"code,omitempty" doc:"Why it was not done, as a stable word."`
	Detail  string              `json:"detail,omitempty" doc:"Why it was not done, in a sentence."`
	UsedBy  []mailstead.Use     `json:"used_by,omitempty" doc:"Who uses an account that was not deleted."`
}

type bulkInput struct{ Body BulkInput }

func (h *Handler) changeAccounts(ctx context.Context, actor mailstead.Actor, in *bulkInput) (*listOutput[BulkItem], error) {
	results, err := h.c.Accounts.Bulk(ctx, actor, in.Body.IDs, h.bulk(actor, &in.Body))
	if err != nil {
		return nil, err
	}
	items := make([]BulkItem, len(results))
	for i := range results {
		r := &results[i]
		items[i] = BulkItem{ID: r.ID, Name: r.Account.Name, Address: r.Account.Address, OK: r.Err == nil}
		if r.Err != nil {
			p := h.problemOf(ctx, "changeAccounts", r.Err)
			items[i].Code, items[i].Detail, items[i].UsedBy = p.Code, p.Detail, p.UsedBy
		}
	}
	return listOf(items), nil
}

// bulk is the step that a bulk action takes for each account.
func (h *Handler) bulk(actor mailstead.Actor, b *BulkInput) func(context.Context, mailstead.AccountID) error {
	switch b.Action {
	case BulkAssign:
		return func(ctx context.Context, id mailstead.AccountID) error {
			_, err := h.c.Sharing.Assign(ctx, actor, mailstead.Assignment{
				AccountID: id, UserID: b.UserID, ProfileID: b.ProfileID, Rights: b.Rights, Priority: b.Priority,
			})
			return err
		}
	case BulkDelete:
		return func(ctx context.Context, id mailstead.AccountID) error {
			return h.c.Accounts.RemoveAccount(ctx, actor, id, connect.Removal{})
		}
	default:
		on := b.Action == BulkEnable
		var c connect.Changes
		if b.Side != mailstead.SideOutgoing {
			c.IncomingEnabled = &on
		}
		if b.Side != mailstead.SideIncoming {
			c.OutgoingEnabled = &on
		}
		return func(ctx context.Context, id mailstead.AccountID) error {
			_, err := h.c.Accounts.UpdateAccount(ctx, actor, id, c)
			return err
		}
	}
}

// Disconnection is what disconnecting an account would do.
type Disconnection struct {
	Messages  int             `json:"messages" doc:"The mails that would go out of view."`
	Linked    int             `json:"linked" doc:"The mails of them that stay visible on records."`
	Elsewhere int             `json:"elsewhere" doc:"The mails of them whose bytes lie on the mail server only: no export has them."`
	Waiting   int             `json:"waiting" doc:"The mails of the outbox that wait."`
	UsedBy    []mailstead.Use `json:"used_by" nullable:"false" doc:"Who uses the account beside its owner; while there are any it stays."`
	UndoUntil time.Time       `json:"undo_until" doc:"Until when it could be restored."`
}

type disconnectionOutput struct{ Body Disconnection }

func (h *Handler) previewDisconnect(ctx context.Context, actor mailstead.Actor, in *AccountPath) (*disconnectionOutput, error) {
	d, err := h.c.Accounts.PreviewDisconnect(ctx, actor, in.ID)
	return &disconnectionOutput{Disconnection{
		Messages: d.Messages, Linked: d.Linked, Elsewhere: d.Elsewhere, Waiting: d.Waiting, UsedBy: append([]mailstead.Use{}, d.Uses...), UndoUntil: d.UndoUntil,
	}}, err
}

func (h *Handler) disconnectAccount(ctx context.Context, actor mailstead.Actor, in *removeAccountInput) (*struct{}, error) {
	return nil, h.removeAccount(ctx, actor, in, true)
}

func (h *Handler) restoreAccount(ctx context.Context, actor mailstead.Actor, in *AccountPath) (*itemOutput, error) {
	a, err := h.c.Accounts.RestoreAccount(ctx, actor, in.ID)
	return &itemOutput{versionOf(a.UpdatedAt), accountItem(a)}, err
}

type exportMailInput struct {
	AccountPath
	Format inbox.ExportFormat `query:"format" enum:"mbox,zip" default:"zip" doc:"One mbox file, or a zip archive of .eml files."`
}

func (h *Handler) exportMail(ctx context.Context, actor mailstead.Actor, in *exportMailInput) (*huma.StreamResponse, error) {
	e, err := h.c.Inbox.Export(ctx, actor, in.ID, in.Format)
	if err != nil {
		return nil, err
	}
	return stream(e.Name, e.MediaType, func(w io.Writer) error {
		err := e.WriteTo(ctx, w)
		if err != nil {
			h.logDefect(ctx, "exportMail", err)
		}
		return err
	}), nil
}
