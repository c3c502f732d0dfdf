package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newRecordType(c *cli) *cobra.Command {
	var t api.RecordTypeFields
	put := &cobra.Command{
		Use: "put KEY", Short: "Make a type of records, or change it", Args: exactArgs(1),
		Example: "  mailstead record-type put order --name Order --url 'https://crm.example.com/orders/{key}'",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withNew(cmd.Context(), func(cl *client) error {
				path := "/record-types/" + url.PathEscape(args[0])
				return ask(cmd.Context(), c, cl, http.MethodPut, path, t, func(w io.Writer, t mailstead.RecordType) {
					fmt.Fprintf(w, "The type %s is kept.\n", t.Key)
				})
			})
		},
	}
	put.Flags().StringVar(&t.Name, "name", "", "`NAME` of the type")
	put.Flags().StringVar(&t.URL, "url", "", "`ADDRESS` of a record in the business application, with {key} where its key stands")
	put.Flags().BoolVar(&t.LinkByHand, "by-hand", true, "let users make records of the type and link mails to them")
	return group("record-type", "Manage the types of records", put,
		&cobra.Command{
			Use: "list", Short: "List the types of records", Args: exactArgs(0),
			RunE: func(cmd *cobra.Command, _ []string) error {
				return c.withClient(cmd.Context(), func(cl *client) error {
					return listAll(cmd.Context(), c, cl, "/record-types", "KEY\tNAME\tBY HAND\tADDRESS\n", func(w io.Writer, t mailstead.RecordType) {
						fmt.Fprintf(w, "%s\t%s\t%t\t%s\n", t.Key, t.Name, t.LinkByHand, orDash(t.URL))
					})
				})
			},
		},
		newGone(c, "delete KEY", "Delete a type that no record has", "The type is deleted.", func(args []string) string {
			return "/record-types/" + url.PathEscape(args[0])
		}))
}

// newGone makes a command that deletes what its arguments name.
func newGone(c *cli, use, short, done string, path func(args []string) string) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: exactArgs(1)}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.withClient(cmd.Context(), func(cl *client) error {
			if err := cl.call(cmd.Context(), http.MethodDelete, path(args), nil, nil); err != nil {
				return err
			}
			return c.done(done)
		})
	}
	return cmd
}

func newRecord(c *cli) *cobra.Command {
	var f api.RecordFields
	put := &cobra.Command{
		Use: "put TYPE KEY", Short: "Make a record of the business application, or change it", Args: exactArgs(2),
		Example: "  mailstead record put request R-1001 --name 'Broken heating'",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withNew(cmd.Context(), func(cl *client) error {
				path := "/record-types/" + url.PathEscape(args[0]) + "/records/" + url.PathEscape(args[1])
				return ask(cmd.Context(), c, cl, http.MethodPut, path, f, func(w io.Writer, r api.Record) {
					fmt.Fprintf(w, "Record %d is kept.\n", r.ID)
				})
			})
		},
	}
	put.Flags().StringVar(&f.Name, "name", "", "`NAME` of the record (default its key)")
	put.Flags().StringVar(&f.URL, "url", "", "`ADDRESS` of the record, where that does not follow from its type")
	return group("record", "Manage records, to which mails are linked", newRecordList(c), put, newRecordShow(c),
		newGone(c, "delete ID", "Delete a record that no mail is linked to", "The record is deleted.", func(args []string) string {
			return "/records/" + url.PathEscape(args[0])
		}))
}

func newRecordList(c *cli) *cobra.Command {
	var recordType, search string
	cmd := &cobra.Command{
		Use: "list", Short: "Find records", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{"limit": {"100"}}
			if recordType != "" {
				q.Set("type", recordType)
			}
			if search != "" {
				q.Set("q", search)
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/records?"+q.Encode(), "ID\tTYPE\tKEY\tNAME\tMAILS\n", func(w io.Writer, r api.Record) {
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\n", r.ID, r.Type, orDash(r.Key), r.Name, r.Mails)
				})
			})
		},
	}
	cmd.Flags().StringVar(&recordType, "type", "", "only records of this `TYPE` (key)")
	cmd.Flags().StringVar(&search, "search", "", "`WORDS` of the name or the key")
	return cmd
}

func newRecordShow(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "List the mails of a record, newest first", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "/records/" + url.PathEscape(args[0]) + "/mails?limit=100"
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, path, "MAIL\tRECEIVED\tMAILBOX\tFROM\tSUBJECT\n", func(w io.Writer, m mailstead.LinkedMail) {
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", m.ID, when(m.ReceivedAt), m.Mailbox, addresses(m.From), m.Subject)
				})
			})
		},
	}
}

func newLink(c *cli) *cobra.Command {
	links := func(message string) string { return "/messages/" + url.PathEscape(message) + "/links" }
	return group("link", "Link mails to records",
		&cobra.Command{
			Use: "add MESSAGE RECORD", Short: "Link a mail to a record, where everybody who is signed in can read it", Args: exactArgs(2),
			RunE: func(cmd *cobra.Command, args []string) error {
				id, err := strconv.ParseInt(args[1], 10, 64)
				if err != nil || id < 1 {
					return usage(cmd, "A record is named by its number: see mailstead record list.")
				}
				return c.withClient(cmd.Context(), func(cl *client) error {
					body := api.NewLink{RecordID: mailstead.RecordID(id)}
					return ask(cmd.Context(), c, cl, http.MethodPost, links(args[0]), body, func(w io.Writer, l api.MessageLink) {
						fmt.Fprintf(w, "The mail is linked to %s.\n", l.Name)
					})
				})
			},
		},
		&cobra.Command{
			Use: "remove MESSAGE RECORD", Short: "Take a mail from a record", Args: exactArgs(2),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.withClient(cmd.Context(), func(cl *client) error {
					path := links(args[0]) + "/" + url.PathEscape(args[1])
					if err := cl.call(cmd.Context(), http.MethodDelete, path, nil, nil); err != nil {
						return err
					}
					return c.done("The mail is no longer linked to the record.")
				})
			},
		},
		&cobra.Command{
			Use: "list MESSAGE", Short: "List the records of a mail", Args: exactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.withClient(cmd.Context(), func(cl *client) error {
					return listAll(cmd.Context(), c, cl, links(args[0]), "RECORD\tTYPE\tNAME\tWHY\tBY\tAT\n", func(w io.Writer, l api.MessageLink) {
						fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", l.RecordID, l.Type, l.Name, l.Reason, orDash(l.ByName), when(l.At))
					})
				})
			},
		})
}
