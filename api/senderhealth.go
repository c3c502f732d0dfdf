package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/sender"
)

func (h *Handler) senderHealthRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/accounts/{id}/sender-health", id: "getSenderHealth", tag: "Tests",
		summary: "See how an account’s domain stands as a sender",
		about: "Asks the name servers of the domain, for five seconds at most, and advises which records to add. Nothing waits for it: an account sends whatever stands here. " +
			"DKIM is seen by the account’s last mail with a round trip that arrived within seven days (`POST /accounts/{id}/test-mail`). " +
			"With `discovery: false` in the configuration nobody is asked.",
		errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests},
	}, h.getSenderHealth)
}

// SenderHealth is how a domain stands as a sender.
type SenderHealth struct {
	Domain   string          `json:"domain" doc:"The domain of the account’s address." example:"example.com"`
	Findings []SenderFinding `json:"findings" doc:"One for each part: mx, spf, dkim and dmarc, in this order."`
}

// SenderFinding is what there is to say of one part.
type SenderFinding struct {
	Part    sender.Part  `json:"part" enum:"mx,spf,dkim,dmarc" doc:"What was looked at: where answers go (mx), which servers may send (spf), the signature (dkim), what receivers do with forged mail (dmarc)."`
	State   sender.State `json:"state" enum:"ok,advice,unknown" doc:"Whether something should be done; unknown is what could not be found out."`
	Code    string       `json:"code" doc:"What was found, as a stable code." example:"spf.service_missing"`
	Text    string       `json:"text" doc:"What was found, in a sentence."`
	Action  string       `json:"action,omitempty" doc:"What to do."`
	Records []DNSRecord  `json:"records,omitempty" doc:"The DNS records to add, where they are known."`
}

// DNSRecord is a record to add.
type DNSRecord struct {
	Name     string   `json:"name" doc:"The whole name of the record." example:"example.com"`
	Type     string   `json:"type" enum:"MX,TXT" doc:"Its type."`
	Value    string   `json:"value" doc:"Its value." example:"v=spf1 include:_spf.google.com ~all"`
	Replaces []string `json:"replaces,omitempty" doc:"Values of the same name and type that make room for it."`
}

type senderHealthOutput struct{ Body SenderHealth }

func (h *Handler) getSenderHealth(ctx context.Context, actor mailstead.Actor, in *AccountPath) (*senderHealthOutput, error) {
	r, err := h.c.Accounts.SenderHealth(ctx, actor, in.ID)
	out := SenderHealth{Domain: r.Domain, Findings: []SenderFinding{}}
	for _, f := range r.Findings {
		var records []DNSRecord
		for _, record := range f.Records {
			records = append(records, DNSRecord(record))
		}
		out.Findings = append(out.Findings, SenderFinding{Part: f.Part, State: f.State, Code: f.Code, Text: f.Text, Action: f.Action, Records: records})
	}
	return &senderHealthOutput{out}, err
}
