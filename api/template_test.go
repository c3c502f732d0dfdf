package api_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func TestTemplatesFromTheFirstToTheMail(t *testing.T) {
	w := newRightsWorld(t)
	box := w.boxes["anna"].String()
	create := call{method: "POST", path: "/templates", body: `{"name":"Invoice","module":"invoices","account_id":` + box + `,"subject":"Your invoice","text":"Dear customer","default":true}`}
	res := w.as("ada", create)
	tm := answer[mailstead.Template](t, res, http.StatusCreated)
	seen, path := res.Header().Get("ETag"), "/templates/"+tm.ID.String()
	if p := problem(t, w.as("ada", create)); p.Status != http.StatusConflict || p.Code != "template.exists" || p.Field != "name" {
		t.Errorf("the same name: %d %s at %q", p.Status, p.Code, p.Field)
	}
	change := call{method: "PATCH", path: path, body: `{"note":"Ask Ada."}`, header: map[string]string{"If-Match": seen}}
	answer[mailstead.Template](t, w.as("ada", change), http.StatusOK)
	if p := problem(t, w.as("ada", change)); p.Status != http.StatusPreconditionFailed || p.Code != mailstead.CodeTemplateChanged {
		t.Errorf("an old version: %d %s", p.Status, p.Code)
	}
	// Who sends is told of neither the account nor the note.
	if got := read[mailstead.Template](t, w, "eve", path); got.Text != "Dear customer" || got.AccountID != 0 || got.Note != "" {
		t.Errorf("Eve reads %+v", got)
	}
	send := call{method: "POST", path: "/outbox", body: `{"to":[{"address":"b@example.com"}],"template_id":` + tm.ID.String() + `}`}
	mail := answer[mailstead.OutgoingMessage](t, w.as("anna", send), http.StatusAccepted)
	if mail.Subject != "Your invoice" || mail.Reason.Level != mailstead.LevelTemplate || mail.Reason.Template != "Invoice" {
		t.Errorf("Anna's mail is %q because of %+v", mail.Subject, mail.Reason)
	}
	mail = answer[mailstead.OutgoingMessage](t, w.as("eve", send), http.StatusAccepted)
	if mail.AccountID != w.boxes["eve"] || mail.Reason.PassedOver[0].AccountID != 0 || mail.Reason.PassedOver[0].Address != "" {
		t.Errorf("Eve's mail is sent from %d because of %+v", mail.AccountID, mail.Reason)
	}
	for _, refused := range []call{{method: "DELETE", path: "/accounts/" + box}, {method: "POST", path: "/accounts/" + box + "/disconnect"}} {
		p := problem(t, w.as("anna", refused))
		use := mailstead.Use{Kind: mailstead.UseTemplate, ID: tm.ID.String(), Name: "Invoice"}
		if p.Status != http.StatusConflict || p.Code != mailstead.CodeAccountInUse || !slices.Contains(p.UsedBy, use) {
			t.Errorf("%s: %d %s, used by %+v", refused.path, p.Status, p.Code, p.UsedBy)
		}
	}
	of := read[api.Page[mailstead.Template]](t, w, "ada", "/templates?all=true&account="+box)
	if len(of.Items) != 1 || of.Items[0].ID != tm.ID {
		t.Errorf("of the account: %+v", of.Items)
	}
	off := call{method: "PATCH", path: path, body: `{"active":false,"default":false}`}
	answer[mailstead.Template](t, w.as("ada", off), http.StatusOK)
	if p := problem(t, w.as("anna", send)); p.Status != http.StatusConflict || p.Code != mailstead.CodeTemplateInactive || p.Field != "template_id" {
		t.Errorf("switched off: %d %s at %q", p.Status, p.Code, p.Field)
	}
}
