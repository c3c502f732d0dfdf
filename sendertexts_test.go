package mailstead_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestSenderHealthTexts holds the sentences of the account page against the codes that
// package sender finds; that the languages have the same keys is tested with the pages.
func TestSenderHealthTexts(t *testing.T) {
	tree := os.DirFS(".")
	codes := map[string]bool{"mx.unanswered": true, "spf.unanswered": true, "dkim.unanswered": true, "dmarc.unanswered": true}
	files, err := fs.Glob(tree, "sender/*.go")
	if err != nil {
		t.Fatal(err)
	}
	finding := regexp.MustCompile(`found\(Part(\w+), State\w+, "(\w+)"`)
	for _, name := range files {
		src, err := fs.ReadFile(tree, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range finding.FindAllStringSubmatch(string(src), -1) {
			codes[strings.ToLower(m[1])+"."+m[2]] = true
		}
	}
	if len(codes) < 40 {
		t.Errorf("only %d codes were found in the sources", len(codes))
	}
	texts := readCatalogue(t, tree, "en", "sender")
	for code := range codes {
		if texts["is."+code] == nil {
			t.Errorf("no text for %s", code)
		}
	}
	for key := range texts {
		if code, ok := strings.CutPrefix(key, "is."); ok && !codes[code] {
			t.Errorf("nothing has the code of %s", key)
		}
	}
}
