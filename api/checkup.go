package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
)

// Checkups tests many accounts.
type Checkups interface {
	Begin(ctx context.Context, actor mailstead.Actor, everything bool, accounts []mailstead.AccountID) (mailstead.Checkup, error)
	Checkup(ctx context.Context, actor mailstead.Actor, id mailstead.CheckupID) (mailstead.Checkup, error)
	Checkups(ctx context.Context, actor mailstead.Actor) ([]mailstead.Checkup, error)
	Results(ctx context.Context, actor mailstead.Actor, q mailstead.CheckupQuery) ([]mailstead.CheckupResult, error)
	Cancel(ctx context.Context, actor mailstead.Actor, id mailstead.CheckupID) (mailstead.Checkup, error)
}

func (h *Handler) checkupRoutes() {
	missing := []int{http.StatusNotFound}
	add(h, route{
		method: http.MethodPost, path: "/checkups", id: "beginCheckup", tag: "Tests",
		summary: "Test many accounts",
		about: "For administrators: signs in at both servers of the chosen accounts, or of all, as they are stored. A mail server has at most " +
			"five connections of it at a time. The answer comes at once; the checkup tells how far it is, and goes on after a restart.",
		status: http.StatusAccepted, example: map[string]any{"all": true},
	}, h.beginCheckup)
	add(h, route{
		method: http.MethodGet, path: "/checkups", id: "listCheckups", tag: "Tests",
		summary: "List the tests of many accounts", about: "The last fifty, newest first, those of every night among them.",
	}, h.listCheckups)
	add(h, route{
		method: http.MethodGet, path: "/checkups/{id}", id: "getCheckup", tag: "Tests",
		summary: "Read a test of many accounts", about: "How far it is, and how many accounts work.", errors: missing,
	}, h.getCheckup)
	add(h, route{
		method: http.MethodGet, path: "/checkups/{id}/results", id: "listCheckupResults", tag: "Tests",
		summary: "List the results of a test of many accounts", about: "One for each account, by the account's id.", errors: missing,
	}, h.listCheckupResults)
	add(h, route{
		method: http.MethodPost, path: "/checkups/{id}/cancel", id: "cancelCheckup", tag: "Tests",
		summary: "Stop a test of many accounts", about: "The results that are there stay.", errors: missing,
	}, h.cancelCheckup)
	add(h, route{
		method: http.MethodPost, path: "/users/{id}/test", id: "testSender", tag: "Tests",
		summary: "Test what a user sends with",
		about: "Decides like a submission which account would send for this user, and signs in at that account's servers. " +
			"Without such an account there is no `result`.",
		errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests},
	}, h.testSender)
}

// CheckupPath names a test of many accounts.
type CheckupPath struct {
	ID mailstead.CheckupID `path:"id" minimum:"1" doc:"The test." example:"3"`
}

type checkupOutput struct{ Body mailstead.Checkup }

// CheckupRequest says which accounts are tested: some, or all.
type CheckupRequest struct {
	AccountIDs []mailstead.AccountID `json:"account_ids,omitempty" maxItems:"1000" doc:"The accounts to test."`
	All        bool                  `json:"all,omitempty" doc:"Test all accounts."`
}

type beginCheckupInput struct{ Body CheckupRequest }

func (h *Handler) beginCheckup(ctx context.Context, actor mailstead.Actor, in *beginCheckupInput) (*checkupOutput, error) {
	c, err := h.c.Checkups.Begin(ctx, actor, in.Body.All, in.Body.AccountIDs)
	return &checkupOutput{c}, err
}

func (h *Handler) listCheckups(ctx context.Context, actor mailstead.Actor, _ *struct{}) (*listOutput[mailstead.Checkup], error) {
	all, err := h.c.Checkups.Checkups(ctx, actor)
	return listOf(all), err
}

func (h *Handler) getCheckup(ctx context.Context, actor mailstead.Actor, in *CheckupPath) (*checkupOutput, error) {
	c, err := h.c.Checkups.Checkup(ctx, actor, in.ID)
	return &checkupOutput{c}, err
}

func (h *Handler) cancelCheckup(ctx context.Context, actor mailstead.Actor, in *CheckupPath) (*checkupOutput, error) {
	c, err := h.c.Checkups.Cancel(ctx, actor, in.ID)
	return &checkupOutput{c}, err
}

type listCheckupResultsInput struct {
	CheckupPath
	PageParams
	Verdict []mailstead.Verdict `query:"verdict" doc:"Only results with these verdicts, separated by commas."`
}

func (h *Handler) listCheckupResults(ctx context.Context, actor mailstead.Actor, in *listCheckupResultsInput) (*pageOutput[mailstead.CheckupResult], error) {
	q := mailstead.CheckupQuery{CheckupID: in.ID, Verdicts: in.Verdict, Limit: in.Limit + 1}
	if err := decodeCursor(in.Cursor, &q.After); err != nil {
		return nil, err
	}
	results, err := h.c.Checkups.Results(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	return pageOf(results, in.Limit, func(r mailstead.CheckupResult) any { return r.AccountID }), nil
}

// SenderTest is the test of the account that sends for a user.
type SenderTest struct {
	Resolution mailstead.Resolution `json:"resolution" doc:"Which account sends for the user, and why."`
	Result     *TestResult          `json:"result,omitempty" doc:"How the test of that account went."`
}

type senderTestOutput struct{ Body SenderTest }

func (h *Handler) testSender(ctx context.Context, actor mailstead.Actor, in *UserPath) (*senderTestOutput, error) {
	r, err := h.c.Outbox.Resolve(ctx, actor, in.ID, 0, 0)
	if err != nil {
		return nil, err
	}
	out := &senderTestOutput{SenderTest{Resolution: r}}
	if r.AccountID == 0 {
		return out, nil
	}
	result, err := h.c.Accounts.TestAccount(ctx, actor, r.AccountID)
	out.Body.Result = testResult(result)
	return out, err
}
