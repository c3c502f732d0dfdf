package importer_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/importer"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// printed is a file as the goldens have it: the secrets of the samples in clear.
func printed(t *testing.T, f importer.File) []byte {
	t.Helper()
	type server struct {
		importer.Server
		Secret string `json:",omitempty"`
	}
	type candidate struct {
		importer.Candidate
		Incoming, Outgoing *server
	}
	wrap := func(s *importer.Server) *server {
		if s == nil {
			return nil
		}
		return &server{*s, s.Secret.Reveal()}
	}
	out := struct {
		Format     importer.Format
		Findings   []importer.Finding
		Candidates []candidate
	}{f.Format, f.Findings, nil}
	for _, c := range f.Candidates {
		out.Candidates = append(out.Candidates, candidate{c, wrap(c.Incoming), wrap(c.Outgoing)})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGoldens(t *testing.T) {
	for file, format := range map[string]importer.Format{
		"web.config": importer.WebConfig, "smtp.config": importer.WebConfig,
		"accounts.csv": importer.CSV, "windows1252.csv": importer.CSV, "tabs.csv": importer.CSV,
		"prefs.js":        importer.Thunderbird,
		"em_accounts.sql": importer.OpenSTAManager, "em_accounts.csv": importer.OpenSTAManager,
	} {
		t.Run(file, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			f, err := importer.Read(content, importer.Auto)
			if err != nil {
				t.Fatal(err)
			}
			if f.Format != format {
				t.Errorf("taken for %s, want %s", f.Format, format)
			}
			golden := filepath.Join("testdata", file+".golden")
			got := printed(t, f)
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			named, err := importer.Read(content, format)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(printed(t, named), got) {
				t.Error("read differently when the format is named")
			}
		})
	}
}

func TestEveryFindingHasASentence(t *testing.T) {
	codes, err := filepath.Glob(filepath.Join("testdata", "*.golden"))
	if err != nil || len(codes) == 0 {
		t.Fatal(codes, err)
	}
	for _, file := range codes {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("This cannot be imported.")) {
			t.Errorf("%s has a finding without a sentence of its own", file)
		}
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		format  importer.Format
		code    string
		kind    mailstead.Kind
	}{
		"nothing":                {" \n", importer.Auto, "import.empty", mailstead.KindInvalid},
		"a picture":              {"\x89PNG\r\n\x1a\n\x00\x00\x00", importer.Auto, "import.unknown_format", mailstead.KindInvalid},
		"a letter":               {"Dear colleague,\nplease find attached\n", importer.Auto, "import.unknown_format", mailstead.KindInvalid},
		"a format of tomorrow":   {"address\na@example.com\n", "xlsx", "import.unknown_format", mailstead.KindInvalid},
		"too large":              {strings.Repeat("a", importer.MaxSize+1), importer.Auto, "import.too_large", mailstead.KindTooLarge},
		"too many":               {"address\n" + strings.Repeat("a@example.com\n", importer.MaxCandidates+1), importer.Auto, "import.too_many", mailstead.KindTooLarge},
		"half an element":        {"<configuration><system.net>", importer.Auto, "import.damaged", mailstead.KindInvalid},
		"an entity of its own":   {`<!DOCTYPE a [<!ENTITY b "bb">]><configuration a="&b;"/>`, importer.Auto, "import.damaged", mailstead.KindInvalid},
		"elements without end":   {strings.Repeat("<a>", 100_000), importer.Auto, "import.damaged", mailstead.KindInvalid},
		"no address column":      {"name,host\nx,y\n", importer.CSV, "import.no_address_column", mailstead.KindInvalid},
		"a quote without end":    {"INSERT INTO em_accounts (name) VALUES ('a", importer.Auto, "import.damaged", mailstead.KindInvalid},
		"columns not known":      {"INSERT INTO em_accounts VALUES (1);", importer.Auto, "import.damaged", mailstead.KindInvalid},
		"rows from a selection":  {"INSERT INTO em_accounts (name) SELECT 1;", importer.Auto, "import.damaged", mailstead.KindInvalid},
		"a comment without end":  {"CREATE TABLE em_accounts (name text); /* ", importer.Auto, "import.damaged", mailstead.KindInvalid},
		"a setting without name": {"user_pref(mail, 1);", importer.Auto, "import.damaged", mailstead.KindInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := importer.Read([]byte(c.content), c.format)
			if mailstead.CodeOf(err) != c.code || mailstead.KindOf(err) != c.kind {
				t.Errorf("got %v, %v; want %s", f, err, c.code)
			}
		})
	}
}

func TestFilesWithoutAccounts(t *testing.T) {
	for _, content := range []string{
		"<configuration/>", "address\n", "user_pref(\"mail.shell\", true);\n", "INSERT INTO other VALUES (1);",
	} {
		f, err := importer.Read([]byte(content), importer.Auto)
		if err != nil || len(f.Candidates) != 0 || len(f.Findings) != 1 || f.Findings[0].Code != "import.nothing_found" {
			t.Errorf("%q: got %+v, %v", content, f, err)
		}
	}
}
