package message_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/mailstead/mailstead/message"
)

func FuzzIndex(f *testing.F) {
	for _, data := range corpus(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkAgreement(t, data)
		x := message.Index(data)
		for _, s := range []string{x.Subject, x.Snippet, x.Text, x.SearchText()} {
			if !utf8.ValidString(s) {
				t.Errorf("not UTF-8: %q", s)
			}
		}
		if len(x.Text) > 64<<10 || len(x.SearchText()) > 64<<10 {
			t.Errorf("%d bytes of text, %d of search text", len(x.Text), len(x.SearchText()))
		}
		if len(x.References) > 100 || len(x.Defects) > 50 {
			t.Errorf("%d references, %d defects", len(x.References), len(x.Defects))
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, data := range corpus(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := json.Marshal(message.Inspect(data))
		if err != nil || !utf8.Valid(out) {
			t.Errorf("%q: %v", out, err)
		}
		m, err := message.Read(data)
		if err != nil {
			return
		}
		total := 0
		for i := range m.Attachments {
			_, content, err := m.Part(i)
			if err != nil {
				t.Error(err)
			}
			total += len(content)
		}
		if total > len(data)+3*len(m.Attachments) {
			t.Errorf("%d bytes of attachments in a mail of %d", total, len(data))
		}
	})
}
