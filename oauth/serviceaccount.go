package oauth

import (
	"context"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"
)

// delegated gets a token in the name of address by a request that is signed with the
// app's key (RFC 7523 section 2.1), as Google's domain-wide delegation wants it.
func (c *Client) delegated(ctx context.Context, a App, address string) (*oauth2.Token, error) {
	return (&jwt.Config{
		Email: a.ClientID, PrivateKey: []byte(a.Secret.Reveal()), Subject: address, Scopes: a.Scopes, TokenURL: a.TokenURL,
	}).TokenSource(c.context(ctx)).Token()
}
