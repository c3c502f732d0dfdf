package mailstead_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
)

// notOnPages are codes that never reach a page: "x.*" is all of a class.
var notOnPages = []string{
	// The command line and the start of the service.
	"config.*", "store.*", "usage", "input.file", "input.too_large",
	"service.forbidden", "service.not_running", "test.failed", "import.entries_wrong",
	// Defects: the API tells them as internal and the log tells the rest.
	"attempt.exists", "blob.damaged", "keyring.exists", "keyring.not_found",
	"password.hash_damaged", "session.exists", "side.not_found", "token.exists",
	// Answers to programs that read an HTTP status.
	"service.not_ready",
}

// TestErrorTexts holds the sentences of the pages against the codes of the tables
// and of the sources.
func TestErrorTexts(t *testing.T) {
	tree := os.DirFS(".")
	codes := sourceCodes(t, tree)
	for k := range mailstead.KindUnknown + 1 {
		codes[k.String()] = true
	}
	who, actions := tableCodes(t, tree, codes)
	maps.DeleteFunc(codes, func(code string, _ bool) bool {
		class, _, _ := strings.Cut(code, ".")
		return slices.Contains(notOnPages, code) || slices.Contains(notOnPages, class+".*")
	})
	codes["page.offline"], codes["page.unexpected"] = true, true

	needed := make(map[string]bool)
	for code := range codes {
		needed[code+".cause"] = true
	}
	for code, has := range actions {
		needed[code+".who"] = true
		if has {
			needed[code+".action"] = true
		}
	}
	// Names that the component library shows.
	var names []string
	for w := range who {
		names = append(names, "who."+w)
	}
	for _, s := range []mailstead.StageName{
		mailstead.StageDNS, mailstead.StageTCP, mailstead.StageTLS, mailstead.StageGreeting,
		mailstead.StageCapabilities, mailstead.StageLogin, mailstead.StageFolders, mailstead.StageSender,
	} {
		names = append(names, "report.stage."+string(s))
	}

	var english map[string]string
	for _, language := range []string{"en", "it", "ru", "es"} {
		texts := readTexts(t, tree, language)
		if english == nil {
			english = texts
		}
		shown := readCatalogue(t, tree, language, "ui")
		for _, name := range names {
			if shown[name] == nil {
				t.Errorf("%s: no text for ui.%s", language, name)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(needed)) {
			if texts[key] == "" {
				t.Errorf("%s: no text for %s", language, key)
			}
		}
		for key, text := range texts {
			code, part := cutLast(key)
			if !needed[key] && (!codes[code] || (part != "action" && part != "who")) {
				t.Errorf("%s: nothing has the code of %s", language, key)
			}
			// The word, not a text: the sentence is that of ui.who.WORD.
			if part == "who" && (text != english[key] || !who[text]) {
				t.Errorf("%s: %s is %q", language, key, text)
			}
			if english[key] == "" {
				t.Errorf("%s: %s is not in English", language, key)
			}
		}
		for key := range english {
			if texts[key] == "" {
				t.Errorf("%s: %s is missing", language, key)
			}
		}
	}
}

// cutLast cuts a key at its last dot.
func cutLast(key string) (before, after string) {
	i := strings.LastIndexByte(key, '.')
	if i < 0 {
		return key, ""
	}
	return key[:i], key[i+1:]
}

// readTexts reads the sentences of errors in one language.
func readTexts(t *testing.T, tree fs.FS, language string) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	for key, text := range readCatalogue(t, tree, language, "errors") {
		plain, ok := text.(string)
		if !ok || strings.Contains(plain, "{{") || strings.TrimSpace(plain) != plain {
			t.Errorf("%s: %s is not a plain sentence", language, key)
		}
		texts[key] = plain
	}
	return texts
}

// readCatalogue reads the texts of an area; no key stands twice.
func readCatalogue(t *testing.T, tree fs.FS, language, area string) map[string]any {
	t.Helper()
	name := path.Join("web/locales", language, area+".json")
	data, err := fs.ReadFile(tree, name)
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]any
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if n := len(regexp.MustCompile(`(?m)^  "[^"]+":`).FindAll(data, -1)); n != len(texts) {
		t.Errorf("%s: %d keys in %d lines", name, len(texts), n)
	}
	return texts
}

// tableCodes adds the codes of diagnose's tables to codes. It returns the words of
// the column who, and for each code whether it has an action.
func tableCodes(t *testing.T, tree fs.FS, codes map[string]bool) (who, actions map[string]bool) {
	t.Helper()
	who, actions = make(map[string]bool), make(map[string]bool)
	for _, name := range []string{"diagnose/codes.tsv", "diagnose/rules.tsv"} {
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
		columns := strings.Split(lines[0], "\t")
		at := func(row []string, column string) string { return row[slices.Index(columns, column)] }
		for _, line := range lines[1:] {
			row := strings.Split(line, "\t")
			who[at(row, "who")] = true
			// Those of input.* are found in the sources.
			if code := at(row, "code"); !strings.HasSuffix(code, ".*") {
				codes[code] = true
				actions[code] = actions[code] || at(row, "action") != ""
			}
		}
	}
	return who, actions
}

// sourcePackage is what sourceCodes knows of a package before it looks for codes.
type sourcePackage struct {
	files []*ast.File
	// constants are those of text.
	constants map[string]string
	// takes are the functions that take a code, and the place of the argument.
	takes map[string]int
	// finds are those that take the name of what was not found.
	finds map[string]int
}

// sourceCodes collects the codes that the sources set.
func sourceCodes(t *testing.T, tree fs.FS) map[string]bool {
	t.Helper()
	packages := readSources(t, tree)
	codes := make(map[string]bool)
	for _, p := range packages {
		for _, file := range p.files {
			ast.Inspect(file, func(n ast.Node) bool {
				p.codesAt(n, packages["."], func(code string) { codes[code] = true })
				return true
			})
		}
	}
	delete(codes, "") // of the declarations
	if len(codes) < 150 {
		t.Errorf("only %d codes were found in the sources", len(codes))
	}
	return codes
}

func readSources(t *testing.T, tree fs.FS) map[string]*sourcePackage {
	t.Helper()
	packages := make(map[string]*sourcePackage)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch name {
			case "web", "fakemail", "mailtest", "bench", "scripts", "tools", "bin", "docs":
				return fs.SkipDir
			}
			if base := path.Base(name); base != "." && (base[0] == '.' || base == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, data, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		if packages[dir] == nil {
			packages[dir] = &sourcePackage{constants: map[string]string{}, takes: map[string]int{}, finds: map[string]int{}}
		}
		packages[dir].add(file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// add takes the declarations of a file.
func (p *sourcePackage) add(file *ast.File) {
	p.files = append(p.files, file)
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, s := range d.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok || d.Tok != token.CONST || len(v.Values) != len(v.Names) {
					continue
				}
				for i, name := range v.Names {
					p.constants[name.Name] = p.text(v.Values[i])
				}
			}
		case *ast.FuncDecl:
			at := 0
			for _, param := range d.Type.Params.List {
				for _, name := range param.Names {
					switch name.Name {
					case "code":
						p.takes[d.Name.Name] = at
					case "thing":
						p.finds[d.Name.Name] = at
					}
					at++
				}
			}
		}
	}
}

// text returns the value of a constant expression of text, "" of others.
func (p *sourcePackage) text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, _ := strconv.Unquote(e.Value)
			return s
		}
	case *ast.Ident:
		return p.constants[e.Name]
	}
	return ""
}

// codesAt tells the codes that n sets: in a literal, by an assignment, as an
// argument or as a result of the name code.
func (p *sourcePackage) codesAt(n ast.Node, root *sourcePackage, found func(string)) {
	isCode := func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.Ident:
			return e.Name == "Code"
		case *ast.SelectorExpr:
			return e.Sel.Name == "Code"
		}
		return false
	}
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if isCode(n.Key) {
			found(p.text(n.Value))
		}
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			if isCode(to) && len(n.Rhs) == len(n.Lhs) {
				found(p.text(n.Rhs[i]))
			}
		}
	case *ast.CallExpr:
		of, name := p, ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
			if x, ok := f.X.(*ast.Ident); ok && x.Name == "mailstead" {
				of = root
			}
		}
		if i, ok := of.takes[name]; ok && i < len(n.Args) {
			found(p.text(n.Args[i]))
		}
		if i, ok := of.finds[name]; ok && i < len(n.Args) {
			if thing := p.text(n.Args[i]); thing != "" {
				found(thing + ".not_found")
			}
		}
	case *ast.FuncDecl:
		p.resultsOf(n, found)
	}
}

// resultsOf tells the codes that a function returns as its first result.
func (p *sourcePackage) resultsOf(f *ast.FuncDecl, found func(string)) {
	if f.Body == nil || f.Type.Results == nil || len(f.Type.Results.List[0].Names) == 0 || f.Type.Results.List[0].Names[0].Name != "code" {
		return
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
			found(p.text(r.Results[0]))
		}
		return true
	})
}
