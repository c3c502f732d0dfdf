package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newTemplate(c *cli) *cobra.Command {
	return group("template", "Keep the templates of mails", newTemplateList(c), newTemplateShow(c), newTemplateCreate(c), newTemplateEdit(c),
		&cobra.Command{
			Use: "delete ID", Short: "Delete a template; mails that were sent by it stay", Args: exactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.withClient(cmd.Context(), func(cl *client) error {
					if err := cl.call(cmd.Context(), http.MethodDelete, templatePath(args[0]), nil, nil); err != nil {
						return err
					}
					return c.done("Template " + args[0] + " is deleted.")
				})
			},
		})
}

func templatePath(id string) string { return "/templates/" + url.PathEscape(id) }

func newTemplateList(c *cli) *cobra.Command {
	var all bool
	var search, module string
	var account int64
	cmd := &cobra.Command{
		Use: "list", Short: "List the templates", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{}
			for name, value := range map[string]string{"q": search, "module": module} {
				if value != "" {
					q.Set(name, value)
				}
			}
			if all {
				q.Set("all", "true")
			}
			if account != 0 {
				q.Set("account", itoa(mailstead.AccountID(account)))
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				const head = "ID\tNAME\tMODULE\tACCOUNT\tACTIVE\tDEFAULT\n"
				return listAll(cmd.Context(), c, cl, "/templates?"+q.Encode(), head, func(w io.Writer, t mailstead.Template) {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, t.Module, templateAccount(&t), yes(t.Active), yes(t.Default))
				})
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&all, "all", false, "those that are switched off, too")
	f.StringVar(&search, "search", "", "only those whose name or module holds this `TEXT`")
	f.StringVar(&module, "module", "", "only those of this `MODULE`")
	f.Int64Var(&account, "account", 0, "only those that send from this `ACCOUNT` (id)")
	return cmd
}

func templateAccount(t *mailstead.Template) string {
	if t.AccountID == 0 {
		return "-"
	}
	return t.AccountID.String()
}

func newTemplateShow(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show a template with its text", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return get(cmd.Context(), c, templatePath(args[0]), func(w io.Writer, t mailstead.Template) {
				fmt.Fprintf(w, "Template\t%s (%s)\nModule\t%s\nActive\t%s\nDefault\t%s\nAccount\t%s\nSubject\t%s\n",
					t.Name, t.ID, t.Module, yes(t.Active), yes(t.Default), templateAccount(&t), t.Subject)
				if t.Note != "" {
					fmt.Fprintf(w, "Note\t%s\n", t.Note)
				}
				fmt.Fprintf(w, "\n%s\n", t.Text)
			})
		},
	}
}

// templateFlags are what a template is created and edited by.
type templateFlags struct {
	name, module, subject, note, file string
	account                           int64
	active, standard                  bool
}

func (f *templateFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.module, "module", "", "`MODULE` that it is for, such as invoices")
	fl.StringVar(&f.subject, "subject", "", "`TEXT` of the subject")
	fl.StringVar(&f.file, "text", "", "`FILE` with the text; - is standard input")
	fl.StringVar(&f.note, "note", "", "`TEXT` for administrators")
	fl.Int64Var(&f.account, "account", 0, "`ACCOUNT` (id) that sends; 0 lets the precedence decide")
	fl.BoolVar(&f.active, "active", true, "offer it to those who write mails; --active=false switches it off")
	fl.BoolVar(&f.standard, "default", false, "begin its module with it, instead of another one")
}

// fields are what the flags say; what was not given is left out.
func (f *templateFlags) fields(c *cli, cmd *cobra.Command) (api.TemplateFields, error) {
	var t api.TemplateFields
	given := cmd.Flags().Changed
	if given("text") {
		b, err := readFile(f.file, c.io.in)
		if err != nil {
			return t, err
		}
		text := string(b)
		t.Text = &text
	}
	account := mailstead.AccountID(f.account)
	for flag, set := range map[string]func(){
		"name": func() { t.Name = &f.name }, "module": func() { t.Module = &f.module }, "subject": func() { t.Subject = &f.subject },
		"note": func() { t.Note = &f.note }, "account": func() { t.AccountID = &account },
		"active": func() { t.Active = &f.active }, "default": func() { t.Default = &f.standard },
	} {
		if given(flag) {
			set()
		}
	}
	return t, nil
}

func newTemplateCreate(c *cli) *cobra.Command {
	var f templateFlags
	var copyOf int64
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Create a template, new or as a copy of another one", Args: exactArgs(1),
		Long: "Creates a template. Without --account a new one sends from the account that is the system's today.",
		Example: "  mailstead template create Invoice --module invoices --subject 'Your invoice' --text invoice.txt --default\n" +
			"  mailstead template create 'Invoice, polite' --copy-of 3",
		RunE: func(cmd *cobra.Command, args []string) error {
			fields, err := f.fields(c, cmd)
			if err != nil {
				return err
			}
			fields.Name = &args[0]
			body := api.NewTemplate{CopyOf: mailstead.TemplateID(copyOf), TemplateFields: fields}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/templates", body, func(w io.Writer, t mailstead.Template) {
					fmt.Fprintf(w, "Template %s is created: %s\n", t.ID, t.Name)
				})
			})
		},
	}
	f.add(cmd)
	cmd.Flags().Int64Var(&copyOf, "copy-of", 0, "`TEMPLATE` (id) that it begins as a copy of")
	return cmd
}

func newTemplateEdit(c *cli) *cobra.Command {
	var f templateFlags
	cmd := &cobra.Command{
		Use: "edit ID", Short: "Change what the flags name of a template", Args: exactArgs(1),
		Example: "  mailstead template edit 3 --account 7 --subject 'Your invoice of this month'",
		RunE: func(cmd *cobra.Command, args []string) error {
			fields, err := f.fields(c, cmd)
			if err != nil {
				return err
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPatch, templatePath(args[0]), fields, func(w io.Writer, t mailstead.Template) {
					fmt.Fprintf(w, "Template %s is changed.\n", t.ID)
				})
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.name, "name", "", "`NAME` that no other template has")
	return cmd
}
