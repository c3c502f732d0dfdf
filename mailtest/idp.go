package mailtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// Client is an app that is registered at an IdP.
type Client struct {
	ID, Secret string
}

// IdPFaults are what an IdP does wrong, or otherwise than asked.
type IdPFaults struct {
	// WrongIssuer, WrongNonce, WrongAudience and Expired spoil the ID tokens.
	WrongIssuer, WrongNonce, WrongAudience, Expired bool
	// NoIDToken leaves the ID token out.
	NoIDToken bool
	// Ungranted is a scope that the person did not tick.
	Ungranted string
	// NoRefresh gives no refresh tokens.
	NoRefresh bool
	// Status, if set, is all that the token endpoint answers.
	Status int
	// Refusal, if set, is the error of the token endpoint.
	Refusal, Description string
	// Delay is waited for before the token endpoint answers.
	Delay time.Duration
	// Grace lets the refresh token before the present one work as long as the present
	// one was not used.
	Grace bool
	// Answering is called when a refresh has changed the tokens, before it is answered.
	Answering func()
}

// IdP is an identity provider that takes nothing for granted: it demands PKCE with
// S256, exact redirect addresses and the client's secret, takes every code once,
// changes the refresh token with each use, and revokes all that belongs to a refresh
// token that comes a second time (RFC 9700 section 4.14.2).
type IdP struct {
	// Issuer is its address, behind which /auth, /token, /device, /revoke and
	// /userinfo are.
	Issuer string
	// Introspection is where a mail server asks about tokens; it speaks plain HTTP.
	Introspection string

	client Client
	// life is how long access tokens live.
	life time.Duration
	key  *rsa.PrivateKey

	mu     sync.Mutex
	faults IdPFaults
	// redirects are the addresses that people are sent back to.
	redirects map[string]bool
	requests  map[string]*idpRequest // by request id, then by code
	access    map[string]*idpToken
	refresh   map[string]*idpFamily
	devices   map[string]*idpDevice
	counts    map[string]int
	// refreshing counts the refreshes under way, of one person in most tests.
	refreshing int
}

// idpRequest is a person's sign-in.
type idpRequest struct {
	state, nonce, challenge, redirect string
	scopes                            []string
	user                              string
}

// idpToken is an access token.
type idpToken struct {
	user    string
	scopes  []string
	expires time.Time
	family  *idpFamily
}

// idpFamily is all that came of one sign-in.
type idpFamily struct {
	user           string
	scopes         []string
	current        string
	previous       string
	currentWasUsed bool
	revoked        bool
}

type idpDevice struct {
	user   string
	scopes []string
}

// StartIdP starts an identity provider for the time of the test. Its certificate is
// issued by ca.
func StartIdP(t testing.TB, ca *CA, c Client) *IdP {
	t.Helper()
	key, err := idpKey()
	if err != nil {
		t.Fatal(err)
	}
	p := &IdP{
		life: time.Hour, client: c, key: key, redirects: make(map[string]bool), requests: make(map[string]*idpRequest), access: make(map[string]*idpToken),
		refresh: make(map[string]*idpFamily), devices: make(map[string]*idpDevice), counts: make(map[string]int),
	}
	cert := ca.Issue(t, CertValid)
	p.Issuer = "https://" + p.serve(t, p.routes(), &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	p.Introspection = "http://" + p.serve(t, http.HandlerFunc(p.introspect), nil) + "/"
	return p
}

// idpKey is made once: that takes a while.
var idpKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func (p *IdP) serve(t testing.TB, h http.Handler, c *tls.Config) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if c != nil {
		l = tls.NewListener(l, c)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: startTimeout}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with Close
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return address
}

// Return registers an address that people are sent back to; others are refused.
func (p *IdP) Return(redirect string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.redirects[redirect] = true
}

// Set changes what the provider does wrong.
func (p *IdP) Set(f IdPFaults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

// Count returns how often the token endpoint got a grant type, refused ones included;
// "refreshed" counts refreshes that changed tokens, "overlapping" those that began
// beside another one, "revoked" tokens given back.
func (p *IdP) Count(what string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[what]
}

// Expire ends all access tokens before the time that clients were told.
func (p *IdP) Expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.access)
}

// Revoke ends all that was granted to a person.
func (p *IdP) Revoke(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.refresh {
		if f.user == user {
			f.revoked = true
		}
	}
	for token, a := range p.access {
		if a.user == user {
			delete(p.access, token)
		}
	}
}

// DeviceCodes are the codes that wait for somebody to type them.
func (p *IdP) DeviceCodes() (codes []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for code, d := range p.devices {
		if d.user == "" {
			codes = append(codes, code)
		}
	}
	return codes
}

// ApproveDevice lets the person sign in at another device with the code.
func (p *IdP) ApproveDevice(userCode, user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.devices[userCode]; d != nil {
		d.user = user
	}
}

// App is the registration as Mailstead keeps it, for accounts of the providers.
func (p *IdP) App(providers ...mailstead.ProviderID) mailstead.OAuthApp {
	return mailstead.OAuthApp{
		Name: "Test", Service: mailstead.OAuthCustom, Kind: mailstead.OAuthPerson, ClientID: p.client.ID,
		Issuer: p.Issuer, AuthURL: p.Issuer + "/auth", TokenURL: p.Issuer + "/token", DeviceURL: p.Issuer + "/device",
		RevokeURL: p.Issuer + "/revoke", UserInfoURL: p.Issuer + "/userinfo", Scopes: []string{"mail", "openid"},
		ProviderIDs: providers, Active: true,
	}
}

// dovecotOAuth is the file by which a Dovecot asks the provider about tokens.
func (p *IdP) dovecotOAuth() []byte {
	return []byte(fmt.Sprintf(`introspection_mode = post
introspection_url = %s
username_attribute = username
username_format = %%Lu
active_attribute = active
active_value = true
timeout_msecs = 5000
`, p.Introspection))
}

func idpRandom() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func seconds(d time.Duration) int { return int(d / time.Second) }

// SetLife changes how long the access tokens live that are given from now on.
func (p *IdP) SetLife(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.life = d
}

// Secrets are all tokens that were given.
func (p *IdP) Secrets() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for token := range p.access {
		all = append(all, token)
	}
	for token := range p.refresh {
		all = append(all, token)
	}
	return all
}
