//go:build bench

package bench_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/postgres"
	"github.com/mailstead/mailstead/store/sqlite"
)

// firm is how large an organisation is.
type firm struct{ accounts, users, profiles int }

var (
	largeFirm = firm{accounts: 10_000, users: 5_000, profiles: 50}
	smallFirm = firm{accounts: 1_000, users: 500, profiles: 50}
)

const (
	// asks is how often each question is asked, after warmUps.
	asks    = 500
	warmUps = 50
	// listed is how many accounts a page shows.
	listed = 50
)

// TestAdministrationOfALargeFirm measures pages of the list of accounts and
// resolutions through the API against the same statements by the database's driver
// alone, in turn, and against a firm of a tenth of the size.
func TestAdministrationOfALargeFirm(t *testing.T) {
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		t.Run(engine, func(t *testing.T) {
			small := openFirm(t, engine, smallFirm).measure()
			large := openFirm(t, engine, largeFirm).measure()
			for _, q := range questions {
				m, s := large[q.name], small[q.name]
				record(t, engine+": "+q.name+", p95 to bare SQL", "ms", "<= 5 times", quantile(m.ours, 0.95), quantile(m.bare, 0.95))
				record(t, engine+": "+q.name+", 10,000 accounts to 1,000", "ms", "about 1", quantile(m.ours, 0.5), quantile(s.ours, 0.5))
			}
		})
	}
}

// question is one that the API answers, and the statements that answer it.
type question struct {
	name string
	path func(i int) string
	bare func(i int) []statement
	// items is how many the answer lists.
	items int
}

type statement struct {
	sql  string
	args []any
}

const accountsBy = "SELECT a.* FROM accounts AS a WHERE a.account_key <> '' AND a.deleted_at = 0"

var questions = []question{
	{
		name: "accounts by name", items: listed,
		path: func(int) string { return "/accounts?all=true&limit=50&sort=name" },
		bare: func(int) []statement { return []statement{{accountsBy + " ORDER BY a.name_key, a.id LIMIT 51", nil}} },
	},
	{
		name: "accounts of a domain by name", items: listed,
		path: func(int) string { return "/accounts?all=true&limit=50&sort=name&domain=firm1.example" },
		bare: func(int) []statement {
			return []statement{{accountsBy + " AND a.domain = ? ORDER BY a.name_key, a.id LIMIT 51", []any{"firm1.example"}}}
		},
	},
	{
		name: "accounts in trouble, last success first", items: listed,
		path: func(int) string { return "/accounts?all=true&limit=50&sort=success&desc=true&state=trouble" },
		bare: func(int) []statement {
			return []statement{{accountsBy + " AND a.state_rank = ? ORDER BY a.last_success DESC, a.id DESC LIMIT 51", []any{mailstead.AccountTrouble.Rank()}}}
		},
	},
	{
		name: "accounts found by a word", items: 10,
		path: func(i int) string { return fmt.Sprintf("/accounts?all=true&limit=50&sort=name&q=word%dx", i%90) },
		bare: func(i int) []statement {
			word := fmt.Sprintf("word%dx", i%90)
			return []statement{{accountsBy + " AND a.id IN (SELECT aw.account_id FROM account_words AS aw WHERE aw.word >= ? AND aw.word < ?)" +
				" ORDER BY a.name_key, a.id LIMIT 51", []any{word, word + "\U0010ffff"}}}
		},
	},
	{
		name: "who sends for a user",
		path: func(i int) string { return fmt.Sprintf("/resolve?user=%d", userOf(i)) },
		bare: func(i int) []statement {
			id := userOf(i)
			const given = `(SELECT m.%[1]s FROM assignments AS m WHERE m.system
				UNION ALL SELECT m.%[1]s FROM assignments AS m WHERE m.user_id <> 0 AND m.user_id = ?
				UNION ALL SELECT m.%[1]s FROM user_profiles AS up JOIN assignments AS m ON m.profile_id = up.profile_id
					WHERE up.user_id = ? AND m.profile_id <> 0)`
			return []statement{
				{"SELECT u.*, coalesce(up.profile_id, 0) FROM users AS u LEFT JOIN user_profiles AS up ON up.user_id = u.id WHERE u.id = ? ORDER BY up.profile_id", []any{id}},
				{"SELECT p.* FROM profiles AS p JOIN user_profiles AS up ON up.profile_id = p.id WHERE up.user_id = ? ORDER BY p.id", []any{id}},
				{"SELECT asg.* FROM assignments AS asg WHERE asg.id IN " + fmt.Sprintf(given, "id") + " AND EXISTS (SELECT 1 FROM accounts AS a" +
					" WHERE a.id = asg.account_id AND a.deleted_at = 0) ORDER BY asg.id", []any{id, id}},
				{"SELECT * FROM accounts WHERE deleted_at = 0 AND (id IN " + fmt.Sprintf(given, "account_id") +
					" OR (owner_id <> 0 AND owner_id = ?) OR account_key = 'none') ORDER BY id", []any{id, id, id}},
			}
		},
	},
}

// userOf spreads questions over the users of the small firm, of which Ada is the
// first.
func userOf(i int) int64 { return int64(2 + i*7919%smallFirm.users) }

// measured are the times of one question in milliseconds.
type measured struct{ ours, bare []float64 }

// house is a served firm and a plain connection to its database.
type house struct {
	*served
	db     *sql.DB
	dollar bool
}

// openFirm makes a firm, starts its service and opens its database.
func openFirm(t *testing.T, engine string, f firm) *house {
	t.Helper()
	h := &house{dollar: engine == "PostgreSQL"}
	driver, dsn, settings := "sqlite", "", ""
	if h.dollar {
		driver, dsn = "pgx", mailtest.Postgres(t)
		settings = "database: \"" + dsn + "\"\n"
	}
	p := newProgram(t, settings)
	if !h.dollar {
		dsn = filepath.Join(p.data, "mailstead.db")
	}
	fill(t, engine, dsn, f)
	h.served = p.serve("accounts,admin")
	if !h.dollar {
		// As our own readers, and beside the service.
		dsn = "file:" + (&url.URL{Path: dsn}).EscapedPath() + "?_pragma=query_only(1)&_pragma=busy_timeout(5000)"
	}
	var err error
	if h.db, err = sql.Open(driver, dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.db.Close() })
	if h.dollar {
		// What a day of autovacuum has done.
		_, err := h.db.ExecContext(t.Context(), "VACUUM ANALYZE")
		must(t, err)
	}
	return h
}

// fill stores the firm: every account has a side that sends, a third of them an
// owner, a third users who share it, a third a profile or nobody.
func fill(t *testing.T, engine, dsn string, f firm) {
	t.Helper()
	var db *store.DB
	var err error
	if engine == "PostgreSQL" {
		db, err = postgres.Open(t.Context(), dsn, store.Options{Now: time.Now})
	} else {
		db, err = sqlite.Open(t.Context(), dsn, store.Options{Now: time.Now})
	}
	must(t, err)
	defer func() { must(t, db.Close()) }()
	ctx := t.Context()
	entry := mailstead.AuditEntry{Action: mailstead.AuditAccountCreate, Object: mailstead.AuditObject{Kind: mailstead.AuditAccount}}
	for i := range f.profiles {
		must(t, db.CreateProfile(ctx, &mailstead.Profile{Name: fmt.Sprintf("Profile %d", i)}, entry))
	}
	users := make(chan int, f.users)
	for i := range f.users {
		users <- i
	}
	close(users)
	failed := make(chan error, sendClients)
	for range sendClients {
		go func() { failed <- fillUsers(ctx, db, users, f, entry) }()
	}
	for range sendClients {
		must(t, <-failed)
	}
	for ids := range slices.Chunk(sequence(f.accounts), 500) {
		batch := make([]mailstead.Connected, 0, len(ids))
		for _, i := range ids {
			batch = append(batch, mailstead.Connected{Account: firmAccount(i, f), Assignments: firmAssignments(i, f), Audit: entry})
		}
		must(t, db.ConnectAccounts(ctx, batch...))
	}
}

func fillUsers(ctx context.Context, db *store.DB, numbers <-chan int, f firm, entry mailstead.AuditEntry) error {
	for i := range numbers {
		u := mailstead.User{Name: fmt.Sprintf("User %d", i), Email: fmt.Sprintf("user%d@firm.example", i), Role: mailstead.RoleUser}
		for k := range i % 4 {
			u.ProfileIDs = append(u.ProfileIDs, mailstead.ProfileID(1+(i+k*17)%f.profiles))
		}
		if err := db.CreateUser(ctx, &u, "none", false, entry); err != nil {
			return err
		}
	}
	return nil
}

func sequence(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func firmAccount(i int, f firm) *mailstead.Account {
	a := &mailstead.Account{
		Key: fmt.Sprintf("firm%d", i), Name: fmt.Sprintf("Account word%dx of %d", i%(f.accounts/10), i*7919%f.accounts),
		DisplayName: fmt.Sprintf("The firm %d", i), Address: fmt.Sprintf("a%d@firm%d.example", i, i%10),
		Outgoing: &mailstead.Side{
			Server: mailstead.Server{Protocol: mailstead.SMTP, Host: fmt.Sprintf("smtp%d.example", i%40), Port: 465, Security: mailstead.SecurityTLS},
			// Nobody signs in there, so no password is missing.
			Enabled: true, Health: mailstead.Health{State: mailstead.HealthOK},
		},
	}
	if i%9 == 0 {
		a.Outgoing.Health = mailstead.Health{State: mailstead.HealthTrouble, Code: "login.refused", Text: "The server refused the password.", SuccessAt: time.Now()}
	}
	if i%3 == 0 {
		a.OwnerID = mailstead.UserID(2 + i/3%f.users)
	}
	return a
}

func firmAssignments(i int, f firm) []mailstead.Assignment {
	send := []mailstead.Right{mailstead.RightSend}
	switch {
	case i == 1:
		return []mailstead.Assignment{{System: true, Rights: send}}
	case i%3 == 1:
		return []mailstead.Assignment{
			{UserID: mailstead.UserID(2 + i/3%f.users), Rights: send, Priority: i % 5}, {UserID: mailstead.UserID(2 + (i/3+11)%f.users), Rights: send},
		}
	case i%3 == 2 && i < 12*f.profiles:
		return []mailstead.Assignment{{ProfileID: mailstead.ProfileID(1 + i/3%f.profiles), Rights: send, Priority: i % 7}}
	default:
		return nil
	}
}

// measure asks every question of both, in turn.
func (h *house) measure() map[string]measured {
	h.t.Helper()
	out := make(map[string]measured)
	for _, q := range questions {
		var m measured
		for i := range warmUps + asks {
			begin := time.Now()
			answer, err := h.ask(http.MethodGet, q.path(i), "", "")
			ours := time.Since(begin)
			must(h.t, err)
			if i == 0 {
				h.check(q, answer)
			}
			begin = time.Now()
			h.query(q.bare(i))
			bare := time.Since(begin)
			if i >= warmUps {
				m.ours, m.bare = append(m.ours, ours.Seconds()*1000), append(m.bare, bare.Seconds()*1000)
			}
		}
		out[q.name] = m
	}
	return out
}

// check looks at the first answer to a question.
func (h *house) check(q question, answer []byte) {
	h.t.Helper()
	var got struct {
		Items []any
		Level string
	}
	must(h.t, json.Unmarshal(answer, &got))
	if q.items > 0 && len(got.Items) == 0 || q.items == listed && len(got.Items) != listed || q.items == 0 && got.Level == "" {
		h.t.Fatalf("%s: got %s", q.name, answer)
	}
}

// query runs statements and reads all their rows.
func (h *house) query(statements []statement) {
	h.t.Helper()
	for _, s := range statements {
		text := s.sql
		for i := 1; h.dollar && strings.Contains(text, "?"); i++ {
			text = strings.Replace(text, "?", fmt.Sprintf("$%d", i), 1)
		}
		h.read(text, s.args)
	}
}

// read reads all rows of a statement.
func (h *house) read(text string, args []any) {
	h.t.Helper()
	rows, err := h.db.QueryContext(h.t.Context(), text, args...)
	must(h.t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	must(h.t, err)
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	for rows.Next() {
		must(h.t, rows.Scan(values...))
	}
	must(h.t, rows.Err())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// quantile is the value below which a part of the values lies.
func quantile(values []float64, part float64) float64 {
	slices.Sort(values)
	return values[min(int(float64(len(values))*part), len(values)-1)]
}
