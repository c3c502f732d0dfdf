package imap_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead/provider/imap"
)

// corpus returns what odd servers have sent, by file name; a file holds the
// responses of one server, ends of lines as LF.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/responses/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	all := make(map[string][]byte)
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(f)] = []byte(strings.ReplaceAll(string(data), "\n", "\r\n"))
	}
	return all
}

func TestCorpusIsUnderstood(t *testing.T) {
	for name, data := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			got := imap.Understand(data, false)
			if len(got.Mails)+len(got.Folders)+len(got.UIDs)+got.Statuses == 0 {
				t.Errorf("nothing was understood: %+v", got)
			}
			if strings.HasPrefix(name, "fetch-") && len(got.Mails) == 0 {
				t.Errorf("no mail was understood: %+v", got)
			}
		})
	}
}

// FuzzResponses reads what servers may send: it must end, keep to its limits and
// understand the same however the bytes arrive.
func FuzzResponses(f *testing.F) {
	for _, data := range corpus(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			return
		}
		got := imap.Understand(data, false)
		if got.Literals > len(data) {
			t.Errorf("%d bytes of literals from %d bytes", got.Literals, len(data))
		}
		for _, m := range got.Mails {
			if m.UID == 0 || m.Size < 0 || len(m.Data) > len(data) {
				t.Errorf("got mail %+v", m)
			}
		}
		for _, f := range got.Folders {
			if f.Path == "" || !utf8.ValidString(f.Path) {
				t.Errorf("got folder %+v", f)
			}
		}
		if slowly := imap.Understand(data, true); len(data) < 8<<10 && !cmp.Equal(got, slowly) {
			t.Errorf("byte by byte (-at once +byte by byte):\n%s", cmp.Diff(got, slowly))
		}
	})
}

// FuzzNames holds the encoding of names against itself.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"INBOX", "Entwürfe", "R&D", "日本語", "&", "&-", "a\x00b", "😀", "&2AA-", "&AGE-", "Entw&APw-rfe", "&ZeVnLIqe", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		encoded := imap.EncodeName(name)
		for _, c := range []byte(encoded) {
			if c < ' ' || c > '~' {
				t.Fatalf("%q is encoded as %q", name, encoded)
			}
		}
		if back, ok := imap.DecodeName(encoded); utf8.ValidString(name) && (!ok || back != name) {
			t.Errorf("%q is encoded as %q, which is read as %q, %v", name, encoded, back, ok)
		}
		if decoded, ok := imap.DecodeName(name); ok && imap.EncodeName(decoded) != name {
			t.Errorf("%q is read as %q, which is encoded as %q", name, decoded, imap.EncodeName(decoded))
		}
	})
}

func TestNames(t *testing.T) {
	// The examples of RFC 3501 section 5.1.3 and RFC 2152.
	for name, encoded := range map[string]string{
		"~peter/mail/台北/日本語": "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
		"A≢Α.":               "A&ImIDkQ-.",
		"Hi Mom -☺-!":        "Hi Mom -&Jjo--!",
		"&":                  "&-",
		"😀":                  "&2D3eAA-",
		"Отправленные":       "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-",
	} {
		if got := imap.EncodeName(name); got != encoded {
			t.Errorf("%q is encoded as %q, want %q", name, got, encoded)
		}
		if got, ok := imap.DecodeName(encoded); got != name || !ok {
			t.Errorf("%q is read as %q, %v, want %q", encoded, got, ok, name)
		}
	}
	for _, broken := range []string{"&", "&ZeVn", "&ZeVnLIq-", "&AGE-", "&2AA-", "&!!-", "&U,BTFw-&ZeVnLIqe-", "ü"} {
		if got, ok := imap.DecodeName(broken); ok || got != broken {
			t.Errorf("%q is read as %q, %v", broken, got, ok)
		}
	}
}
