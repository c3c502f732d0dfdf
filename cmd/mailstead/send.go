package main

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

// sendFlags are the flags of send.
type sendFlags struct {
	to, cc, bcc, files []string
	subject, key       string
	account, user      int64
	template           int64
	reply, kind        string
	html               bool
}

func newSend(c *cli) *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use:   "send",
		Short: "Send a mail; its text is read from standard input",
		Long: "Submits a mail with the text from standard input. With --reply it answers the stored message of that id:\n" +
			"recipients, subject and quoted text follow from it (--kind reply, reply_all or forward).",
		Example: "  echo 'It left our house today.' | mailstead send --user 1 --to ben@example.com --subject 'Your order'\n" +
			"  mailstead send --user 1 --reply 17 < answer.txt",
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error { return c.send(cmd, cl, &f) })
		},
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.to, "to", nil, "recipient's `ADDRESS`; may be repeated")
	fl.StringArrayVar(&f.cc, "cc", nil, "`ADDRESS` that gets a copy; may be repeated")
	fl.StringArrayVar(&f.bcc, "bcc", nil, "`ADDRESS` that gets a blind copy; may be repeated")
	fl.StringVar(&f.subject, "subject", "", "`TEXT` of the subject")
	fl.StringArrayVar(&f.files, "attach", nil, "`FILE` to attach; may be repeated")
	fl.Int64Var(&f.account, "account", 0, "`ACCOUNT` (id) to send from (default: by precedence, see mailstead resolve)")
	fl.Int64Var(&f.template, "template", 0, "`TEMPLATE` (id) that gives account, subject and text where they are left out")
	fl.Int64Var(&f.user, "user", 0, "`USER` (id) for whom the mail is sent")
	fl.StringVar(&f.reply, "reply", "", "stored `MESSAGE` (id) to answer or forward")
	fl.StringVar(&f.kind, "kind", "reply", "`KIND` of answer: reply, reply_all or forward")
	fl.BoolVar(&f.html, "html", false, "the text is HTML")
	fl.StringVar(&f.key, "idempotency-key", "", "`TEXT` of your own that names this mail: repeating it sends nothing twice")
	return cmd
}

func (c *cli) send(cmd *cobra.Command, cl *client, f *sendFlags) error {
	ctx := cmd.Context()
	text, err := c.readText()
	if err != nil {
		return err
	}
	var d mailstead.Draft
	if f.reply != "" {
		q := url.Values{"kind": {f.kind}}
		if err := cl.call(ctx, http.MethodGet, "/messages/"+url.PathEscape(f.reply)+"/draft?"+q.Encode(), nil, &d); err != nil {
			return err
		}
	}
	if err := f.fill(&d, text, c.config.MaxAttachments); err != nil {
		return err
	}
	var headers []header
	if f.key != "" {
		headers = append(headers, header{"Idempotency-Key", f.key})
	}
	body := api.Submission{Draft: d, UserID: mailstead.UserID(f.user), TemplateID: mailstead.TemplateID(f.template)}
	return ask(ctx, c, cl, http.MethodPost, "/outbox", body, func(w io.Writer, m mailstead.OutgoingMessage) {
		fmt.Fprintf(w, "Mail %s is %s. %s\n", m.ID, m.State, m.Reason.Reason)
		if !cl.running {
			fmt.Fprintln(w, "It goes out as soon as mailstead serve runs.")
		}
	}, headers...)
}

// fill puts what was typed into the draft; the text of a reply stands above the
// quote.
func (f *sendFlags) fill(d *mailstead.Draft, text string, maxAttachments int64) error {
	for _, l := range []struct {
		field string
		typed []string
		list  *[]mailstead.Address
	}{{"to", f.to, &d.To}, {"cc", f.cc, &d.Cc}, {"bcc", f.bcc, &d.Bcc}} {
		for _, t := range l.typed {
			a, err := mail.ParseAddress(t)
			if err != nil {
				return mailstead.Invalid(l.field, "input.address", "This is not a mail address: write it like anna@example.com.")
			}
			*l.list = append(*l.list, mailstead.Address{Name: a.Name, Address: a.Address})
		}
	}
	if f.subject != "" {
		d.Subject = f.subject
	}
	if f.account != 0 {
		d.AccountID = mailstead.AccountID(f.account)
	}
	if f.html {
		d.HTML = text + d.HTML
	} else {
		d.Text = text + d.Text
	}
	left := maxAttachments
	for _, name := range f.files {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return unreadable(name, err)
		case info.Size() > left:
			return mailstead.TooLargeAttachments(maxAttachments)
		}
		left -= info.Size()
		b, err := readFile(name, nil)
		if err != nil {
			return err
		}
		mediaType, _, err := mime.ParseMediaType(mime.TypeByExtension(filepath.Ext(name)))
		if err != nil {
			mediaType = "application/octet-stream"
		}
		d.Attachments = append(d.Attachments, mailstead.DraftAttachment{Name: filepath.Base(name), MediaType: mediaType, Content: b})
	}
	return nil
}
