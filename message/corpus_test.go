package message_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

var update = flag.Bool("update", false, "write the golden files anew")

// corpus returns the mails of testdata/corpus by their name.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/*.eml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d mails, %v", len(files), err)
	}
	out := make(map[string][]byte, len(files))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".eml")] = data
	}
	return out
}

func TestOddMailsAreReadAsInTheirGoldenFiles(t *testing.T) {
	for name, data := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(message.Inspect(data)); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "corpus", name+".json")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestIndexAndReadAgree(t *testing.T) {
	for name, data := range corpus(t) {
		t.Run(name, func(t *testing.T) { checkAgreement(t, data) })
	}
}

// checkAgreement compares what the list shows with what the opened mail shows.
func checkAgreement(t *testing.T, data []byte) {
	t.Helper()
	x := message.Index(data)
	m, err := message.Read(data)
	if x.Unreadable != (err != nil) {
		t.Fatalf("index unreadable %v, read %v", x.Unreadable, err)
	}
	if err != nil {
		if mailstead.KindOf(err) != mailstead.KindInvalid || len(x.Defects) == 0 {
			t.Errorf("error %v, defects %q", err, x.Defects)
		}
		return
	}
	if diff := cmp.Diff(m.Headers, x.Headers, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("headers (-read +index):\n%s", diff)
	}
	if x.AutoReply != m.AutoReply {
		t.Errorf("auto reply: index %v, read %v", x.AutoReply, m.AutoReply)
	}
	if len(data) < 64<<10 && x.Text != m.VisibleText() {
		t.Errorf("text (-read +index):\n%s", cmp.Diff(m.VisibleText(), x.Text))
	}
	files := false
	for _, a := range m.Attachments {
		files = files || !strings.HasSuffix(a.MediaType, "-signature") && (!a.Inline || a.ContentID == "")
	}
	if x.HasAttachments != files {
		t.Errorf("index says attachments %v, mail has %v", x.HasAttachments, m.Attachments)
	}
	if n := len([]rune(x.Snippet)); n > 200 || strings.ContainsAny(x.Snippet, "\n\r\t") {
		t.Errorf("snippet of %d characters: %q", n, x.Snippet)
	}
	for i := range m.Attachments {
		a, content, err := m.Part(i)
		if err != nil || a.Part != i || a.Size != int64(len(content)) {
			t.Errorf("part %d: %+v, %d bytes, %v", i, a, len(content), err)
		}
	}
}
