package main

import (
	"encoding/json"
	"errors"
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
	cmd := &cobra.Command{Use: "message", Short: "Read mail"}
	cmd.AddCommand(newMessageList(c), newMessageShow(c), newMessageRaw(c), newMessageInspect(c))
	return cmd
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
	f.StringVar(&folder, "folder", "", "only this folder (id)")
	f.StringVar(&search, "search", "", "words to search for")
	f.BoolVar(&unread, "unread", false, "only unread messages")
	f.IntVar(&limit, "limit", 50, "how many, 1 to 100")
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
		Use: "inspect FILE...", Short: "Say how mails in files are read; - is standard input", Args: cobra.MinimumNArgs(1),
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
}

func (c *cli) inspect(name string) error {
	data, err := readFile(name, c.io.in)
	if err != nil {
		if !c.json {
			return err
		}
		err = fmt.Errorf("%w: %w", errShown, err)
		return errors.Join(err, json.NewEncoder(c.io.out).Encode(unread{name, err.Error()}))
	}
	x := message.Inspect(data)
	e := json.NewEncoder(c.io.out)
	e.SetEscapeHTML(false)
	if !c.json {
		e.SetIndent("", "  ")
	}
	return e.Encode(x)
}

func readFile(name string, in io.Reader) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name) //nolint:gosec // the person names the file
		if err != nil {
			return nil, err
		}
		defer f.Close() //nolint:errcheck // only read from
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxInspect+1))
	if err == nil && len(b) > maxInspect {
		err = &mailstead.Error{Kind: mailstead.KindTooLarge, Code: "input.too_large", Text: "The file is larger than 200 MB."}
	}
	return b, err
}
