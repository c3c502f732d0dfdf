package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

func newMessage(c *cli) *cobra.Command {
	return group("message", "Read mail", newMessageList(c), newMessageShow(c), newMessageRaw(c), newMessageInspect(c))
}

func newMessageList(c *cli) *cobra.Command {
	var folder, search string
	var limit int
	var unread bool
	cmd := &cobra.Command{
		Use: "list ACCOUNT", Short: "List the messages of an account, newest first", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{"limit": {fmt.Sprint(limit)}}
			if folder != "" {
				q.Set("folder", folder)
			}
			if search != "" {
				q.Set("q", search)
			}
			if unread {
				q.Set("unread", "true")
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				var p page[json.RawMessage]
				path := "/accounts/" + url.PathEscape(args[0]) + "/messages?" + q.Encode()
				if err := cl.call(cmd.Context(), http.MethodGet, path, nil, &p); err != nil {
					return err
				}
				return c.showItems(p.Items, "ID\tRECEIVED\tFROM\tSUBJECT\n", true, func(w io.Writer, raw json.RawMessage) error {
					var m mailstead.Message
					if err := json.Unmarshal(raw, &m); err != nil {
						return err
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", m.ID, when(m.ReceivedAt), addresses(m.From), m.Subject)
					return nil
				})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&folder, "folder", "", "only this `FOLDER` (id)")
	f.StringVar(&search, "search", "", "`WORDS` to search for")
	f.BoolVar(&unread, "unread", false, "only unread messages")
	f.IntVar(&limit, "limit", 50, "at most `N` messages, 1 to 100")
	return cmd
}

func addresses(list []mailstead.Address) string {
	out := make([]string, 0, len(list))
	for _, a := range list {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}

// shown is what message show prints of the API's answer.
type shown struct {
	mailstead.Message
	Text        string                 `json:"text"`
	Attachments []mailstead.Attachment `json:"attachments"`
}

func newMessageShow(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show a message", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return get(cmd.Context(), c, "/messages/"+url.PathEscape(args[0]), func(w io.Writer, m shown) {
				for _, line := range []struct{ name, text string }{
					{"From", addresses(m.From)},
					{"To", addresses(m.To)},
					{"Cc", addresses(m.Cc)},
					{"Date", when(m.Date)},
					{"Subject", m.Subject},
					{"Note", m.Defect},
				} {
					if line.text != "" {
						fmt.Fprintf(w, "%s:\t%s\n", line.name, line.text)
					}
				}
				for _, a := range m.Attachments {
					fmt.Fprintf(w, "File:\t%d %s (%s, %d bytes)\n", a.Part, a.Name, a.MediaType, a.Size)
				}
				fmt.Fprintf(w, "\n%s\n", strings.TrimRight(m.Text, "\r\n"))
			})
		},
	}
}

func newMessageRaw(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "raw ID", Short: "Write a message as its server delivered it", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				raw, err := cl.raw(cmd.Context(), http.MethodGet, "/messages/"+url.PathEscape(args[0])+"/raw", nil)
				if err != nil {
					return err
				}
				_, err = c.io.out.Write(raw)
				return err
			})
		},
	}
}

// maxInspect bounds a file that message inspect reads.
const maxInspect = 200 << 20

func newMessageInspect(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "inspect FILE...", Short: "Say how mails in files are read; - is standard input", Args: rangeArgs(1, -1),
		Long: "Prints as JSON what Mailstead makes of the mails in the files: headers, text, attachments, defects. With\n" +
			"--json one line a file; a file that cannot be read gets a line with \"error\", and the rest is still read.",
		RunE: func(_ *cobra.Command, args []string) error {
			var failed error
			for _, name := range args {
				if err := c.inspect(name); err != nil {
					failed = err
				}
			}
			return failed
		},
	}
}

// unread is what inspect prints of a file that cannot be read.
type unread struct {
	File  string `json:"file"`
	Error string `json:"error"`
	Code  string `json:"code"`
}

func (c *cli) inspect(name string) error {
	e := json.NewEncoder(c.io.out)
	e.SetEscapeHTML(false)
	data, err := readFile(name, c.io.in)
	if err != nil {
		// The other files are still read, so this is told at once.
		f := failureOf(err)
		if !c.json {
			c.tell(err)
		} else if err := e.Encode(unread{name, f.Detail, f.Code}); err != nil {
			return err
		}
		return fmt.Errorf("%w: %w", errShown, err)
	}
	if !c.json {
		e.SetIndent("", "  ")
	}
	return e.Encode(message.Inspect(data))
}

// readFile reads a file that a person named; "-" is in.
func readFile(name string, in io.Reader) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, unreadable(name, err)
		}
		defer f.Close() //nolint:errcheck // only read from
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxInspect+1))
	switch {
	case err != nil:
		return nil, unreadable(name, err)
	case len(b) > maxInspect:
		return nil, &mailstead.Error{Kind: mailstead.KindTooLarge, Code: "input.too_large", Text: "The file " + name + " is larger than 200 MB."}
	}
	return b, nil
}

func unreadable(name string, err error) error {
	return &mailstead.Error{Kind: mailstead.KindNotFound, Code: "input.file", Text: "The file " + name + " cannot be read: " + reason(err) + ".", Err: err}
}
