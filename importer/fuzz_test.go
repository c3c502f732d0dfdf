package importer_test

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/importer"
)

func FuzzWebConfig(f *testing.F) {
	fuzz(f, importer.WebConfig, "web.config", "smtp.config")
}

func FuzzCSV(f *testing.F) {
	fuzz(f, importer.CSV, "accounts.csv", "windows1252.csv", "tabs.csv")
}

func FuzzThunderbird(f *testing.F) {
	fuzz(f, importer.Thunderbird, "prefs.js")
}

func FuzzOpenSTAManager(f *testing.F) {
	fuzz(f, importer.OpenSTAManager, "em_accounts.sql", "em_accounts.csv")
}

// fuzz holds what must be true of every input: no panic, a clear error or
// candidates within the bounds, findings with lines and sentences.
func fuzz(f *testing.F, format importer.Format, samples ...string) {
	for _, s := range samples {
		b, err := os.ReadFile(filepath.Join("testdata", s))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, named := range []importer.Format{format, importer.Auto} {
			file, err := importer.Read(content, named)
			if err != nil {
				if k := mailstead.KindOf(err); k != mailstead.KindInvalid && k != mailstead.KindTooLarge {
					t.Fatalf("%s: kind %s: %v", named, k, err)
				}
				continue
			}
			if len(file.Candidates) > importer.MaxCandidates {
				t.Fatalf("%d candidates", len(file.Candidates))
			}
			findings := file.Findings
			for _, c := range file.Candidates {
				if c.Line < 1 {
					t.Fatalf("line %d", c.Line)
				}
				if c.Incoming == nil && c.Outgoing == nil && !c.Failed() {
					t.Fatalf("no server and no finding: %+v", c)
				}
				for _, x := range c.Findings {
					if x.Line < 1 {
						t.Fatalf("finding %+v", x)
					}
				}
				findings = append(findings, c.Findings...)
			}
			for _, x := range findings {
				if x.Line < 0 || x.Code == "" || x.Text == "" || !utf8.ValidString(x.Detail) {
					t.Fatalf("finding %+v", x)
				}
			}
		}
	})
}
