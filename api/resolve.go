package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
)

func (h *Handler) resolveRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/resolve", id: "resolveSender", tag: "Sending",
		summary: "Who would send, and why",
		about: "Decides like a submission, without sending: the account chosen in the message, the template's, the user's own, " +
			"the profile's, the system default. The answer names the reason and everything that was passed over.",
		errors: []int{http.StatusNotFound, http.StatusConflict},
	}, h.resolveSender)
}

type resolveInput struct {
	User     mailstead.UserID     `query:"user" minimum:"0" doc:"For whom; 0 means yourself." example:"4"`
	Account  mailstead.AccountID  `query:"account" minimum:"0" doc:"The account chosen in the message."`
	Template mailstead.TemplateID `query:"template" minimum:"0" doc:"The template that the mail is made from."`
}

type resolveOutput struct{ Body mailstead.Resolution }

func (h *Handler) resolveSender(ctx context.Context, actor mailstead.Actor, in *resolveInput) (*resolveOutput, error) {
	r, err := h.c.Outbox.Resolve(ctx, actor, in.User, in.Account, in.Template)
	return &resolveOutput{r}, err
}
