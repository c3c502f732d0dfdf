package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type accountRow struct {
	bun.BaseModel `bun:"table:accounts,alias:a"`

	ID          int64 `bun:"id,pk,autoincrement"`
	AccountKey  string
	OwnerID     int64
	Name        string
	DisplayName string
	Address     string
	Note        string
	ProviderID  string
	Incoming    sideRow `bun:"embed:in_"`
	Outgoing    sideRow `bun:"embed:out_"`
	LoadPeriod  string
	Signature   string
	CreatedAt   int64
	UpdatedAt   int64
	DeletedAt   int64

	// What lists are filtered and sorted by. Assigned is counted by the database,
	// DefaultOf are the users who preferred a deleted account.
	NameKey     string
	AddressKey  string
	Domain      string
	StateRank   int
	LastSuccess int64
	Assigned    int64
	DefaultOf   list[int64]
}

// setKeys makes the keys of lists of what the row holds.
func (r *accountRow) setKeys() {
	a := r.account()
	r.NameKey, r.AddressKey, r.Domain = clean(a.NameKey()), a.AddressKey(), mailstead.DomainOf(a.Address)
	r.StateRank, r.LastSuccess = a.State().Rank(), millis(a.SuccessAt())
}

// sideRow is one side of an account; without a protocol there is none.
type sideRow struct {
	Protocol string
	Host     string
	Port     int
	Security string
	Login    string
	Enabled  bool
	Secret   string

	HealthState  string
	HealthCode   string
	HealthText   string
	HealthAction string
	CheckedAt    int64
	SuccessAt    int64
}

func newAccountRow(a *mailstead.Account) accountRow {
	r := accountRow{
		ID: int64(a.ID), AccountKey: a.Key, OwnerID: int64(a.OwnerID), Name: a.Name, DisplayName: a.DisplayName,
		Address: a.Address, Note: a.Note, ProviderID: string(a.ProviderID),
		Incoming: newSideRow(a.Incoming), Outgoing: newSideRow(a.Outgoing),
		LoadPeriod: string(a.LoadPeriod), Signature: a.Signature,
		CreatedAt: millis(a.CreatedAt), UpdatedAt: millis(a.UpdatedAt),
	}
	r.setKeys()
	return r
}

func newSideRow(s *mailstead.Side) sideRow {
	if s == nil {
		return sideRow{}
	}
	r := sideRow{
		Protocol: string(s.Server.Protocol), Host: s.Server.Host, Port: s.Server.Port, Security: string(s.Server.Security),
		Login: s.Login, Enabled: s.Enabled, Secret: string(s.Secret),
	}
	r.setHealth(s.Health)
	return r
}

func (r *sideRow) setHealth(h mailstead.Health) {
	r.HealthState, r.HealthCode = string(h.State), h.Code
	r.HealthText, r.HealthAction = clean(h.Text), clean(h.Action)
	r.CheckedAt, r.SuccessAt = millis(h.CheckedAt), millis(h.SuccessAt)
}

// keepHealth takes the health of the same side as it is stored.
func (r *sideRow) keepHealth(stored *sideRow) {
	if r.Protocol == "" || stored.Protocol == "" {
		return
	}
	r.HealthState, r.HealthCode = stored.HealthState, stored.HealthCode
	r.HealthText, r.HealthAction = stored.HealthText, stored.HealthAction
	r.CheckedAt, r.SuccessAt = stored.CheckedAt, stored.SuccessAt
}

func (r *accountRow) account() mailstead.Account {
	return mailstead.Account{
		ID: mailstead.AccountID(r.ID), Key: r.AccountKey, OwnerID: mailstead.UserID(r.OwnerID), Name: r.Name,
		DisplayName: r.DisplayName, Address: r.Address, Note: r.Note, ProviderID: mailstead.ProviderID(r.ProviderID),
		Incoming: r.Incoming.side(), Outgoing: r.Outgoing.side(),
		LoadPeriod: mailstead.LoadPeriod(r.LoadPeriod), Signature: r.Signature,
		CreatedAt: instant(r.CreatedAt), UpdatedAt: instant(r.UpdatedAt), DeletedAt: instant(r.DeletedAt),
	}
}

func (r *sideRow) side() *mailstead.Side {
	if r.Protocol == "" {
		return nil
	}
	return &mailstead.Side{
		Server: mailstead.Server{
			Protocol: mailstead.Protocol(r.Protocol), Host: r.Host, Port: r.Port, Security: mailstead.Security(r.Security),
		},
		Login: r.Login, Enabled: r.Enabled, Secret: mailstead.SecretField(r.Secret), OAuth: r.Secret == string(mailstead.SecretOAuth),
		Health: mailstead.Health{
			State: mailstead.HealthState(r.HealthState), Code: r.HealthCode, Text: r.HealthText, Action: r.HealthAction,
			CheckedAt: instant(r.CheckedAt), SuccessAt: instant(r.SuccessAt),
		},
	}
}

func accounts(rows []accountRow) []mailstead.Account {
	var out []mailstead.Account
	for i := range rows {
		out = append(out, rows[i].account())
	}
	return out
}

// ConnectAccount stores an account with its sealed secrets, its assignments, the
// domain that it taught and the events, in one step. It sets the ids of c's
// account and assignments, and those that the audit entry and the events name.
func (db *DB) ConnectAccount(ctx context.Context, c mailstead.Connected) (mailstead.AccountID, error) {
	if err := db.ConnectAccounts(ctx, c); err != nil {
		return 0, err
	}
	return c.Account.ID, nil
}

// ConnectAccounts does for all accounts, or for none, what ConnectAccount does for
// one.
func (db *DB) ConnectAccounts(ctx context.Context, all ...mailstead.Connected) error {
	return db.write(ctx, "connect account", func(ctx context.Context, s *step) error {
		for i := range all {
			if err := s.connect(ctx, &all[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *step) connect(ctx context.Context, c *mailstead.Connected) error {
	if c.Account.OwnerID != 0 {
		if err := requireUser(ctx, s.Session, c.Account.OwnerID); err != nil {
			return err
		}
		if err := s.requireRoom(ctx, c.Account.OwnerID); err != nil {
			return err
		}
	}
	row := newAccountRow(c.Account)
	row.ID = 0
	if row.CreatedAt == 0 {
		row.CreatedAt = millis(s.now)
	}
	row.UpdatedAt = max(row.UpdatedAt, row.CreatedAt)
	if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
		if s.engine.Unique(err) {
			return conflict("account.exists", "This account exists already.")
		}
		return err
	}
	id := mailstead.AccountID(row.ID)
	if err := s.setWords(ctx, &row); err != nil {
		return err
	}
	if err := s.setSecrets(ctx, id, c.Secrets); err != nil {
		return err
	}
	if err := s.setGrant(ctx, id, c.Grant); err != nil {
		return err
	}
	for i := range c.Assignments {
		c.Assignments[i].AccountID = id
		if err := s.assign(ctx, &c.Assignments[i]); err != nil {
			return err
		}
	}
	if c.Learned != nil {
		if err := s.learn(ctx, c.Learned, c.LearnedAudit); err != nil {
			return err
		}
	}
	if err := s.auditNew(ctx, c.Audit, row.ID); err != nil {
		return err
	}
	if err := s.askPassword(ctx, id, c); err != nil {
		return err
	}
	s.emitFor(id, c.Events)
	c.Account.ID, c.Account.CreatedAt, c.Account.UpdatedAt = id, instant(row.CreatedAt), instant(row.UpdatedAt)
	return nil
}

// emitFor stores events about an account.
func (s *step) emitFor(id mailstead.AccountID, events []mailstead.Event) {
	for _, e := range events {
		e.AccountID = id
		s.emit(e)
	}
}

// Account returns one account.
func (db *DB) Account(ctx context.Context, id mailstead.AccountID) (mailstead.Account, error) {
	row, err := oneAccount(ctx, db.reader(), id, "")
	if err != nil {
		return mailstead.Account{}, fmt.Errorf("read account: %w", err)
	}
	return row.account(), nil
}

// ConfigurationAccount returns the account that stands for the mail server of the
// configuration file; until there is one the error is KindNotFound.
func (db *DB) ConfigurationAccount(ctx context.Context) (mailstead.Account, error) {
	row, err := first(all[accountRow](ctx, db.reader(), "SELECT * FROM accounts WHERE account_key = ?", mailstead.ConfigurationKey))
	if err := found(err, "account"); err != nil {
		return mailstead.Account{}, fmt.Errorf("read account of the configuration: %w", err)
	}
	return row.account(), nil
}

// oneAccount reads an account; lock is of Engine.RowLock or "".
func oneAccount(ctx context.Context, s *Session, id mailstead.AccountID, lock string) (*accountRow, error) {
	row, err := first(all[accountRow](ctx, s, "SELECT * FROM accounts WHERE id = ? AND deleted_at = 0"+locked(lock), int64(id)))
	return row, found(err, "account")
}

// live is the condition that the account in a column was not deleted.
func live(column string) string {
	return "EXISTS (SELECT 1 FROM accounts AS a WHERE a.id = " + column + " AND a.deleted_at = 0)"
}

// requireAccount returns KindNotFound unless the account exists.
func requireAccount(ctx context.Context, s *Session, id mailstead.AccountID, lock string) error {
	return require(ctx, s.Bound, "account", "SELECT 1 FROM accounts WHERE id = ? AND deleted_at = 0"+locked(lock), int64(id))
}

// requireAccount holds the account against changes by others.
func (s *step) requireAccount(ctx context.Context, id mailstead.AccountID, lock RowLock) error {
	return requireAccount(ctx, s.Session, id, s.engine.RowLock(lock))
}

// AccountFor returns an account and those of its assignments that reach the
// user, directly or by a profile. It does not judge what they allow.
func (db *DB) AccountFor(ctx context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error) {
	s := db.reader()
	row, err := oneAccount(ctx, s, id, "")
	if err != nil {
		return mailstead.Account{}, nil, fmt.Errorf("read account: %w", err)
	}
	reach, err := all[assignmentRow](ctx, s, "SELECT asg.* FROM assignments AS asg WHERE asg.account_id = ? AND "+reachesUser+" ORDER BY asg.id",
		int64(id), int64(user), int64(user))
	if err != nil {
		return mailstead.Account{}, nil, fmt.Errorf("read assignments of account: %w", err)
	}
	return row.account(), assignments(reach), nil
}

// AccountsToRead returns the accounts whose incoming side is switched on, by id,
// at most 10,000.
func (db *DB) AccountsToRead(ctx context.Context, after mailstead.AccountID, n int) ([]mailstead.AccountID, error) {
	var ids []mailstead.AccountID
	err := db.reader().NewSelect().Model((*accountRow)(nil)).Column("id").
		Where("a.id > ? AND a.deleted_at = 0 AND a.in_enabled AND a.in_protocol <> ''", int64(after)).
		Order("a.id").Limit(limit(n, 10_000)).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("list accounts to read: %w", err)
	}
	return ids, nil
}

// UpdateAccount stores all of a that people edit, with the events. Key, creation
// and the health of sides that were there already stay as they are. Another load
// period reopens the loads of the folders, see mailstead.Cursor.Done. Secrets
// replace all that are stored, nil leaves them; a grant that no side signs in with any
// more is destroyed. a.UpdatedAt must be that of the
// account as it was read: when somebody changed it since, the error is
// AccountChanged. It sets a.UpdatedAt.
func (db *DB) UpdateAccount(
	ctx context.Context, a *mailstead.Account, secrets map[mailstead.SecretField]mailstead.Sealed, audit mailstead.AuditEntry, events []mailstead.Event,
) error {
	return db.write(ctx, "update account", func(ctx context.Context, s *step) error {
		return s.updateAccount(ctx, a, secrets, audit, events)
	})
}

func (s *step) updateAccount(
	ctx context.Context, a *mailstead.Account, secrets map[mailstead.SecretField]mailstead.Sealed, audit mailstead.AuditEntry, events []mailstead.Event,
) error {
	stored, err := oneAccount(ctx, s.Session, a.ID, s.engine.RowLock(RowUpdate))
	if err != nil {
		return err
	}
	if a.OwnerID != 0 {
		if err := requireUser(ctx, s.Session, a.OwnerID); err != nil {
			return err
		}
		if stored.OwnerID != int64(a.OwnerID) {
			if err := s.requireRoom(ctx, a.OwnerID); err != nil {
				return err
			}
		}
	}
	if !stored.account().UpdatedAt.Equal(a.UpdatedAt) {
		return mailstead.AccountChanged()
	}
	row := newAccountRow(a)
	// It is the account's version: two changes never have the same.
	row.UpdatedAt = max(millis(s.now), stored.UpdatedAt+1)
	row.Incoming.keepHealth(&stored.Incoming)
	row.Outgoing.keepHealth(&stored.Outgoing)
	row.setKeys()
	_, err = s.NewUpdate().Model(&row).WherePK().
		ExcludeColumn("id", "account_key", "created_at", "deleted_at", "assigned", "default_of").Exec(ctx)
	if err != nil {
		return err
	}
	if row.Name != stored.Name || row.DisplayName != stored.DisplayName || row.Address != stored.Address {
		if err := s.setWords(ctx, &row); err != nil {
			return err
		}
	}
	if row.LoadPeriod != stored.LoadPeriod {
		if err := s.reopenLoads(ctx, a.ID); err != nil {
			return err
		}
	}
	if secrets != nil {
		if err := s.setSecrets(ctx, a.ID, secrets); err != nil {
			return err
		}
	}
	if !a.SignsInByOAuth() {
		if err := s.setGrant(ctx, a.ID, nil); err != nil {
			return err
		}
	}
	if err := s.audit(ctx, audit); err != nil {
		return err
	}
	s.emitFor(a.ID, events)
	a.UpdatedAt = instant(row.UpdatedAt)
	return nil
}

// SetHealth stores how a side fares. A zero CheckedAt or SuccessAt leaves the
// stored time. When state or code changed, it stores an EventAccountHealth. A Stop of
// the account begins with the first failure of the incoming side and ends with its
// next success; one that nobody was told of leaves no trace.
func (db *DB) SetHealth(ctx context.Context, id mailstead.AccountID, side mailstead.SideName, h mailstead.Health) error {
	return db.write(ctx, "set health", func(ctx context.Context, s *step) error {
		row, err := oneAccount(ctx, s.Session, id, s.engine.RowLock(RowUpdate))
		if err != nil {
			return err
		}
		r, prefix := &row.Incoming, "in_"
		if side == mailstead.SideOutgoing {
			r, prefix = &row.Outgoing, "out_"
		}
		if r.Protocol == "" {
			return mailstead.NotFound("side")
		}
		if h.CheckedAt.IsZero() {
			h.CheckedAt = instant(r.CheckedAt)
		}
		if h.SuccessAt.IsZero() {
			h.SuccessAt = instant(r.SuccessAt)
		}
		changed, was := r.HealthState != string(h.State) || r.HealthCode != h.Code, mailstead.HealthState(r.HealthState)
		r.setHealth(h)
		row.setKeys()
		_, err = s.NewUpdate().Model(row).WherePK().Column(prefix+"health_state", prefix+"health_code",
			prefix+"health_text", prefix+"health_action", prefix+"checked_at", prefix+"success_at", "state_rank", "last_success").Exec(ctx)
		if err != nil {
			return err
		}
		if changed {
			s.emit(mailstead.NewEvent(mailstead.EventAccountHealth, id, mailstead.HealthData{Side: side, State: h.State, Code: h.Code}))
		}
		if side == mailstead.SideIncoming {
			return s.noteStop(ctx, id, was, h.State)
		}
		return nil
	})
}
