package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/sender"
)

// senderHealth wires what looks at the domains of accounts.
func (a *app) senderHealth() (connect.SenderHealth, error) {
	if !a.c.Discovery {
		return connect.SenderHealth{}, nil
	}
	checker, err := sender.New(resolver(a.c.Resolver))
	return connect.SenderHealth{Checker: checker, Returned: a.returned}, err
}

// returned reads the last mail of an account that came back.
func (a *app) returned(ctx context.Context, id mailstead.AccountID, since time.Time) (raw []byte, mailbox string, err error) {
	m, mailbox, err := a.db.LastArrival(ctx, id, since)
	if mailstead.KindOf(err) == mailstead.KindNotFound || err == nil && m.Blob.IsZero() {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	raw, err = a.blobs.Get(ctx, m.Blob)
	return raw, mailbox, err
}

func newAccountSenderHealth(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "sender-health ID", Short: "Show how the domain of an account stands as a sender: MX, SPF, DKIM, DMARC",
		Long: "Asks the name servers of the account's domain and shows what to add there. All of it is advice: nothing\n" +
			"waits for it. DKIM is seen by a mail that came back: mailstead account test ID --mail ADDRESS --round-trip.",
		Example: "  mailstead account sender-health 7", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				raw, err := cl.raw(cmd.Context(), http.MethodGet, "/accounts/"+url.PathEscape(args[0])+"/sender-health", nil)
				if err != nil {
					return err
				}
				var h api.SenderHealth
				return c.show(raw, &h, func(w io.Writer) { writeSenderHealth(w, &h) })
			})
		},
	}
}

func writeSenderHealth(w io.Writer, h *api.SenderHealth) {
	fmt.Fprintf(w, "How %s stands as a sender:\n", h.Domain)
	for _, f := range h.Findings {
		fmt.Fprintf(w, "\n%s: %s\n  %s\n", partName(f.Part), f.State, f.Text)
		if f.Action != "" {
			fmt.Fprintf(w, "  %s\n", f.Action)
		}
		for _, r := range f.Records {
			fmt.Fprintf(w, "  Add: %s %s %s\n", r.Name, r.Type, r.Value)
			for _, old := range r.Replaces {
				fmt.Fprintf(w, "    instead of: %s\n", old)
			}
		}
	}
}

func partName(p sender.Part) string {
	switch p {
	case sender.PartMX:
		return "MX"
	case sender.PartSPF:
		return "SPF"
	case sender.PartDKIM:
		return "DKIM"
	case sender.PartDMARC:
		return "DMARC"
	default:
		return string(p)
	}
}
