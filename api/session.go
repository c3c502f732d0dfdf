package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

func (h *Handler) sessionRoutes() {
	add(h, route{
		method: http.MethodPost, path: "/session", id: "signIn", tag: "Sign-in", open: true,
		summary: "Sign in",
		about:   "Sets the session cookie. Programs use a token instead.",
		status:  http.StatusCreated,
		errors:  []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests},
		example: map[string]any{"email": "anna@example.com", "password": "correct horse battery staple"},
	}, h.signIn)
	add(h, route{
		method: http.MethodGet, path: "/session", id: "getSession", tag: "Sign-in",
		summary: "Who is signed in", about: "The user that the cookie or the token stands for, and what a token may do.",
	}, h.getSession)
	add(h, route{
		method: http.MethodDelete, path: "/session", id: "signOut", tag: "Sign-in", open: true,
		summary: "Sign out", about: "Ends the session and makes the browser forget the cookie. Without a session nothing happens.",
		errors: []int{http.StatusForbidden},
	}, h.signOut)
}

// Credentials are what a person signs in with.
type Credentials struct {
	Email    string           `json:"email" maxLength:"320" doc:"The user's address."`
	Password mailstead.Secret `json:"password" doc:"The user's password."`
}

type signInInput struct{ Body Credentials }

// Session is who is signed in.
type Session struct {
	// User is missing for the operator.
	User *mailstead.User `json:"user,omitempty" doc:"The user; missing for the operator of the machine."`
	// Scopes is missing where nothing limits the user.
	Scopes    []mailstead.Scope `json:"scopes,omitempty" doc:"What the token may do; missing when nothing limits the user."`
	Admin     bool              `json:"admin" doc:"Whether this sign-in may administer."`
	Operator  bool              `json:"operator,omitempty" doc:"The operator of the machine, through its own command line."`
	ExpiresAt time.Time         `json:"expires_at,omitzero" doc:"When the session ends; only in the answer to a sign-in."`
	Version   string            `json:"version,omitempty" doc:"The version of the service; only in the answer to who is signed in." example:"1.0.0"`
}

type sessionOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie" doc:"The session cookie."`
	Body      Session
}

func (h *Handler) signIn(ctx context.Context, _ mailstead.Actor, in *signInInput) (*sessionOutput, error) {
	signedIn, err := h.c.Gate.SignIn(ctx, in.Body.Email, in.Body.Password, requestOf(ctx).remote)
	if err != nil {
		return nil, err
	}
	return h.signedInAnswer(ctx, signedIn), nil
}

func (h *Handler) signedInAnswer(ctx context.Context, s admin.SignedIn) *sessionOutput {
	return &sessionOutput{
		SetCookie: newCookie(requestOf(ctx).secure, s.Token),
		Body:      Session{User: &s.User, Admin: mailstead.Actor{User: s.User}.IsAdmin(), ExpiresAt: s.ExpiresAt},
	}
}

type getSessionOutput struct{ Body Session }

func (h *Handler) getSession(_ context.Context, actor mailstead.Actor, _ *struct{}) (*getSessionOutput, error) {
	s := Session{Scopes: actor.Scopes, Admin: actor.IsAdmin(), Operator: actor.Operator, Version: h.c.Version}
	if actor.User.ID != 0 {
		s.User = &actor.User
	}
	return &getSessionOutput{s}, nil
}

type signOutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie" doc:"An empty cookie."`
}

func (h *Handler) signOut(ctx context.Context, _ mailstead.Actor, _ *struct{}) (*signOutOutput, error) {
	r := requestOf(ctx)
	if !r.cookie.IsZero() {
		if err := h.c.Gate.SignOut(ctx, r.cookie); err != nil && !isUnauthenticated(err) {
			return nil, err
		}
	}
	return &signOutOutput{newCookie(r.secure, mailstead.Secret{})}, nil
}
