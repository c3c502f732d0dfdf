package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/importer"
)

// Importer brings in the accounts of other programs.
type Importer interface {
	Import(ctx context.Context, actor mailstead.Actor, r connect.ImportRequest) (connect.ImportReport, error)
}

const (
	importOperation = "importAccounts"
	// maxImport is the most bytes of a request: the file in base64, and the rest.
	maxImport = importer.MaxSize/3*4 + 64<<10
)

func (h *Handler) importRoutes() {
	add(h, route{
		method: http.MethodPost, path: "/imports", id: importOperation, tag: "Accounts",
		summary: "Import accounts",
		about: "For administrators: brings in the accounts of a .NET web.config, a CSV table, a Thunderbird profile's prefs.js or OpenSTAManager's table " +
			"of accounts. Each entry is answered with what becomes of it and with findings by line; one that is wrong does not stop the others. " +
			"With `dry_run` nothing is stored. What exists already, by owner and address, is left as it is, so an import can be repeated. " +
			"No mail server is asked: an account whose password the file does not have waits until somebody enters it.",
		errors: []int{http.StatusConflict}, large: maxImport,
		example: map[string]any{
			"content": "YWRkcmVzcyxpbmNvbWluZ19ob3N0LG91dGdvaW5nX2hvc3QKYW5uYUBleGFtcGxlLmNvbSxpbWFwLmV4YW1wbGUuY29tLHNtdHAuZXhhbXBsZS5jb20K",
			"format":  "csv", "dry_run": true,
		},
	}, h.importAccounts)
}

// ImportRequest is a file to be imported.
type ImportRequest struct {
	Content     []byte           `json:"content" maxLength:"13981016" doc:"The file, at most 10 MB, in base64."`
	Format      importer.Format  `json:"format,omitempty" doc:"What the file is; auto, which is the default, finds out."`
	DryRun      bool             `json:"dry_run,omitempty" doc:"Only tells what would happen."`
	OwnerID     mailstead.UserID `json:"owner_id,omitempty" minimum:"0" doc:"The user whom accounts will belong to when the file names nobody; the organisation when missing."`
	Encrypt     bool             `json:"encrypt,omitempty" doc:"Demands STARTTLS of servers that the file uses without encryption."`
	PlainReason string           `json:"plain_reason,omitempty" maxLength:"500" doc:"Why servers without encryption are used, where the service allows it at all."`
}

type (
	importInput  struct{ Body ImportRequest }
	importOutput struct{ Body connect.ImportReport }
)

func (h *Handler) importAccounts(ctx context.Context, actor mailstead.Actor, in *importInput) (*importOutput, error) {
	b := &in.Body
	report, err := h.c.Importer.Import(ctx, actor, connect.ImportRequest{
		Content: b.Content, Format: b.Format, DryRun: b.DryRun, OwnerID: b.OwnerID, Encrypt: b.Encrypt, PlainReason: b.PlainReason,
	})
	return &importOutput{report}, err
}
