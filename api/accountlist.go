package api

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/mailstead/mailstead"
)

func (h *Handler) accountListRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/accounts/csv", id: "exportAccounts", tag: "Accounts",
		summary: "Export a list of accounts",
		about:   "All accounts that `GET /accounts` lists with the same filters, as a table. It holds no passwords.",
		media:   "text/csv",
	}, h.exportAccounts)
}

// AccountFilter are the filters and the order of a list of accounts.
type AccountFilter struct {
	All bool `query:"all" doc:"For administrators: the accounts of everyone."`
	// huma reads lists of plain numbers only.
	IDs        []int64                `query:"id" maxItems:"100" doc:"Only these accounts, separated by commas." example:"[3,5]"`
	Text       string                 `query:"q" maxLength:"200" doc:"Words of the name, the display name and the address; a word matches a beginning."`
	State      mailstead.AccountState `query:"state" doc:"How the account stands."`
	Provider   mailstead.ProviderID   `query:"provider" maxLength:"100" doc:"The provider of the account." example:"gmail"`
	Domain     string                 `query:"domain" maxLength:"255" doc:"The domain of the address." example:"example.com"`
	Owner      mailstead.UserID       `query:"owner" minimum:"0" doc:"The user whom the account belongs to."`
	Profile    mailstead.ProfileID    `query:"profile" minimum:"0" doc:"A profile that the account is assigned to."`
	Unassigned bool                   `query:"unassigned" doc:"Accounts of the organisation that nobody was given."`
	Deleted    bool                   `query:"deleted" doc:"Accounts that were deleted and can be restored, instead of those that there are."`
	Sort       mailstead.AccountSort  `query:"sort" doc:"The order of the list."`
	Descending bool                   `query:"desc" doc:"The order turned round."`
}

func (f *AccountFilter) query(actor mailstead.Actor) mailstead.AccountQuery {
	q := mailstead.AccountQuery{
		Text: f.Text, State: f.State, ProviderID: f.Provider, Domain: f.Domain, OwnerID: f.Owner, ProfileID: f.Profile,
		Unassigned: f.Unassigned, Deleted: f.Deleted, Sort: f.Sort, Descending: f.Descending,
	}
	for _, id := range f.IDs {
		q.IDs = append(q.IDs, mailstead.AccountID(id))
	}
	if q.Sort == "" && q.Filtered() {
		q.Sort = mailstead.SortName
	}
	if !f.All {
		q.VisibleTo = actor.User.ID
	}
	return q
}

type listAccountsInput struct {
	PageParams
	AccountFilter
}

func (h *Handler) listAccounts(ctx context.Context, actor mailstead.Actor, in *listAccountsInput) (*pageOutput[AccountItem], error) {
	q := in.query(actor)
	q.Limit = in.Limit + 1
	if err := decodeCursor(in.Cursor, &q.After); err != nil {
		return nil, err
	}
	accounts, err := h.c.Accounts.Accounts(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	items := make([]AccountItem, len(accounts))
	for i := range accounts {
		items[i] = accountItem(accounts[i])
	}
	return pageOf(items, in.Limit, func(a AccountItem) any { return a.Position(q.Sort) }), nil
}

// csvColumns are the columns of an exported list.
var csvColumns = []string{
	"id", "name", "display_name", "address", "state", "needs", "owner_id", "provider", "incoming", "incoming_login", "incoming_state",
	"outgoing", "outgoing_login", "outgoing_state", "last_success", "error", "note", "created_at", "deleted_at",
}

func (h *Handler) exportAccounts(ctx context.Context, actor mailstead.Actor, in *AccountFilter) (*huma.StreamResponse, error) {
	q := in.query(actor)
	q.Limit = mailstead.MaxPage
	first, err := h.c.Accounts.Accounts(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	return stream("accounts.csv", "text/csv; charset=utf-8", func(w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write(csvColumns); err != nil {
			return err
		}
		for page := first; ; {
			for i := range page {
				if err := out.Write(csvRow(&page[i])); err != nil {
					return err
				}
			}
			if out.Flush(); len(page) < q.Limit || out.Error() != nil {
				return out.Error()
			}
			q.After = page[len(page)-1].Position(q.Sort)
			var err error
			if page, err = h.c.Accounts.Accounts(ctx, actor, q); err != nil {
				h.logDefect(ctx, "exportAccounts", err)
				return err
			}
		}
	}), nil
}

func csvRow(a *mailstead.Account) []string {
	row := []string{
		a.ID.String(), a.Name, a.DisplayName, a.Address, string(a.State()), string(a.Needs()), "", string(a.ProviderID),
	}
	if a.OwnerID != 0 {
		row[6] = a.OwnerID.String()
	}
	failure := ""
	for _, s := range []*mailstead.Side{a.Incoming, a.Outgoing} {
		switch {
		case s == nil:
			row = append(row, "", "", "")
			continue
		case !s.Enabled:
			row = append(row, s.Server.String(), s.Login, "off")
		default:
			row = append(row, s.Server.String(), s.Login, string(s.Health.State))
		}
		if failure == "" {
			failure = s.Health.Text
		}
	}
	row = append(row, csvTime(a.SuccessAt()), failure, a.Note, csvTime(a.CreatedAt), csvTime(a.DeletedAt))
	for i := range row {
		row[i] = plainCell(row[i])
	}
	return row
}

func csvTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// plainCell keeps a spreadsheet from taking text for a formula.
func plainCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// stream is a download that is written while it is made. An error of write cuts the
// connection off: a file that ends early must not look whole.
func stream(name, mediaType string, write func(w io.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		head := download(name, mediaType, nil)
		hc.SetHeader("Content-Type", head.ContentType)
		hc.SetHeader("Content-Disposition", head.ContentDisposition)
		hc.SetHeader("Content-Security-Policy", head.Policy)
		hc.SetStatus(http.StatusOK)
		if err := write(hc.BodyWriter()); err != nil {
			panic(http.ErrAbortHandler)
		}
	}}
}
