package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func TestAuditAsksForWhatTheAddressSays(t *testing.T) {
	b := newBench(t)
	b.do(call{path: "/audit?actor=4&operator=true&action=account.update&kind=account&object=7&from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z&limit=2", cookie: adaCookie})
	want := mailstead.AuditQuery{
		ActorID: 4, Operator: true, Action: mailstead.AuditAccountUpdate, Kind: mailstead.AuditAccount, ObjectID: "7",
		From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Limit: 3,
	}
	if diff := cmp.Diff(b.audit, want); diff != "" {
		t.Errorf("query (-got +want):\n%s", diff)
	}
	for _, query := range []string{"action=nothing", "kind=mail", "from=yesterday", "actor=-1", "cursor=x"} {
		if p := problem(t, b.do(call{path: "/audit?" + query, cookie: adaCookie})); p.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status = %d, want 422", query, p.Status)
		}
	}
}

func TestAuditComesInPages(t *testing.T) {
	b := newBench(t)
	first := answer[api.Page[mailstead.AuditEntry]](t, b.do(call{path: "/audit?limit=2", cookie: adaCookie}), http.StatusOK)
	if len(first.Items) != 2 || first.Next == "" {
		t.Fatalf("got %d entries and next %q, want 2 and more", len(first.Items), first.Next)
	}
	b.do(call{path: "/audit?limit=2&cursor=" + first.Next, cookie: adaCookie})
	if b.audit.Before != first.Items[1].ID {
		t.Errorf("the next page begins behind %d, want %d", b.audit.Before, first.Items[1].ID)
	}
}

// TestTheAuditTellsWhatWasDone goes through the real journeys and the real store.
func TestTheAuditTellsWhatWasDone(t *testing.T) {
	h := newHouse(t)
	ada := h.setUp(t)
	made := answer[api.CreatedToken](t, h.do(call{method: "POST", path: "/tokens", body: `{"name":"CRM","scopes":["admin"]}`, cookie: ada}), http.StatusCreated)
	token := map[string]string{"Authorization": "Bearer " + made.Secret}
	p := answer[mailstead.Profile](t, h.do(call{method: "POST", path: "/profiles", body: `{"name":"Sales"}`, header: token}), http.StatusCreated)
	h.do(call{method: "DELETE", path: "/profiles/" + p.ID.String(), operator: true, header: map[string]string{"Mailstead-User": "1"}})
	h.do(call{method: "PUT", path: "/domains/example.com", body: `{"provider_id":"gmail"}`, operator: true})

	w := h.do(call{path: "/audit", cookie: ada})
	for _, secret := range []string{password, made.Secret, ada} {
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("the audit holds a secret: %s", w.Body)
		}
	}
	type line struct {
		Action   mailstead.AuditAction
		Object   string
		Actor    mailstead.UserID
		Token    mailstead.TokenID
		Operator bool
	}
	var got []line
	for _, e := range answer[api.Page[mailstead.AuditEntry]](t, w, http.StatusOK).Items {
		got = append(got, line{e.Action, string(e.Object.Kind) + " " + e.Object.ID + " " + e.Object.Name, e.ActorID, e.TokenID, e.Operator})
	}
	want := []line{
		{mailstead.AuditDomainPut, "domain example.com example.com", 0, 0, true},
		{mailstead.AuditProfileDelete, "profile 1 Sales", 1, 0, true},
		{mailstead.AuditProfileCreate, "profile 1 Sales", 1, made.ID, false},
		{mailstead.AuditTokenCreate, "token 1 CRM", 1, 0, false},
		{mailstead.AuditSetup, "user 1 Ada", 1, 0, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p := problem(t, h.do(call{path: "/audit?from=2026-12-01T00:00:00Z&to=2026-11-01T00:00:00Z", cookie: ada})); p.Code != "input.time_range" {
		t.Errorf("an end before the beginning: %s, want input.time_range", p.Code)
	}
	_, anna := h.newUser(t, ada, "anna@example.com")
	if p := problem(t, h.do(call{path: "/audit", cookie: anna})); p.Status != http.StatusForbidden {
		t.Errorf("a user: status = %d, want 403", p.Status)
	}
}
