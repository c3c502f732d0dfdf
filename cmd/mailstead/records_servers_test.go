//go:build realservers

package main_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/mailtest"
)

// TestRecordsKeepLinkedMail links one mail of a real mailbox, disconnects it and
// brings it back: E21 to E24 of ELMA365.
func TestRecordsKeepLinkedMail(t *testing.T) {
	servers := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{})
	s := newScenario(t, servers)
	file := bytes.Repeat([]byte("ten thousand\x00"), 900)
	for i, name := range []string{"before", "the offer", "after"} {
		servers.Dovecot.Deliver("ben@example.com", "INBOX", []byte(withFile(name, i, file)))
	}
	user, colleague := s.person("Ben"), s.person("Carla")
	a := s.mailbox(user.ID, "ben@example.com")
	ben, carla := s.as(user), s.as(colleague)

	s.step("the mails are there; one is linked to a request of the business application")
	var offer mailstead.Message
	mailtest.Await(t, "the mails are loaded", func() bool {
		found := call[api.Page[mailstead.Message]](ben, http.MethodGet, "/accounts/"+a.ID.String()+"/messages?q=offer", nil).Items
		if len(found) == 1 {
			offer = found[0]
		}
		return len(found) == 1 && len(ben.inboxOf(a.ID)) >= 3
	})
	request := call[api.Record](s.service, http.MethodPut, "/record-types/request/records/R-1", map[string]any{"name": "Heating"})
	link := call[api.MessageLink](ben, http.MethodPost, "/messages/"+offer.ID.String()+"/links", map[string]any{"record_id": request.ID})
	mail := fmt.Sprintf("/records/%d/mails/%d", request.ID, link.MailID)
	preview := call[api.Disconnection](ben, http.MethodGet, "/accounts/"+a.ID.String()+"/disconnect", nil)
	if preview.Linked != 1 || preview.Messages < 3 {
		t.Errorf("the preview counts %d mails and %d linked ones, want 3 or more and 1", preview.Messages, preview.Linked)
	}

	s.step("the mailbox is disconnected: the linked mail stands on the record, the others are gone (E22, E23)")
	call[any](ben, http.MethodPost, "/accounts/"+a.ID.String()+"/disconnect", nil)
	ben.refuses(http.MethodGet, "/messages/"+offer.ID.String(), nil, http.StatusNotFound, "message.not_found")
	s.readsOnRecord(carla, mail, file)
	if got := call[api.Page[mailstead.LinkedMail]](carla, http.MethodGet, fmt.Sprintf("/records/%d/mails", request.ID), nil).Items; len(got) != 1 {
		t.Errorf("the record has %d mails, want 1", len(got))
	}

	s.step("it comes back: no twin stands on the record, and the mail in its mailbox shows the link")
	call[any](ben, http.MethodPost, "/accounts/"+a.ID.String()+"/restore", nil)
	call[any](ben, http.MethodPut, "/accounts/"+a.ID.String()+"/password", map[string]any{"password": s.password("ben@example.com")})
	again := call[api.MessageLink](ben, http.MethodPost, "/messages/"+offer.ID.String()+"/links", map[string]any{"record_id": request.ID})
	if again.MailID != link.MailID {
		t.Errorf("the mail is linked mail %d now, want %d as before", again.MailID, link.MailID)
	}

	s.step("the mail is expunged on the server: the record keeps it")
	servers.Dovecot.Doveadm("expunge", "-u", "ben@example.com", "mailbox", "INBOX", "header", "subject", "the offer")
	mailtest.Await(t, "the mail is gone from the mailbox", func() bool {
		call[any](ben, http.MethodPost, "/accounts/"+a.ID.String()+"/sync", nil)
		return len(call[api.Page[mailstead.Message]](ben, http.MethodGet, "/accounts/"+a.ID.String()+"/messages?q=offer", nil).Items) == 0
	})
	s.readsOnRecord(carla, mail, file)

	s.step("another mailbox is connected beside what stays (E24)")
	call[any](ben, http.MethodPost, "/accounts/"+a.ID.String()+"/disconnect", nil)
	s.mailbox(user.ID, "anna@example.com")
	s.readsOnRecord(carla, mail, file)
}

// readsOnRecord reads a linked mail and its file as somebody without its account.
func (s *scenario) readsOnRecord(by *service, mail string, file []byte) {
	s.t.Helper()
	m := call[api.RecordMail](by, http.MethodGet, mail, nil)
	if m.Subject != "the offer" || m.Mailbox != "ben@example.com" || len(m.Attachments) != 1 {
		s.t.Errorf("on the record stands %q of %s with %d files, want the offer of ben@example.com with one", m.Subject, m.Mailbox, len(m.Attachments))
	}
	status, got := by.try(http.MethodGet, mail+"/attachments/0", nil)
	if status != http.StatusOK || !bytes.Equal(got, file) {
		s.t.Errorf("its file: status %d, %d bytes, want %d as they were sent", status, len(got), len(file))
	}
}

// inboxOf returns the newest messages of an account.
func (s *service) inboxOf(id mailstead.AccountID) []mailstead.Message {
	return call[api.Page[mailstead.Message]](s, http.MethodGet, "/accounts/"+id.String()+"/messages", nil).Items
}

// withFile is a mail with one file.
func withFile(subject string, n int, file []byte) string {
	return fmt.Sprintf("From: Anna <anna@example.com>\r\nTo: ben@example.com\r\nSubject: %s\r\nMessage-ID: <record-%d@example.com>\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n"+
		"--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=offer.bin\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n", subject, n, base64.StdEncoding.EncodeToString(file))
}
