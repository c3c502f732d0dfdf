package mailstead_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/mailstead/mailstead"

// allowed lists, for each package, the packages of this module that it may
// import; "." is the root, "*" is any but mailtest. ARCHITECTURE.md draws the
// same table.
var allowed = map[string]string{
	".":              "",
	"message":        ".",
	"importer":       ".",
	"dial":           ".",
	"sasl":           ".",
	"queue":          ".",
	"blob":           ".",
	"store":          ".",
	"store/sqlite":   ". store",
	"store/postgres": ". store",
	"diagnose":       ". dial",
	"discover":       ". dial",
	"credential":     ". dial",
	"sender":         ".",
	"notify":         ". dial",
	"provider/imap":  ". dial sasl",
	"provider/pop3":  ". dial sasl",
	"provider/smtp":  ". dial sasl",
	"compose":        ". message",
	"admin":          ". credential",
	"checkup":        ".",
	"notice":         ".",
	"oauth":          ".",
	"connect":        ". discover diagnose credential importer oauth sender",
	"inbox":          ". message diagnose",
	"outbox":         ". message compose diagnose",
	"record":         ". message",
	"api":            ". admin checkup connect inbox notice outbox record compose message discover notify diagnose importer sender",
	"web":            "",
	"fakemail":       ". message sasl",
	"demo":           ". dial fakemail",
	"cmd/mailstead":  "*",
	"mailtest":       "*",
	"mailtest/*":     "*",
	// Programs of the build, not of the product.
	"scripts/*": "",
}

// owner names the only packages that may import an outside module, or a part of
// the standard library that does input or output. Longer prefixes decide first.
var owner = map[string]string{
	"github.com/emersion/go-imap":        "fakemail",
	"github.com/emersion/go-smtp":        "fakemail",
	"github.com/emersion/go-sasl":        "sasl provider/imap provider/pop3 provider/smtp fakemail",
	"github.com/wneessen/go-mail":        "message",
	"github.com/microcosm-cc/bluemonday": "message",
	"golang.org/x/net/html":              "message",
	"github.com/xdg-go/scram":            "sasl",
	"modernc.org/sqlite":                 "store/sqlite",
	"github.com/jackc/pgx":               "store/postgres",
	"github.com/uptrace/bun":             "store store/sqlite store/postgres",
	"github.com/pressly/goose":           "store store/sqlite store/postgres",
	"database/sql":                       "store store/sqlite store/postgres",
	"github.com/klauspost/compress":      "blob",
	"github.com/tink-crypto/tink-go":     "credential",
	"golang.org/x/crypto/argon2":         "credential mailtest",
	"github.com/danielgtaylor/huma":      "api",
	"golang.org/x/oauth2":                "oauth",
	"github.com/coreos/go-oidc":          "oauth",
	"blitiri.com.ar/go/spf":              "sender",
	"github.com/emersion/go-msgauth":     "sender",
	"net/http":                           "api web cmd/mailstead dial oauth",
	"html/template":                      "api",
	"github.com/spf13":                   "cmd/mailstead",
	"github.com/knadh/koanf":             "cmd/mailstead",
	"net/smtp":                           "",
	"github.com/rogpeppe/go-internal":    "",
	"pgregory.net/rapid":                 "",
	"github.com/google/go-cmp":           "",
}

// impure lists what the root package may not import from the standard library.
var impure = []string{"net", "net/http", "os", "os/exec", "database/sql", "log", "log/slog", "io/ioutil"}

// TestImportLaw holds every import of the tree against the table. It reads the
// sources itself, not through "go list", so that the test cache sees every file
// that the answer depends on.
func TestImportLaw(t *testing.T) {
	for _, broken := range checkImports(t, os.DirFS(".")) {
		t.Error(broken)
	}
}

// TestImportLawFindsWrongArrows injects imports that must be refused: a law that
// finds nothing wrong proves nothing.
func TestImportLawFindsWrongArrows(t *testing.T) {
	for name, c := range map[string]struct{ file, imports, want string }{
		"a driver that knows the store":   {"provider/imap/x.go", module + "/store", "provider/imap must not import store"},
		"a sibling journey":               {"inbox/x.go", module + "/outbox", "inbox must not import outbox"},
		"a handler with SQL":              {"api/x.go", "database/sql", "may import database/sql"},
		"a root that does input":          {"x.go", "net", "does no input or output"},
		"a test kit in the product":       {"cmd/mailstead/x.go", module + "/mailtest", "only tests may import mailtest"},
		"pages that know the service":     {"web/x.go", module + "/api", "web must not import api"},
		"a package that nobody drew":      {"helpers/x.go", "fmt", "unknown package helpers"},
		"a library in the wrong room":     {"connect/x.go", "github.com/emersion/go-imap/v2/imapclient", "may import github.com/emersion/go-imap"},
		"a test library in the product":   {"outbox/x.go", "github.com/google/go-cmp/cmp", "may import github.com/google/go-cmp"},
		"a store that knows its own edge": {"store/x.go", module + "/store/sqlite", "store must not import store/sqlite"},
	} {
		t.Run(name, func(t *testing.T) {
			src := fmt.Sprintf("package x\n\nimport _ %q\n", c.imports)
			got := checkImports(t, fstest.MapFS{c.file: {Data: []byte(src)}})
			if len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), c.want) {
				t.Errorf("got %q, want a finding with %q", got, c.want)
			}
		})
	}
}

func checkImports(t *testing.T, tree fs.FS) (findings []string) {
	t.Helper()
	err := fs.WalkDir(tree, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch name := d.Name(); {
			case name == ".":
				return nil
			case strings.HasPrefix(name, "."), name == "testdata", name == "node_modules", name == "bin", name == "tools", name == "data":
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(file)
		rule, ok := allowed[pkg]
		if !ok {
			rule, ok = allowed[path.Dir(pkg)+"/*"]
		}
		if !ok {
			findings = append(findings, fmt.Sprintf("%s: unknown package %s: add it to this table and to ARCHITECTURE.md", file, pkg))
			return nil
		}
		for _, imp := range f.Imports {
			p, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			if s := checkImport(pkg, rule, p); s != "" {
				findings = append(findings, file+": "+s)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

func checkImport(pkg, rule, imported string) string {
	if pkg == "." && slices.Contains(impure, imported) {
		return "the root package does no input or output, yet imports " + imported
	}
	kit := strings.HasPrefix(pkg, "mailtest")
	for prefix, who := range owner {
		if (imported == prefix || strings.HasPrefix(imported, prefix+"/")) && !kit && !slices.Contains(strings.Fields(who), pkg) {
			return fmt.Sprintf("only %q may import %s", who, prefix)
		}
	}
	dep, ours := strings.CutPrefix(imported, module)
	dep = strings.TrimPrefix(dep, "/")
	if dep == "" {
		dep = "."
	}
	switch {
	case !ours || dep == pkg:
		return ""
	case strings.HasPrefix(dep, "mailtest") && !kit:
		return "only tests may import " + dep
	case rule == "*" || slices.Contains(strings.Fields(rule), dep):
		return ""
	default:
		return fmt.Sprintf("%s must not import %s (allowed: %s)", pkg, dep, rule)
	}
}
