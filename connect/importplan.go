package connect

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/importer"
)

// importRow is an entry of the source on its way to an account.
type importRow struct {
	item    ImportItem
	account mailstead.Account
	// sides are what would be tested and sealed, if it were tested.
	sides     []*trial
	profileID mailstead.ProfileID
	found     discover.Result
}

// note adds a finding.
func (row *importRow) note(severity importer.Severity, code, detail string) {
	row.item.Findings = append(row.item.Findings, importer.NewFinding(severity, row.item.Line, code, detail))
}

// refuse adds what is wrong with the entry, and what it is about. An error that is
// no finding, such as that of a store, is returned.
func (row *importRow) refuse(err error, detail string) error {
	var e *mailstead.Error
	if !errors.As(err, &e) || e.Kind != mailstead.KindInvalid {
		return err
	}
	f := importer.NewFinding(importer.Error, row.item.Line, mailstead.CodeOf(e), detail)
	f.Text = e.Text
	row.item.Findings = append(row.item.Findings, f)
	return nil
}

// fieldOf names the input field that an error is about.
func fieldOf(err error) string {
	var e *mailstead.Error
	_ = errors.As(err, &e)
	if e == nil {
		return ""
	}
	return e.Field
}

func (row *importRow) failed() bool {
	return slices.ContainsFunc(row.item.Findings, func(f importer.Finding) bool { return f.Severity == importer.Error })
}

// storable reports whether there is an account to store.
func (row *importRow) storable() bool {
	return row.item.Outcome == ImportNew || row.item.Outcome == ImportNeedsPassword
}

// assignments are those that the account gets.
func (row *importRow) assignments() []mailstead.Assignment {
	var out []mailstead.Assignment
	if row.profileID != 0 {
		out = append(out, mailstead.Assignment{ProfileID: row.profileID, Rights: []mailstead.Right{mailstead.RightRead, mailstead.RightSend}})
	}
	if row.item.System {
		out = append(out, mailstead.Assignment{System: true, Rights: []mailstead.Right{mailstead.RightSend}})
	}
	return out
}

// plan decides what becomes of a candidate. It changes nothing but what the run
// knows.
func (i *importRun) plan(ctx context.Context, c *importer.Candidate) (*importRow, error) {
	row := &importRow{item: ImportItem{
		Line: c.Line, Name: c.Name, DisplayName: c.DisplayName, Address: c.Address, Profile: c.Profile,
		Findings: append([]importer.Finding{}, c.Findings...),
	}}
	row.account = mailstead.Account{Name: c.Name, DisplayName: c.DisplayName, Address: c.Address, Note: c.Note}
	ownerKnown := i.owner(row, c)
	if c.Address != "" {
		if err := i.complete(ctx, row, c); err != nil {
			return nil, err
		}
	}
	a := &row.account
	key := saving{a.OwnerID, strings.ToLower(a.Address)}
	id, exists := i.taken[key]
	switch {
	case !ownerKnown:
		row.item.Outcome = ImportOwnerUnknown
	case exists && c.Address != "":
		row.item.Outcome, row.item.AccountID = ImportExists, id
		if id == 0 {
			row.note(importer.Warning, "import.duplicate", a.Address)
		}
	case row.failed() || !i.room(row):
		row.item.Outcome = ImportInvalid
	default:
		row.item.Outcome = ImportNew
		if i.missPasswords(row) {
			row.item.Outcome = ImportNeedsPassword
		}
		i.taken[key] = 0
		i.owned[a.OwnerID]++
		i.makeSystem(row, c)
	}
	return row, nil
}

// room reports whether the owner may have one more account, and notes it when not.
func (i *importRun) room(row *importRow) bool {
	owner := row.account.OwnerID
	if owner == 0 || i.rules.CheckRoom(i.owned[owner]) == nil {
		return true
	}
	row.note(importer.Error, mailstead.CodePolicyAccounts, row.item.Owner)
	return false
}

// owner decides whom the account belongs to and reports whether that user exists.
func (i *importRun) owner(row *importRow, c *importer.Candidate) bool {
	row.account.OwnerID = i.r.OwnerID
	if c.Owner != "" {
		row.account.OwnerID = i.owners[strings.ToLower(c.Owner)]
		if row.account.OwnerID == 0 {
			row.item.Owner = c.Owner
			row.note(importer.Error, "import.owner_unknown", c.Owner)
			return false
		}
	}
	row.item.Owner = i.addresses[row.account.OwnerID]
	return true
}

// complete fills in the servers and checks everything.
func (i *importRun) complete(ctx context.Context, row *importRow, c *importer.Candidate) error {
	if c.Profile != "" {
		if row.profileID = i.profiles[strings.ToLower(c.Profile)]; row.profileID == 0 {
			row.note(importer.Error, "import.profile_unknown", c.Profile)
		}
	}
	var err error
	if row.found, err = i.s.c.Directory.Discover(ctx, i.s.c.Store, c.Address); err != nil {
		return row.refuse(err, c.Address)
	}
	row.account.Address = row.found.Address
	for _, side := range []struct {
		name   mailstead.SideName
		server *importer.Server
	}{{mailstead.SideIncoming, c.Incoming}, {mailstead.SideOutgoing, c.Outgoing}} {
		if side.server == nil {
			continue
		}
		if err := i.side(row, side.name, side.server); err != nil {
			return err
		}
	}
	if len(row.sides) == 0 {
		if !row.failed() {
			row.note(importer.Error, "import.server_missing", mailstead.DomainOf(c.Address))
		}
		return nil
	}
	a := &row.account
	for _, t := range row.sides {
		if t.targets[0].server.Security == mailstead.SecurityNone && !i.rules.Plain {
			return nil
		}
	}
	if err := i.s.justifyPlain(a, row.sides, i.r.PlainReason); err != nil {
		if err := row.refuse(err, ""); err != nil {
			return err
		}
	}
	a.ProviderID = i.s.providerOf(a, row.found.Provider.ID)
	if err := a.Validate(); err != nil {
		return row.refuse(err, fieldOf(err))
	}
	row.item.Name = a.Name
	row.item.Address = a.Address
	return nil
}

// side fills in one side of the account.
func (i *importRun) side(row *importRow, n mailstead.SideName, c *importer.Server) error {
	g, ok, err := i.target(row, n, c)
	if err != nil || !ok {
		return err
	}
	if g.server.Security == mailstead.SecurityNone && i.r.Encrypt {
		g.server.Security = mailstead.SecurityStartTLS
		row.note(importer.Warning, "import.encryption_added", g.server.Addr())
	}
	if g.server.Security == mailstead.SecurityNone && !i.rules.Plain {
		if err := row.refuse(errPlainForbidden(n), g.server.Addr()); err != nil {
			return err
		}
	}
	t := &trial{side: n, targets: []target{g}, secret: c.Secret, secretField: "password", open: c.Open, from: row.account.Address}
	if len(row.sides) > 0 && row.sides[0].secret != t.secret {
		t.secretField = "outgoing_password"
	}
	if err := mailstead.CheckPassword(t.secretField, t.secret); err != nil {
		if err := row.refuse(err, t.secretField); err != nil {
			return err
		}
	}
	row.sides = append(row.sides, t)
	side := &mailstead.Side{Server: g.server, Login: g.login, Enabled: true, Health: mailstead.Health{State: mailstead.HealthNew}}
	setSide(&row.account, n, side)
	shown := &ImportServer{Server: g.server, Login: g.login}
	if n == mailstead.SideOutgoing {
		row.item.Outgoing = shown
	} else {
		row.item.Incoming = shown
	}
	return nil
}

// target returns the server of a side with its login; false when there is none.
func (i *importRun) target(row *importRow, n mailstead.SideName, c *importer.Server) (target, bool, error) {
	if c.Host == "" {
		known := row.found.Incoming
		if n == mailstead.SideOutgoing {
			known = row.found.Outgoing
		}
		switch {
		case len(known) == 0:
			return target{}, false, nil
		case row.found.Problem != "":
			return target{}, false, row.refuse(mailstead.Invalid(string(n), row.found.ProblemCode, row.found.Problem), row.found.Provider.Name)
		}
		best := known[0]
		if at := slices.IndexFunc(known, func(k discover.Candidate) bool { return k.Server.Protocol == c.Protocol }); at > 0 {
			best = known[at]
		}
		g := target{server: best.Server, login: c.Login}
		if g.login == "" {
			g.login = best.Username
		}
		row.note(importer.Warning, "import.server_found", g.server.Addr())
		return g, true, nil
	}
	servers, err := typedServers(n, ServerInput{Text: c.Host, Protocol: c.Protocol, Port: c.Port, Security: c.Security})
	if err != nil {
		return target{}, false, row.refuse(err, c.Host)
	}
	server, usual := servers[0], row.account.Address
	p, known := i.s.c.Directory.ByHosts(server.Host)
	if known {
		usual = p.Username[server.Protocol].Login(row.account.Address)
	}
	if len(servers) > 1 {
		at := -1
		if known {
			at = slices.IndexFunc(append(slices.Clone(p.Incoming), p.Outgoing...), func(k mailstead.Server) bool { return slices.Contains(servers, k) })
		}
		if at >= 0 {
			server = append(slices.Clone(p.Incoming), p.Outgoing...)[at]
		} else {
			row.note(importer.Warning, "import.security_assumed", server.String())
		}
	}
	login := c.Login
	if login == "" && !c.Open {
		login = usual
	}
	if login == "" && !c.Open {
		return target{}, false, row.refuse(mailstead.Invalid(string(n)+".login", "input.login_needed",
			"The user name is needed: it does not follow from the address here."), server.Host)
	}
	return target{server: server, login: login}, true, nil
}

// missPasswords marks the sides whose password the source does not have: nothing
// contacts their servers until it comes. It reports whether there is one.
func (i *importRun) missPasswords(row *importRow) bool {
	missing := false
	for _, t := range row.sides {
		if t.open || !t.secret.IsZero() {
			continue
		}
		missing = true
		row.account.Side(t.side).Health = i.s.missingPassword(t.side)
	}
	return missing
}

// makeSystem makes the default account of the source the system's, when there is
// none yet.
func (i *importRun) makeSystem(row *importRow, c *importer.Candidate) {
	switch {
	case !c.Default || row.account.Outgoing == nil:
	case i.system:
		row.note(importer.Warning, "import.system_kept", "")
	default:
		row.item.System, i.system = true, true
	}
}
