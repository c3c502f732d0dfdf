package connect

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
	"github.com/mailstead/mailstead/importer"
)

// ImportRequest is a file with the settings of another program.
type ImportRequest struct {
	Content []byte
	// Format is importer.Auto or "" to find it out.
	Format importer.Format
	// DryRun tells what would happen and changes nothing.
	DryRun bool
	// OwnerID is the user whom accounts will belong to when the source names
	// nobody, 0 for the organisation.
	OwnerID mailstead.UserID
	// Encrypt demands STARTTLS of servers that the source uses without encryption.
	Encrypt bool
	// PlainReason says in writing why servers without encryption are used, where
	// that is allowed at all.
	PlainReason string
}

// ImportOutcome is what becomes of an entry of the source.
type ImportOutcome string

// The outcomes. An entry that exists is left as it is; ImportNeedsPassword is a
// new account that does nothing until somebody enters its password.
const (
	ImportNew           ImportOutcome = "new"
	ImportNeedsPassword ImportOutcome = "needs_password"
	ImportExists        ImportOutcome = "exists"
	ImportOwnerUnknown  ImportOutcome = "owner_unknown"
	ImportInvalid       ImportOutcome = "invalid"
)

// ImportItem is an entry of the source and what becomes of it.
type ImportItem struct {
	// Line is where the entry begins, from 1.
	Line        int    `json:"line"`
	Name        string `json:"name,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
	Address     string `json:"address,omitempty"`
	// Owner is the address of the user whom it belongs to, "" for the
	// organisation.
	Owner    string        `json:"owner,omitempty"`
	Profile  string        `json:"profile,omitempty"`
	Incoming *ImportServer `json:"incoming,omitempty"`
	Outgoing *ImportServer `json:"outgoing,omitempty"`
	// System tells that it becomes the system's account.
	System  bool          `json:"system,omitempty"`
	Outcome ImportOutcome `json:"outcome"`
	// AccountID is the account that was stored, or that exists already.
	AccountID mailstead.AccountID `json:"account_id,omitempty"`
	Findings  []importer.Finding  `json:"findings"`
}

// ImportServer is one side as it is stored.
type ImportServer struct {
	Server mailstead.Server `json:"server"`
	// Login is "" where nobody signs in.
	Login string `json:"login,omitempty"`
}

// ImportReport is what an import did, or would do.
type ImportReport struct {
	Format importer.Format `json:"format"`
	DryRun bool            `json:"dry_run"`
	// Findings are about the file as a whole.
	Findings []importer.Finding `json:"findings"`
	Items    []ImportItem       `json:"items"`
}

// Import stores the accounts of a file, each in a step of its own, and leaves
// those alone that exist already: it can be repeated. No server is asked, so a
// password is stored as the source has it, untested. Only administrators may.
func (s *Service) Import(ctx context.Context, actor mailstead.Actor, r ImportRequest) (ImportReport, error) {
	if err := actor.RequireAdmin(); err != nil {
		return ImportReport{}, err
	}
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return ImportReport{}, err
	}
	if !r.DryRun {
		if !s.importing.TryLock() {
			return ImportReport{}, &mailstead.Error{
				Kind: mailstead.KindConflict, Code: "import.running", Text: "Another import is running: wait until it is done.",
			}
		}
		defer s.importing.Unlock()
	}
	file, err := importer.Read(r.Content, r.Format)
	if err != nil {
		return ImportReport{}, err
	}
	run, err := s.newImport(ctx, r)
	if err != nil {
		return ImportReport{}, err
	}
	report := ImportReport{
		Format: file.Format, DryRun: r.DryRun, Findings: append([]importer.Finding{}, file.Findings...),
		Items: make([]ImportItem, 0, len(file.Candidates)),
	}
	for i := range file.Candidates {
		row, err := run.plan(ctx, &file.Candidates[i])
		if err != nil {
			return ImportReport{}, err
		}
		if !r.DryRun && row.storable() {
			if err := run.store(ctx, actor, row); err != nil {
				return ImportReport{}, err
			}
		}
		report.Items = append(report.Items, row.item)
	}
	return report, nil
}

// importRun is what one import knows.
type importRun struct {
	s *Service
	r ImportRequest
	// owners are the users by address, in lower case, and addresses the other way
	// round; profiles are by name, in lower case.
	owners    map[string]mailstead.UserID
	addresses map[mailstead.UserID]string
	profiles  map[string]mailstead.ProfileID
	// taken are the accounts that exist; those that a dry run would store have
	// the id 0.
	taken map[saving]mailstead.AccountID
	// system tells that there is a system account.
	system bool
	// rules are the policies, owned how many accounts each user has.
	rules rules
	owned map[mailstead.UserID]int
}

// newImport reads what entries are compared with.
func (s *Service) newImport(ctx context.Context, r ImportRequest) (*importRun, error) {
	run := &importRun{
		s: s, r: r, owners: make(map[string]mailstead.UserID), addresses: make(map[mailstead.UserID]string),
		profiles: make(map[string]mailstead.ProfileID), taken: make(map[saving]mailstead.AccountID),
		owned: make(map[mailstead.UserID]int),
	}
	for after := mailstead.UserID(0); ; {
		users, err := s.c.People.Users(ctx, after, mailstead.MaxPage)
		if err != nil {
			return nil, err
		}
		for i := range users {
			after = users[i].ID
			run.owners[strings.ToLower(users[i].Email)], run.addresses[after] = after, users[i].Email
		}
		if len(users) < mailstead.MaxPage {
			break
		}
	}
	if run.addresses[r.OwnerID] == "" && r.OwnerID != 0 {
		return nil, mailstead.Invalid("owner_id", "input.owner", "There is no such user.")
	}
	profiles, err := s.c.People.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range profiles {
		run.profiles[strings.ToLower(p.Name)] = p.ID
	}
	facts, err := s.c.People.SenderFacts(ctx, 0)
	if err != nil {
		return nil, err
	}
	run.system = len(facts.Assignments) > 0
	if run.rules, err = s.rules(ctx); err != nil {
		return nil, err
	}
	return run, run.readAccounts(ctx)
}

// readAccounts fills taken.
func (i *importRun) readAccounts(ctx context.Context) error {
	q := mailstead.AccountQuery{Limit: accountPage}
	for {
		page, err := i.s.c.Store.Accounts(ctx, q)
		if err != nil {
			return err
		}
		for k := range page {
			q.After = page[k].Position(q.Sort)
			i.taken[saving{page[k].OwnerID, strings.ToLower(page[k].Address)}] = page[k].ID
			i.owned[page[k].OwnerID]++
		}
		if len(page) < accountPage {
			return nil
		}
	}
}

// store stores the account of a row in one step.
func (i *importRun) store(ctx context.Context, actor mailstead.Actor, row *importRow) error {
	s, a := i.s, &row.account
	done, ok := s.begin(a)
	if !ok {
		row.item.Outcome = ImportExists
		return nil
	}
	defer done()
	a.Key = credential.NewKey()
	a.CreatedAt, a.UpdatedAt = s.c.Now(), s.c.Now()
	secrets := make(sideSecrets)
	for _, t := range row.sides {
		secrets[t.side] = t.secret
	}
	sealed, err := s.seal(a, secrets)
	if err != nil {
		return err
	}
	c := mailstead.Connected{
		Account: a, Secrets: sealed, Assignments: row.assignments(),
		Events: []mailstead.Event{s.event(mailstead.EventAccountConnected, 0)},
	}
	c.Audit = auditImported(actor, row)
	id, err := s.c.Store.ConnectAccount(ctx, c)
	if mailstead.CodeOf(err) == "assignment.exists" && row.item.System {
		// Somebody chose a system account meanwhile.
		row.item.System = false
		row.note(importer.Warning, "import.system_kept", "")
		c.Assignments, c.Audit = row.assignments(), auditImported(actor, row)
		id, err = s.c.Store.ConnectAccount(ctx, c)
	}
	if mailstead.CodeOf(err) == mailstead.CodePolicyAccounts {
		// The owner got an account meanwhile.
		row.item.Outcome = ImportInvalid
		row.note(importer.Error, mailstead.CodePolicyAccounts, row.item.Owner)
		return nil
	}
	if err != nil {
		return err
	}
	a.ID, row.item.AccountID = id, id
	i.taken[saving{a.OwnerID, strings.ToLower(a.Address)}] = id
	c.Audit.Object = a.AuditObject()
	s.did(ctx, c.Audit)
	s.c.Connected(id)
	return nil
}

// auditImported returns the entry of a new account, with what it was given to.
func auditImported(actor mailstead.Actor, row *importRow) mailstead.AuditEntry {
	e, _ := auditConnected(actor, &row.account, row.sides, nil)
	if row.profileID != 0 {
		name, _ := json.Marshal(row.item.Profile) // a text can be written
		e.Changes = append(e.Changes, mailstead.AuditChange{Field: "profile_id", After: json.RawMessage(row.profileID.String())},
			mailstead.AuditChange{Field: "profile", After: name})
	}
	if row.item.System {
		e.Changes = append(e.Changes, mailstead.AuditChange{Field: "system", After: json.RawMessage("true")})
	}
	return e
}
