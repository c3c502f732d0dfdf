package mailstead_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
)

func changes(t *testing.T, list []mailstead.AuditChange) []string {
	t.Helper()
	var out []string
	for _, c := range list {
		line := c.Field
		if c.Before != nil || c.After != nil {
			line += " " + string(c.Before) + ">" + string(c.After)
		}
		out = append(out, line)
		for _, v := range []json.RawMessage{c.Before, c.After} {
			if v != nil && !json.Valid(v) {
				t.Errorf("%s: %s is no JSON", c.Field, v)
			}
		}
	}
	return out
}

func TestAuditChanges(t *testing.T) {
	side := mailstead.Side{
		Server: mailstead.Server{Protocol: mailstead.IMAP, Host: "a.example", Port: 993, Security: mailstead.SecurityTLS},
		Login:  "anna", Enabled: true, Secret: mailstead.SecretBoth, Health: mailstead.Health{State: mailstead.HealthOK},
	}
	moved := side
	moved.Server.Host, moved.Enabled, moved.Health.State, moved.Secret = "b.example", false, mailstead.HealthTrouble, mailstead.SecretIncoming
	account := func(change func(*mailstead.Account)) *mailstead.Account {
		a := &mailstead.Account{ID: 7, Key: "the-key", Name: "Sales", Address: "s@a.example", Incoming: &side, LoadPeriod: "all"}
		change(a)
		return a
	}
	same := account(func(*mailstead.Account) {})
	for name, c := range map[string]struct {
		before, after *mailstead.Account
		want          []string
	}{
		"nothing":    {same, account(func(*mailstead.Account) {}), nil},
		"no account": {nil, nil, nil},
		"what people do not edit": {same, account(func(a *mailstead.Account) {
			a.ID, a.Key, a.UpdatedAt, a.CreatedAt = 9, "another", time.Unix(9, 0), time.Unix(8, 0)
		}), nil},
		"a name":               {same, account(func(a *mailstead.Account) { a.Name = "Désk <1>" }), []string{`name "Sales">"Désk <1>"`}},
		"a note that is new":   {same, account(func(a *mailstead.Account) { a.Note = "x" }), []string{`note "">"x"`}},
		"a server":             {same, account(func(a *mailstead.Account) { a.Incoming = &moved }), []string{`incoming.server.host "a.example">"b.example"`, `incoming.enabled true>false`}},
		"a side that goes":     {same, account(func(a *mailstead.Account) { a.Incoming = nil }), []string{`incoming.server.protocol "imap">`, `incoming.server.host "a.example">`, `incoming.server.port 993>`, `incoming.server.security "tls">`, `incoming.login "anna">`, `incoming.enabled true>`}},
		"an account that goes": {account(func(a *mailstead.Account) { a.Incoming = nil }), nil, []string{`name "Sales">`, `address "s@a.example">`, `load_period "all">`}},
		"an account that is new": {
			nil, account(func(a *mailstead.Account) { a.Incoming, a.OwnerID = nil, 4 }),
			[]string{`owner_id >4`, `name >"Sales"`, `address >"s@a.example"`, `load_period >"all"`},
		},
		"a long text": {same, account(func(a *mailstead.Account) { a.Signature = strings.Repeat("ж", 600) }), []string{`signature "">"` + strings.Repeat("ж", 500) + `…"`}},
	} {
		if d := cmp.Diff(c.want, changes(t, mailstead.AuditChanges(c.before, c.after))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestAuditChangesOfLists(t *testing.T) {
	u := func(ids ...mailstead.ProfileID) *mailstead.User { return &mailstead.User{ProfileIDs: ids} }
	for name, c := range map[string]struct {
		before, after *mailstead.User
		want          []string
	}{
		"no list and an empty one": {u(), &mailstead.User{ProfileIDs: []mailstead.ProfileID{}}, nil},
		"another":                  {u(1), u(1, 2), []string{`profile_ids [1]>[1,2]`}},
		"the first":                {u(), u(2), []string{`profile_ids []>[2]`}},
		"none any more":            {u(2), u(), []string{`profile_ids [2]>[]`}},
	} {
		if d := cmp.Diff(c.want, changes(t, mailstead.AuditChanges(c.before, c.after))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestNoSecretGetsIntoTheAudit hides secrets wherever a type can hold one.
func TestNoSecretGetsIntoTheAudit(t *testing.T) {
	type inner struct {
		Deep mailstead.Secret `json:"deep"`
	}
	type holder struct {
		Password mailstead.Secret                              `json:"password"`
		Sealed   mailstead.Sealed                              `json:"sealed"`
		Hash     []byte                                        `json:"hash"`
		Array    [4]byte                                       `json:"array"`
		Pointer  *mailstead.Secret                             `json:"pointer"`
		List     []mailstead.Secret                            `json:"list"`
		Inner    inner                                         `json:"inner"`
		Inners   []inner                                       `json:"inners"`
		Map      map[mailstead.SecretField]mailstead.Sealed    `json:"map"`
		Any      any                                           `json:"any"`
		Raw      json.RawMessage                               `json:"raw"`
		Hidden   string                                        `json:"-"`
		Nested   map[string]struct{ Words []mailstead.Secret } `json:"nested"`
		Same     mailstead.Secret                              `json:"same"`
	}
	const secret = "hunter2"
	s := mailstead.NewSecret(secret)
	kept := mailstead.NewSecret("kept")
	before := &holder{Same: kept}
	after := &holder{
		Password: s, Sealed: mailstead.Sealed(secret), Hash: []byte(secret), Array: [4]byte([]byte(secret)[:4]), Pointer: &s, List: []mailstead.Secret{s},
		Inner: inner{s}, Inners: []inner{{s}}, Map: map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: mailstead.Sealed(secret)},
		Any: s, Raw: json.RawMessage(`"` + secret + `"`), Hidden: secret, Same: kept,
		Nested: map[string]struct{ Words []mailstead.Secret }{secret: {[]mailstead.Secret{s}}},
	}
	want := []string{"password", "sealed", "hash", "array", "pointer", "list", "inner.deep", "inners", "map", "any", "raw", "nested"}
	for name, list := range map[string][]mailstead.AuditChange{
		"changed": mailstead.AuditChanges(before, after),
		"gone":    mailstead.AuditChanges(after, before),
	} {
		if d := cmp.Diff(want, changes(t, list)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	for _, list := range [][]mailstead.AuditChange{mailstead.AuditChanges(nil, after), mailstead.AuditChanges(after, nil)} {
		if d := cmp.Diff(append(want, "same"), sorted(changes(t, list), want)); d != "" {
			t.Error(d)
		}
	}
}

// sorted puts what is not in order behind what is.
func sorted(list, order []string) []string {
	has := make(map[string]bool)
	for _, l := range list {
		has[l] = true
	}
	var out, rest []string
	for _, o := range order {
		if has[o] {
			out = append(out, o)
			delete(has, o)
		}
	}
	for _, l := range list {
		if has[l] {
			rest = append(rest, l)
		}
	}
	return append(out, rest...)
}

func TestAuditActionsAreAll(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "audit.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]bool)
	for _, a := range mailstead.AuditActions() {
		listed[`"`+string(a)+`"`] = true
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "AuditAction" {
			n++
			if v, ok := spec.Values[0].(*ast.BasicLit); !ok || !listed[v.Value] {
				t.Errorf("AuditActions does not list %s", spec.Names[0].Name)
			}
		}
		return true
	})
	if n != len(listed) || n < 20 {
		t.Errorf("found %d actions, listed are %d", n, len(listed))
	}
}
