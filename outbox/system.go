package outbox

import (
	"context"
	"slices"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

// The codes of why the service cannot send a mail of its own.
const (
	CodeNoSystemAccount      = "system.no_account"
	CodeSystemAccountTrouble = "system.account_in_trouble"
)

// SubmitSystem takes in a mail of the service itself. It leaves by the system's default
// account or not at all: without one the error is KindConflict with
// CodeNoSystemAccount. While that account is in trouble a report is held, and an alert
// is refused with CodeSystemAccountTrouble: it would come too late.
func (s *Service) SubmitSystem(ctx context.Context, in mailstead.SystemMail) (mailstead.OutgoingMessage, error) {
	from, err := s.SystemSender(ctx)
	if err != nil {
		return mailstead.OutgoingMessage{}, err
	}
	why := reasonToHold(&from)
	if in.Purpose == mailstead.PurposeAlert && (why != nil || from.Needs() != mailstead.NeedNothing || slices.Contains(in.Except, from.ID)) {
		return mailstead.OutgoingMessage{}, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: CodeSystemAccountTrouble,
			Text: "The system's default account is in trouble, so nothing is sent from it.",
		}
	}
	d := mailstead.Draft{Kind: mailstead.DraftNew, Subject: in.Subject, Text: in.Text}
	for _, to := range in.To {
		d.To = append(d.To, mailstead.Address{Address: to})
	}
	if err := d.Validate(s.c.MaxAttachments); err != nil {
		return mailstead.OutgoingMessage{}, err
	}
	now := s.c.Now()
	m := mailstead.OutgoingMessage{
		UserID: in.UserID, AccountID: from.ID, State: mailstead.OutgoingQueued, IdempotencyKey: in.Key,
		Reason: mailstead.Resolution{
			AccountID: from.ID, Level: mailstead.LevelSystem, Address: from.Address, Name: from.Name, Purpose: in.Purpose,
			Held: why != nil || from.Needs() != mailstead.NeedNothing, Reason: systemReason(in.Purpose, &from),
		},
		From: from.Address, InternetMessageID: message.NewMessageID(mailstead.DomainOf(from.Address)),
		Subject: d.Subject, DueAt: now, CreatedAt: now,
	}
	_, err = s.place(ctx, &m, &from, &d, nil)
	return m, err
}

func systemReason(p mailstead.SendPurpose, from *mailstead.Account) string {
	what := "alerts"
	if p == mailstead.PurposeReport {
		what = "reports of problems"
	}
	return "Sent by " + from.Address + " because " + what + " leave by the system's default account."
}

// SystemSender returns the system's default account. One that cannot send is none.
func (s *Service) SystemSender(ctx context.Context) (mailstead.Account, error) {
	facts, err := s.c.Shelf.SenderFacts(ctx, 0)
	if err != nil {
		return mailstead.Account{}, err
	}
	for i := range facts.Assignments {
		if !facts.Assignments[i].System {
			continue
		}
		for j := range facts.Accounts {
			if a := &facts.Accounts[j]; a.ID == facts.Assignments[i].AccountID && a.Outgoing != nil && a.Outgoing.Enabled {
				return *a, nil
			}
		}
	}
	return mailstead.Account{}, &mailstead.Error{
		Kind: mailstead.KindConflict, Code: CodeNoSystemAccount,
		Text: "The system has no default account that can send. An administrator chooses one.",
	}
}
