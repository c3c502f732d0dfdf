package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/oauth"
)

func newOAuthApp(c *cli) *cobra.Command {
	return group("oauth-app", "Keep the apps by which people sign in at their provider", newOAuthAppList(c), newOAuthAppSave(c, true), newOAuthAppSave(c, false),
		&cobra.Command{
			Use: "delete ID", Short: "Delete an app that no account signs in by", Args: exactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.withClient(cmd.Context(), func(cl *client) error {
					if err := cl.call(cmd.Context(), http.MethodDelete, "/oauth-apps/"+url.PathEscape(args[0]), nil, nil); err != nil {
						return err
					}
					return c.done("App " + args[0] + " is deleted.")
				})
			},
		})
}

func newOAuthAppList(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the apps, and the services that are known", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return get(cmd.Context(), c, "/oauth-apps", func(w io.Writer, list api.OAuthAppList) {
				fmt.Fprint(w, "ID\tNAME\tSERVICE\tKIND\tACTIVE\tACCOUNTS\tSECRET ENDS\n")
				for i := range list.Apps {
					a := &list.Apps[i]
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", a.ID, a.Name, a.Service, a.Kind, yes(a.Active), a.Accounts, a.SecretExpires)
				}
				names := make([]string, len(list.Services))
				for i := range list.Services {
					names[i] = list.Services[i].ID
				}
				fmt.Fprintf(w, "\nServices: %s, %s\n", strings.Join(names, ", "), mailstead.OAuthCustom)
			})
		},
	}
}

// newOAuthAppSave is the command that adds an app, or changes one.
func newOAuthAppSave(c *cli, fresh bool) *cobra.Command {
	var texts [10]string
	var scopes, providers []string
	var kind string
	var active, secret bool
	cmd := &cobra.Command{
		Use: "change ID", Short: "Change an app; with --secret its client secret is read from standard input", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			given := cmd.Flags().Changed
			f := api.OAuthAppFields{}
			for i, field := range appTexts(&f) {
				if given(field.flag) {
					*field.to = &texts[i]
				}
			}
			if given("scope") {
				f.Scopes = &scopes
			}
			if given("provider") {
				ids := make([]mailstead.ProviderID, len(providers))
				for i, id := range providers {
					ids[i] = mailstead.ProviderID(id)
				}
				f.ProviderIDs = &ids
			}
			if given("active") {
				f.Active = &active
			}
			body := secretBody{body: f}
			if secret {
				s, err := c.readPassword()
				if err != nil {
					return err
				}
				body.secrets = map[string]mailstead.Secret{"client_secret": s}
			}
			method, path := http.MethodPatch, "/oauth-apps/"+url.PathEscape(args[0])
			if fresh {
				method, path = http.MethodPost, "/oauth-apps"
				body.body = api.NewOAuthApp{Service: args[0], Kind: mailstead.OAuthKind(kind), OAuthAppFields: f}
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, method, path, body, func(w io.Writer, a mailstead.OAuthApp) {
					fmt.Fprintf(w, "App %s is stored: %s\n", a.ID, a.Name)
				})
			})
		},
	}
	fl := cmd.Flags()
	for i, field := range appTexts(&api.OAuthAppFields{}) {
		fl.StringVar(&texts[i], field.flag, "", field.usage)
	}
	fl.StringSliceVar(&scopes, "scope", nil, "`SCOPES` that give access to mail (default: those of the service)")
	fl.StringSliceVar(&providers, "provider", nil, "`PROVIDERS` (ids) whose accounts sign in by it (default: those of the service)")
	fl.BoolVar(&active, "active", true, "offer it for new accounts; --active=false does not")
	fl.BoolVar(&secret, "secret", false, "read the client secret, or the key of a service account, from standard input")
	if fresh {
		cmd.Use, cmd.Short = "add SERVICE", "Add an app of a service, or a custom one"
		cmd.Example = "  mailstead oauth-app add google --client-id 123.apps.googleusercontent.com --secret < secret"
		fl.StringVar(&kind, "kind", "", "`KIND`: person, application or service_account (default person)")
	}
	return cmd
}

// awaitSignIn tells a person what to type where, and waits for it.
func (c *cli) awaitSignIn(ctx context.Context, cl *client, path string, body any) ([]byte, error) {
	var begun api.SignIn
	if err := cl.call(ctx, http.MethodPost, path, body, &begun); err != nil {
		return nil, err
	}
	fmt.Fprintf(c.io.err, "Open %s and type the code %s. Waiting …\n", begun.URL, begun.UserCode)
	for {
		raw, err := cl.raw(ctx, http.MethodPost, "/connect/sign-in/finish", api.SignInResult{State: begun.State})
		if mailstead.CodeOf(err) != oauth.CodePending {
			return raw, err
		}
	}
}

func newAccountSignIn(c *cli) *cobra.Command {
	var app int64
	cmd := &cobra.Command{
		Use: "sign-in ID", Short: "Sign in again at the provider of an account, by a code", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				path := "/accounts/" + url.PathEscape(args[0]) + "/sign-in"
				raw, err := c.awaitSignIn(cmd.Context(), cl, path, api.SignInChoice{AppID: mailstead.OAuthAppID(app), Device: true})
				if err != nil {
					return c.testFailed(err)
				}
				var saved api.SavedAccount
				return c.show(raw, &saved, func(w io.Writer) {
					fmt.Fprintf(w, "Account %s is signed in: %s\n", saved.Account.ID, saved.Account.Address)
					writeReports(w, saved.Reports)
				})
			})
		},
	}
	cmd.Flags().Int64Var(&app, "app", 0, "`APP` (id) to sign in by (default: the one of the account, or of its provider)")
	return cmd
}

// appText is a field of an app that is one text.
type appText struct {
	flag, usage string
	to          **string
}

// appTexts are the fields of an app that are texts.
func appTexts(f *api.OAuthAppFields) []appText {
	return []appText{
		{"name", "`NAME` on the button (default: the service's)", &f.Name},
		{"client-id", "`ID` that the service gave, of a service account its address", &f.ClientID},
		{"tenant", "`TENANT` at Microsoft: an id or a domain", &f.Tenant},
		{"secret-expires", "`DAY` on which the secret ends, as YYYY-MM-DD", &f.SecretExpires},
		{"issuer", "`ADDRESS` by which the service names itself", &f.Issuer},
		{"auth-url", "`ADDRESS` of the sign-in page", &f.AuthURL},
		{"token-url", "`ADDRESS` for tokens", &f.TokenURL},
		{"device-url", "`ADDRESS` for codes of other devices", &f.DeviceURL},
		{"revoke-url", "`ADDRESS` to give tokens back", &f.RevokeURL},
		{"user-info-url", "`ADDRESS` that tells who signed in", &f.UserInfoURL},
	}
}
