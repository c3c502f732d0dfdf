package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/blob"
)

// disguises returns every form in which a secret could hide: raw, base64 at its
// three offsets in both alphabets, hexadecimal, URL-encoded, JSON-escaped, UTF-16
// in both orders.
func disguises(secret string) map[string][]byte {
	out := map[string][]byte{
		"raw": []byte(secret), "hex": []byte(hex.EncodeToString([]byte(secret))), "HEX": []byte(strings.ToUpper(hex.EncodeToString([]byte(secret)))),
		"query": []byte(url.QueryEscape(secret)), "path": []byte(url.PathEscape(secret)),
		"JSON": []byte(strings.Trim(fmt.Sprintf("%q", secret), `"`)),
	}
	for offset := range 3 {
		// Characters that depend on neighbours are left out: (4*offset+2)/3 at the
		// beginning, and the last one or two.
		padded := append(make([]byte, offset), secret...)
		for name, e := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			text := e.EncodeToString(padded[:len(padded)/3*3])
			out[fmt.Sprintf("%s+%d", name, offset)] = []byte(text[(4*offset+2)/3:])
		}
	}
	var little, big []byte
	for _, u := range utf16.Encode([]rune(secret)) {
		little = append(little, byte(u), byte(u>>8))
		big = append(big, byte(u>>8), byte(u))
	}
	out["UTF-16LE"], out["UTF-16BE"] = little, big
	return out
}

// leaks names the disguises of secret that are in data.
func leaks(data []byte, secret string) []string {
	var found []string
	for name, form := range disguises(secret) {
		if bytes.Contains(data, form) {
			found = append(found, name)
		}
	}
	return found
}

func TestLeakSearchFindsEveryDisguise(t *testing.T) {
	const secret = `anna's "secret": 1\2`
	for offset := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte("\x00anna"[:offset] + secret + "tail"))
		if found := leaks([]byte("AUTH PLAIN "+text), secret); len(found) == 0 {
			t.Errorf("base64 behind %d bytes is not found", offset)
		}
	}
	for name, form := range disguises(secret) {
		if found := leaks(append([]byte("xx"), form...), secret); len(found) == 0 {
			t.Errorf("%s is not found", name)
		}
	}
	if found := leaks([]byte("nothing to see"), secret); len(found) != 0 {
		t.Errorf("found %v in plain text", found)
	}
}

// wantNoSecrets looks for secrets in everything that the service wrote: the
// database with its log of changes, the unpacked bytes of mails, the log, the
// API's answers, and the arguments and environment of the process.
func wantNoSecrets(t testing.TB, s *service, dump []byte, secrets ...string) {
	t.Helper()
	places := map[string][]byte{"the log": []byte(s.log.String()), "the API's answers": []byte(s.answers.String()), "the PostgreSQL dump": dump}
	for _, name := range []string{"cmdline", "environ"} {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", s.cmd.Process.Pid, name))
		if err != nil {
			t.Fatal(err)
		}
		places["/proc "+name] = b
	}
	files := 0
	err := filepath.WalkDir(s.data, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		places[filepath.Base(path)] = b
		files++
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 2 {
		t.Fatalf("only %d files in the data directory", files)
	}
	places["the unpacked mails"] = unpack(t, filepath.Join(s.data, "blobs"))
	for place, data := range places {
		for _, secret := range secrets {
			if found := leaks(data, secret); len(found) > 0 {
				t.Errorf("a password stands in %s as %v", place, found)
			}
		}
	}
}

// unpack returns the bodies of all mails, one behind the other, from a copy of
// the packs: the service has them open.
func unpack(t testing.TB, dir string) []byte {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	p, err := blob.Open(copied, blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var all []byte
	if err := p.Walk(t.Context(), func(_ mailstead.BlobRef, b []byte) error { all = append(all, b...); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no mail was stored")
	}
	return all
}
