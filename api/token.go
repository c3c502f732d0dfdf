package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

func (h *Handler) tokenRoutes() {
	add(h, route{
		method: http.MethodPost, path: "/tokens", id: "createToken", tag: "Sign-in",
		summary: "Create a token",
		about:   "Lets an application act for a user, within the scopes. The secret is shown this once: only a hash of it is kept.",
		status:  http.StatusCreated, errors: []int{http.StatusNotFound},
		example: map[string]any{"name": "CRM", "scopes": []any{"mail:send"}},
	}, h.createToken)
	add(h, route{
		method: http.MethodGet, path: "/tokens", id: "listTokens", tag: "Sign-in",
		summary: "List tokens", about: "Your own, or those of any user for administrators. The secrets are not known any more.",
		errors: []int{http.StatusNotFound},
	}, h.listTokens)
	add(h, route{
		method: http.MethodDelete, path: "/tokens/{id}", id: "deleteToken", tag: "Sign-in",
		summary: "Delete a token", about: "It ends at once.", errors: []int{http.StatusNotFound},
	}, h.deleteToken)
}

// NewToken is a token to be created.
type NewToken struct {
	Name      string            `json:"name" maxLength:"200" doc:"What the token is for."`
	Scopes    []mailstead.Scope `json:"scopes" minItems:"1" maxItems:"4" nullable:"false" doc:"What the token may do."`
	UserID    mailstead.UserID  `json:"user_id,omitempty" minimum:"0" doc:"For administrators: the user that the token acts for. 0 means yourself."`
	ExpiresAt time.Time         `json:"expires_at,omitzero" doc:"When the token ends; left out for never."`
}

// CreatedToken is a new token with its secret.
type CreatedToken struct {
	mailstead.Token
	Secret string `json:"token" doc:"The token itself, shown this once." example:"mst_…"`
}

type (
	createTokenInput  struct{ Body NewToken }
	createTokenOutput struct{ Body CreatedToken }
)

func (h *Handler) createToken(ctx context.Context, actor mailstead.Actor, in *createTokenInput) (*createTokenOutput, error) {
	b := &in.Body
	t, secret, err := h.c.People.CreateToken(ctx, actor, admin.TokenRequest{Name: b.Name, Scopes: b.Scopes, UserID: b.UserID, ExpiresAt: b.ExpiresAt})
	return &createTokenOutput{CreatedToken{t, secret.Reveal()}}, err
}

type listTokensInput struct {
	User mailstead.UserID `query:"user" minimum:"0" doc:"For administrators: the user whose tokens are meant. 0 means yourself."`
}

func (h *Handler) listTokens(ctx context.Context, actor mailstead.Actor, in *listTokensInput) (*listOutput[mailstead.Token], error) {
	tokens, err := h.c.People.Tokens(ctx, actor, in.User)
	return listOf(tokens), err
}

type deleteTokenInput struct {
	ID   mailstead.TokenID `path:"id" minimum:"1" doc:"The token."`
	User mailstead.UserID  `query:"user" minimum:"0" doc:"For administrators: the user whose token it is. 0 means yourself."`
}

func (h *Handler) deleteToken(ctx context.Context, actor mailstead.Actor, in *deleteTokenInput) (*struct{}, error) {
	return nil, h.c.People.DeleteToken(ctx, actor, in.ID, in.User)
}
