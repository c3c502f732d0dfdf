package notice

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailstead/mailstead"
)

// Report is what a person tells the administrators of a problem.
type Report struct {
	// What happened, in the person's own words.
	What string
	// Page is the address of the page without the host, Language that of the browser,
	// Code and Request name the error that was shown. Each may be "".
	Page     string
	Language string
	Code     string
	Request  string
}

// ReportView is a report as it would be sent.
type ReportView struct {
	Subject string
	Text    string
	// Receivers is how many people get it.
	Receivers int
	// Refusal is the code of why it cannot be sent, "" when it can; Held tells that it
	// waits until the system's default account works again.
	Refusal string
	Held    bool
}

const (
	maxReport     = 5000
	maxReportLine = 300
	maxSubject    = 70
	// mostReported is how many accounts and receivers a report names.
	mostReported = 50
)

// Preview shows what Send would send, word for word.
func (s *Service) Preview(ctx context.Context, actor mailstead.Actor, r Report) (ReportView, error) {
	if err := requireReporter(actor); err != nil {
		return ReportView{}, err
	}
	m, err := s.compose(ctx, actor, r)
	if err != nil {
		return ReportView{}, err
	}
	v := ReportView{Subject: m.Subject, Text: m.Text, Receivers: len(m.To)}
	from, err := s.c.Sender.SystemSender(ctx)
	switch {
	case err == nil:
		v.Held = from.Outgoing.Health.State == mailstead.HealthTrouble || from.Needs() != mailstead.NeedNothing
	case mailstead.KindOf(err) == mailstead.KindConflict:
		v.Refusal = mailstead.CodeOf(err)
	default:
		return v, err
	}
	return v, nil
}

// Send reports a problem. Without a default account of the system it is KindConflict.
func (s *Service) Send(ctx context.Context, actor mailstead.Actor, r Report) (mailstead.OutgoingMessage, error) {
	if err := requireReporter(actor); err != nil {
		return mailstead.OutgoingMessage{}, err
	}
	if strings.TrimSpace(r.What) == "" {
		return mailstead.OutgoingMessage{}, mailstead.Invalid("what", "report.empty", "Say what happened.")
	}
	m, err := s.compose(ctx, actor, r)
	if err != nil {
		return mailstead.OutgoingMessage{}, err
	}
	if _, err := s.c.Sender.SystemSender(ctx); err != nil {
		return mailstead.OutgoingMessage{}, err
	}
	if err := s.c.AllowReport(actor); err != nil {
		return mailstead.OutgoingMessage{}, err
	}
	return s.c.Sender.SubmitSystem(ctx, m)
}

// requireReporter lets everybody report who is signed in, with any token.
func requireReporter(actor mailstead.Actor) error {
	if actor.Operator || (actor.User.ID != 0 && !actor.User.Disabled) {
		return nil
	}
	return &mailstead.Error{Kind: mailstead.KindUnauthenticated, Code: "signin.required", Text: "Sign in first."}
}

func (s *Service) compose(ctx context.Context, actor mailstead.Actor, r Report) (mailstead.SystemMail, error) {
	m := mailstead.SystemMail{Purpose: mailstead.PurposeReport, UserID: actor.User.ID, Subject: "Mailstead: a problem is reported"}
	if err := r.clean(); err != nil {
		return m, err
	}
	facts, err := s.c.Shelf.SenderFacts(ctx, actor.User.ID)
	if err != nil {
		return m, err
	}
	if first, _, _ := strings.Cut(r.What, "\n"); first != "" {
		m.Subject = "Mailstead, a problem: " + shorten(first, maxSubject)
	}
	m.Text = s.text(actor, &r, facts.Accounts)
	m.To, err = s.receivers(ctx)
	return m, err
}

// shorten cuts text at n letters.
func shorten(text string, n int) string {
	if letters := []rune(text); len(letters) > n {
		return string(letters[:n]) + "…"
	}
	return text
}

func (r *Report) clean() error {
	what, err := mailstead.CleanText("what", r.What, maxReport)
	if err != nil {
		return err
	}
	r.What = strings.TrimSpace(what)
	// What stands behind ? or # of an address may be a secret.
	r.Page, _, _ = strings.Cut(r.Page, "#")
	r.Page, _, _ = strings.Cut(r.Page, "?")
	for _, l := range []struct {
		field string
		text  *string
	}{{"page", &r.Page}, {"language", &r.Language}, {"code", &r.Code}, {"request_id", &r.Request}} {
		if *l.text, err = mailstead.CleanLine(l.field, *l.text, maxReportLine); err != nil {
			return err
		}
	}
	return nil
}

// text is the whole report: nothing else is sent.
func (s *Service) text(actor mailstead.Actor, r *Report, accounts []mailstead.Account) string {
	var b strings.Builder
	b.WriteString(r.What + "\n\n-- \n")
	line := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + value + "\n")
		}
	}
	who := "the operator at the command line"
	if actor.User.ID != 0 {
		who = actor.User.Name + " <" + actor.User.Email + "> (user " + actor.User.ID.String() + ")"
	}
	line("Reported by", who)
	line("Version", s.c.Version)
	line("Page", r.Page)
	line("Language", r.Language)
	line("Error", r.Code)
	line("Request", r.Request)
	n := 0
	for i := range accounts {
		a := &accounts[i]
		if a.OwnerID == 0 || a.OwnerID != actor.User.ID {
			continue
		}
		if n++; n > mostReported {
			line("Accounts", "and more")
			break
		}
		line("Account "+a.ID.String(), "incoming "+sideState(a.Incoming)+", outgoing "+sideState(a.Outgoing))
	}
	return b.String()
}

func sideState(s *mailstead.Side) string {
	switch {
	case s == nil:
		return "none"
	case !s.Enabled:
		return "off"
	case s.Health.Code != "":
		return fmt.Sprintf("%s (%s)", s.Health.State, s.Health.Code)
	}
	return string(s.Health.State)
}

// receivers are the address that the policies name, or the administrators' own.
func (s *Service) receivers(ctx context.Context) ([]string, error) {
	rules, err := s.c.Shelf.Policies(ctx)
	if err != nil {
		return nil, err
	}
	if rules.ReportTo != "" {
		return []string{rules.ReportTo}, nil
	}
	var out []string
	err = s.administrators(ctx, func(u *mailstead.User) bool {
		if !slices.Contains(out, u.Email) {
			out = append(out, u.Email)
		}
		return len(out) < mostReported
	})
	return out, err
}

// administrators calls each with those who are not disabled, until it returns false.
func (s *Service) administrators(ctx context.Context, each func(*mailstead.User) bool) error {
	for after := mailstead.UserID(0); ; {
		page, err := s.c.Shelf.Users(ctx, after, mailstead.MaxPage)
		if err != nil {
			return err
		}
		for i := range page {
			u := &page[i]
			if after = u.ID; u.Role == mailstead.RoleAdmin && !u.Disabled && !each(u) {
				return nil
			}
		}
		if len(page) < mailstead.MaxPage {
			return nil
		}
	}
}
