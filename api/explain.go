package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
)

// Explainer puts the words of a mail server into plain ones.
type Explainer interface {
	ExplainText(protocol, provider, text string) mailstead.Explanation
}

func (h *Handler) explainRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/explain", id: "explainError", tag: "Help",
		summary: "Explain an error of a mail server",
		about:   "Puts a mail server's own words into plain ones: what happened, what to do and who must do it.",
	}, h.explainError)
}

type explainInput struct {
	Protocol string `query:"protocol" required:"true" minLength:"1" maxLength:"20" doc:"Where the words come from: imap, smtp, smtp-deliver, pop3, oauth, http." example:"smtp"`
	Provider string `query:"provider" maxLength:"200" doc:"The provider, by id or name." example:"gmail"`
	Text     string `query:"text" required:"true" minLength:"1" maxLength:"2000" doc:"The server's words." example:"535 5.7.8 Username and Password not accepted"`
}

type explainOutput struct{ Body mailstead.Explanation }

func (h *Handler) explainError(_ context.Context, _ mailstead.Actor, in *explainInput) (*explainOutput, error) {
	return &explainOutput{h.c.Explain.ExplainText(in.Protocol, in.Provider, in.Text)}, nil
}
