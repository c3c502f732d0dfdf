package message_test

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

func TestWrittenMailIsReadBack(t *testing.T) {
	data, err := message.Write(message.Outgoing{
		From: mailstead.Address{Name: "Анна", Address: "anna@example.com"}, To: []mailstead.Address{{Name: "Bob, the \"second\"", Address: "bob@example.org"}},
		Subject: "Привет — hello", MessageID: message.NewMessageID("example.com"), Date: time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC),
		HTML: "<p>Hello <b>Bob</b></p>", Attachments: []message.File{{Name: "счёт №5.pdf", MediaType: "application/pdf", Data: []byte("pdf")}, {Name: "a.png", MediaType: "image/png", Inline: true, ContentID: "x@y", Data: []byte("png")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := message.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s\n%+v", data, m)
}
