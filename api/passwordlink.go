package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

// PasswordLinks asks users for the passwords of their accounts.
type PasswordLinks interface {
	AskPassword(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, life time.Duration) (connect.Asked, error)
	AskConnect(ctx context.Context, actor mailstead.Actor, r connect.Request, life time.Duration) (connect.Asked, error)
	PasswordLinks(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) ([]mailstead.PasswordLink, error)
	ClosePasswordLink(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, link mailstead.PasswordLinkID) error
	LookAtLink(ctx context.Context, secret mailstead.Secret, remote string) (connect.Asked, error)
	UseLink(ctx context.Context, secret, password, outgoing mailstead.Secret, remote string) (connect.Result, error)
	PlanBulk(ctx context.Context, actor mailstead.Actor, r connect.BulkRequest) (*connect.Bulk, error)
}

func (h *Handler) passwordLinkRoutes() {
	add(h, route{
		method: http.MethodPost, path: "/accounts/{id}/password-links", id: "askPassword", tag: "Accounts",
		summary: "Ask a user for the password of an account",
		about: "For administrators: makes a link that is used once and expires. Whoever opens it enters the password of this account, " +
			"which is tried before it is stored. The link is shown this once; the account's link before it ends.",
		status: http.StatusCreated, errors: []int{http.StatusNotFound, http.StatusConflict},
		example: map[string]any{"hours": 168},
	}, h.askPassword)
	add(h, route{
		method: http.MethodGet, path: "/accounts/{id}/password-links", id: "listPasswordLinks", tag: "Accounts",
		summary: "List the password links of an account", about: "For administrators: the newest first, without their secrets.",
		errors: []int{http.StatusNotFound},
	}, h.listPasswordLinks)
	add(h, route{
		method: http.MethodDelete, path: "/accounts/{id}/password-links/{link}", id: "closePasswordLink", tag: "Accounts",
		summary: "Take a password link back", about: "For administrators. The link is of no use any more.",
		errors: []int{http.StatusNotFound},
	}, h.closePasswordLink)
	add(h, route{
		method: http.MethodPost, path: "/connect/ask", id: "connectAndAsk", tag: "Connect",
		summary: "Connect an account and ask its user for the password",
		about: "For administrators: stores the account without a password and makes a link by which its user enters it. " +
			"Nobody signs in at a mail server before that.",
		status: http.StatusCreated, errors: []int{http.StatusConflict},
		example: map[string]any{"account": map[string]any{"address": "anna@example.com", "owner_id": 4}, "hours": 168},
	}, h.connectAndAsk)
	add(h, route{
		method: http.MethodPost, path: "/password-link/look", id: "lookAtPasswordLink", tag: "Connect", open: true,
		summary: "Read what a password link is for",
		about:   "For whoever has the link; nobody signs in. The secret is sent in the body, so that no log and no other site learns it.",
		errors:  []int{http.StatusNotFound, http.StatusTooManyRequests},
		example: map[string]any{"token": "msp_…"},
	}, h.lookAtLink)
	add(h, route{
		method: http.MethodPost, path: "/password-link/use", id: "usePasswordLink", tag: "Connect", open: true,
		summary: "Enter the password that a link asks for",
		about: "Tries the password at both servers and stores it when it works, which ends the link. When the test fails nothing is stored, " +
			"the problem carries the test in `reports`, and the link stays.",
		errors:  []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusForbidden},
		example: map[string]any{"token": "msp_…", "password": "correct horse"},
	}, h.useLink)
}

// LinkLife is how long a link may be used.
type LinkLife struct {
	Hours int `json:"hours,omitempty" minimum:"0" maximum:"720" doc:"After how many hours the link expires; seven days when 0."`
}

func (l LinkLife) life() time.Duration { return time.Duration(l.Hours) * time.Hour }

// AskedPassword is a link that was just made.
type AskedPassword struct {
	AccountID mailstead.AccountID    `json:"account_id" doc:"The account."`
	Link      mailstead.PasswordLink `json:"link" doc:"The link as it is listed."`
	Token     string                 `json:"token" doc:"The secret of the link, told this once."`
	URL       string                 `json:"url" doc:"The link itself, told this once; without the public address of the service it begins with the path."`
}

// linkPath is the page of a password link; the secret stands behind the #, which
// browsers keep to themselves.
const linkPath = "/password-link#token="

func (h *Handler) asked(a *connect.Asked) AskedPassword {
	out := AskedPassword{AccountID: a.Link.AccountID, Link: a.Link, Token: a.Secret.Reveal()}
	out.URL = linkPath + out.Token
	if h.c.PublicURL != nil {
		out.URL = strings.TrimRight(h.c.PublicURL.String(), "/") + out.URL
	}
	return out
}

type askPasswordInput struct {
	AccountPath
	Body LinkLife
}

type askedOutput struct{ Body AskedPassword }

func (h *Handler) askPassword(ctx context.Context, actor mailstead.Actor, in *askPasswordInput) (*askedOutput, error) {
	a, err := h.c.Links.AskPassword(ctx, actor, in.ID, in.Body.life())
	if err != nil {
		return nil, err
	}
	return &askedOutput{h.asked(&a)}, nil
}

type passwordLinksOutput struct{ Body List[mailstead.PasswordLink] }

func (h *Handler) listPasswordLinks(ctx context.Context, actor mailstead.Actor, in *AccountPath) (*passwordLinksOutput, error) {
	links, err := h.c.Links.PasswordLinks(ctx, actor, in.ID)
	return &passwordLinksOutput{List[mailstead.PasswordLink]{Items: links}}, err
}

type closePasswordLinkInput struct {
	AccountPath
	Link mailstead.PasswordLinkID `path:"link" minimum:"1" doc:"The link." example:"3"`
}

func (h *Handler) closePasswordLink(ctx context.Context, actor mailstead.Actor, in *closePasswordLinkInput) (*struct{}, error) {
	return nil, h.c.Links.ClosePasswordLink(ctx, actor, in.ID, in.Link)
}

// AskRequest is an account to be connected when its user has entered the password.
type AskRequest struct {
	LinkLife
	Account ConnectRequest `json:"account" doc:"The account; passwords in it are passed over."`
}

type connectAndAskInput struct{ Body AskRequest }

func (h *Handler) connectAndAsk(ctx context.Context, actor mailstead.Actor, in *connectAndAskInput) (*askedOutput, error) {
	a, err := h.c.Links.AskConnect(ctx, actor, in.Body.Account.request(), in.Body.life())
	if err != nil {
		return nil, err
	}
	return &askedOutput{h.asked(&a)}, nil
}

// LinkToken is the secret of a password link.
type LinkToken struct {
	Token mailstead.Secret `json:"token" doc:"The secret of the link."`
}

// LinkPurpose is what a password link is for.
type LinkPurpose struct {
	Address   string    `json:"address" doc:"The address of the account."`
	Incoming  string    `json:"incoming,omitempty" doc:"Its incoming server."`
	Outgoing  string    `json:"outgoing,omitempty" doc:"Its outgoing server."`
	ExpiresAt time.Time `json:"expires_at" doc:"When the link ends."`
}

type lookAtLinkInput struct{ Body LinkToken }

type lookAtLinkOutput struct{ Body LinkPurpose }

func (h *Handler) lookAtLink(ctx context.Context, _ mailstead.Actor, in *lookAtLinkInput) (*lookAtLinkOutput, error) {
	a, err := h.c.Links.LookAtLink(ctx, in.Body.Token, requestOf(ctx).remote)
	if err != nil {
		return nil, err
	}
	out := LinkPurpose{Address: a.Account.Address, ExpiresAt: a.Link.ExpiresAt}
	if side := a.Account.Incoming; side != nil {
		out.Incoming = side.Server.Addr()
	}
	if side := a.Account.Outgoing; side != nil {
		out.Outgoing = side.Server.Addr()
	}
	return &lookAtLinkOutput{out}, nil
}

// LinkPassword is the password that a link asked for.
type LinkPassword struct {
	LinkToken
	Password         mailstead.Secret `json:"password" doc:"The password of the mailbox."`
	OutgoingPassword mailstead.Secret `json:"outgoing_password,omitzero" doc:"The password of the outgoing server, when it has its own."`
}

type useLinkInput struct{ Body LinkPassword }

func (h *Handler) useLink(ctx context.Context, _ mailstead.Actor, in *useLinkInput) (*testOutput, error) {
	b := &in.Body
	return testAnswer(h.c.Links.UseLink(ctx, b.Token, b.Password, b.OutgoingPassword, requestOf(ctx).remote))
}
