package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

// Gate signs people and programs in.
type Gate interface {
	SetupNeeded(ctx context.Context) (bool, error)
	Setup(ctx context.Context, r admin.SetupRequest) (mailstead.User, admin.SignedIn, error)
	SignIn(ctx context.Context, email string, password mailstead.Secret, remote string) (admin.SignedIn, error)
	SignOut(ctx context.Context, cookie mailstead.Secret) error
	Authenticate(ctx context.Context, cookie, bearer mailstead.Secret) (mailstead.Actor, error)
}

func (h *Handler) setupRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/setup", id: "getSetup", tag: "Sign-in", open: true,
		summary: "Whether the service waits for its first administrator",
		about:   "True until the first user exists.",
	}, h.getSetup)
	add(h, route{
		method: http.MethodPost, path: "/setup", id: "setUp", tag: "Sign-in", open: true,
		summary: "Create the first administrator",
		about:   "Possible once, with the setup token that the service prints when it starts without users. The answer signs the browser in.",
		status:  http.StatusCreated,
		errors:  []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict, http.StatusTooManyRequests},
		example: map[string]any{"token": "the token that serve printed", "name": "Anna Rossi", "email": "anna@example.com", "password": "correct horse battery staple"},
	}, h.setUp)
}

// SetupState tells whether the service waits for its first administrator.
type SetupState struct {
	Needed bool `json:"needed" doc:"There is no user yet."`
}

type setupStateOutput struct{ Body SetupState }

func (h *Handler) getSetup(ctx context.Context, _ mailstead.Actor, _ *struct{}) (*setupStateOutput, error) {
	needed, err := h.c.Gate.SetupNeeded(ctx)
	return &setupStateOutput{SetupState{needed}}, err
}

// FirstAdministrator is the first user, with the proof that it may be.
type FirstAdministrator struct {
	Token    mailstead.Secret `json:"token" doc:"The setup token that the service printed."`
	Name     string           `json:"name,omitempty" maxLength:"200" doc:"The administrator's name."`
	Email    string           `json:"email" maxLength:"320" doc:"The address to sign in with."`
	Password mailstead.Secret `json:"password" doc:"The password to sign in with."`
}

type setupInput struct{ Body FirstAdministrator }

func (h *Handler) setUp(ctx context.Context, _ mailstead.Actor, in *setupInput) (*sessionOutput, error) {
	b := &in.Body
	user, signedIn, err := h.c.Gate.Setup(ctx, admin.SetupRequest{Token: b.Token, Name: b.Name, Email: b.Email, Password: b.Password})
	if err != nil {
		return nil, err
	}
	signedIn.User = user
	return h.signedInAnswer(ctx, signedIn), nil
}
