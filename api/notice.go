package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/notice"
)

// Notices tells people what goes wrong, and administrators what people report.
type Notices interface {
	Notices(ctx context.Context, actor mailstead.Actor) ([]mailstead.Notice, error)
	Read(ctx context.Context, actor mailstead.Actor, id mailstead.NoticeID) error
	Preview(ctx context.Context, actor mailstead.Actor, r notice.Report) (notice.ReportView, error)
	Send(ctx context.Context, actor mailstead.Actor, r notice.Report) (mailstead.OutgoingMessage, error)
}

func (h *Handler) noticeRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/notices", id: "listNotices", tag: "Help",
		summary: "List what you must know",
		about: "Accounts whose incoming mail is not processed any more, for their owners, for those who may read them and, of accounts of the organisation, for " +
			"administrators. A notice of a stop stays until the account works again; then it says so until it is read. And passwords, sign-ins and client secrets " +
			"that end within 30, 7 and 1 days, for who can renew them, until they are renewed or the notice is read. The event `notices.changed` tells of changes.",
	}, h.listNotices)
	add(h, route{
		method: http.MethodPost, path: "/notices/{id}/read", id: "readNotice", tag: "Help",
		summary: "Put a notice away", about: "It was read by you.", status: http.StatusNoContent, errors: []int{http.StatusNotFound},
	}, h.readNotice)
	example := map[string]any{"what": "The list of mails stays empty.", "page": "/mail/3/12", "language": "it"}
	add(h, route{
		method: http.MethodPost, path: "/problem-reports/preview", id: "previewProblemReport", tag: "Help",
		summary: "See a report of a problem before it is sent", example: example,
		about: "Exactly what `POST /problem-reports` would send: your words, the program's version, and how your own accounts stand, by code. Nothing is sent.",
	}, h.previewProblemReport)
	add(h, route{
		method: http.MethodPost, path: "/problem-reports", id: "reportProblem", tag: "Help",
		summary: "Report a problem", status: http.StatusAccepted, errors: []int{http.StatusConflict, http.StatusTooManyRequests}, example: example,
		about: "Sends your words to the address that the policies name, or to the administrators, from the system's default account and from no other. " +
			"The mail stands in the outbox.",
	}, h.reportProblem)
}

func (h *Handler) listNotices(ctx context.Context, actor mailstead.Actor, _ *struct{}) (*listOutput[mailstead.Notice], error) {
	all, err := h.c.Notices.Notices(ctx, actor)
	return listOf(all), err
}

// NoticePath names a notice.
type NoticePath struct {
	ID mailstead.NoticeID `path:"id" minimum:"1" doc:"The notice." example:"5"`
}

func (h *Handler) readNotice(ctx context.Context, actor mailstead.Actor, in *NoticePath) (*struct{}, error) {
	return nil, h.c.Notices.Read(ctx, actor, in.ID)
}

// ProblemReport is what a person tells of a problem.
type ProblemReport struct {
	What      string `json:"what" maxLength:"5000" doc:"What happened."`
	Page      string `json:"page,omitempty" maxLength:"300" doc:"The page where it happened, without the host. What stands behind ? or # is left out."`
	Language  string `json:"language,omitempty" maxLength:"100" doc:"The language of the browser."`
	Code      string `json:"code,omitempty" maxLength:"100" doc:"The code of the error that was shown."`
	RequestID string `json:"request_id,omitempty" maxLength:"100" doc:"The request that failed."`
}

func (r *ProblemReport) report() notice.Report {
	return notice.Report{What: r.What, Page: r.Page, Language: r.Language, Code: r.Code, Request: r.RequestID}
}

// ProblemReportView is a report as it would be sent.
type ProblemReportView struct {
	Subject   string `json:"subject" doc:"The subject of the mail."`
	Text      string `json:"text" doc:"The whole text of the mail."`
	Receivers int    `json:"receivers" doc:"How many people get it."`
	Refusal   string `json:"refusal,omitempty" doc:"The code of why it cannot be sent; missing when it can."`
	Held      bool   `json:"held,omitempty" doc:"It waits until the system's default account works again."`
}

type (
	problemReportInput  struct{ Body ProblemReport }
	problemReportOutput struct{ Body ProblemReportView }
)

func (h *Handler) previewProblemReport(ctx context.Context, actor mailstead.Actor, in *problemReportInput) (*problemReportOutput, error) {
	v, err := h.c.Notices.Preview(ctx, actor, in.Body.report())
	return &problemReportOutput{ProblemReportView{
		Subject: v.Subject, Text: v.Text, Receivers: v.Receivers, Refusal: v.Refusal, Held: v.Held,
	}}, err
}

func (h *Handler) reportProblem(ctx context.Context, actor mailstead.Actor, in *problemReportInput) (*testMailOutput, error) {
	return h.testMailAnswer(h.c.Notices.Send(ctx, actor, in.Body.report()))
}
