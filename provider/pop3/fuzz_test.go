package pop3_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead/provider/pop3"
)

// corpus returns what servers have sent, by file name; ends of lines are LF in the
// files.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/answers/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	all := make(map[string][]byte)
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(f)] = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
	}
	return all
}

func TestCorpusIsUnderstood(t *testing.T) {
	all := corpus(t)
	if a := pop3.Understand(all["list.txt"], false); !a.OK || !cmp.Equal(a.Numbers, []int{1, 2, 3}) || a.Words[2] != "9000000000" {
		t.Errorf("LIST: got %+v", a)
	}
	if a := pop3.Understand(all["uidl.txt"], false); !cmp.Equal(a.Words, []string{"whqtswO00WBw418f9t5JxYwZ", "QhdPYR:00WBw1Ph7x7", ""}) || a.Lines != 4 {
		t.Errorf("UIDL: got %+v", a)
	}
	if a := pop3.Understand(all["in-use.txt"], false); a.OK || a.Code != "IN-USE" || a.Text != "Do you have another POP session running?" {
		t.Errorf("refusal: got %+v", a)
	}
	if a := pop3.Understand(all["apop.txt"], false); !a.OK || a.Code != "" {
		t.Errorf("greeting: got %+v", a)
	}
	if a := pop3.Understand(all["challenge.txt"], false); a.OK || !a.More || a.Text != "VXNlcm5hbWU6" {
		t.Errorf("challenge: got %+v", a)
	}
	mail := pop3.Understand(all["mail.txt"], false)
	if want := "2026-03-03 09:00:00 +0000 UTC"; mail.Arrived.UTC().String() != want || !bytes.HasSuffix(mail.Body, []byte("\r\n\r\n.dot\r\n")) {
		t.Errorf("mail: got %s, %q", mail.Arrived.UTC(), mail.Body)
	}
}

// FuzzAnswers reads what servers may send: it must end, keep to its limits and
// understand the same however the bytes arrive.
func FuzzAnswers(f *testing.F) {
	for _, data := range corpus(f) {
		f.Add(data)
	}
	f.Add([]byte("+OK\r\n.\r\n"))
	f.Add([]byte(".\n"))
	f.Add(append(bytes.Repeat([]byte("x"), 20<<10), "\r\n.\r\n"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			return
		}
		got := pop3.Understand(data, false)
		if got.OK && got.More || len(got.Body) > pop3.BodyLimit || got.Size > int64(len(data)) || len(got.Head) > len(data) {
			t.Errorf("got %+v", got)
		}
		if got.Body != nil && got.Size != int64(len(got.Body)) {
			t.Errorf("%d bytes of a mail of %d", len(got.Body), got.Size)
		}
		for _, n := range got.Numbers {
			if n < 1 {
				t.Errorf("got number %d", n)
			}
		}
		if slowly := pop3.Understand(data, true); !cmp.Equal(got, slowly) {
			t.Errorf("byte by byte (-at once +byte by byte):\n%s", cmp.Diff(got, slowly))
		}
	})
}
