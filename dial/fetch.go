package dial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/mailstead/mailstead"
)

const (
	// maxFetched is the most bytes of an answer.
	maxFetched = 256 << 10
	// maxRedirects is how often an answer may lead elsewhere.
	maxRedirects = 3
	webPort      = 443
)

// Fetch gets a document by HTTPS, at most 256 KB of it. Every connection, those
// that redirects lead to included, goes the way of Connect: the name is resolved
// once and shown to the guard. Only HTTPS is spoken, and only port 443 outside of
// allowed networks. Nothing is sent but the request: no cookie, no referrer, no
// credential. ctx bounds all of it. Errors are *mailstead.Error; KindNotFound is
// a server that has no such document.
func (d *Dialer) Fetch(ctx context.Context, address string) ([]byte, error) {
	body, err := d.fetch(ctx, address)
	if err != nil {
		return nil, Classify("dial.Fetch", err)
	}
	return body, nil
}

func (d *Dialer) fetch(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fetchError("fetch.address", mailstead.KindInvalid, "This is no address of a document.", err)
	}
	if err := secure(req.URL); err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "Mailstead")
	req.Header.Set("Accept", "text/xml, application/xml, application/json;q=0.9")
	transport := &http.Transport{
		DialTLSContext:         d.dialWeb,
		DisableKeepAlives:      true,
		DisableCompression:     true, // What unpacks to more than it is stays small.
		MaxResponseHeaderBytes: 64 << 10,
	}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport, CheckRedirect: follow}).Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		kind := mailstead.KindTemporary
		if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone {
			kind = mailstead.KindNotFound
		}
		return nil, fetchError("fetch.status", kind, "The web server answered "+strconv.Itoa(res.StatusCode)+".", nil)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxFetched+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxFetched {
		return nil, fetchError("fetch.too_large", mailstead.KindPermanent, "The document is larger than 256 KB.", nil)
	}
	return body, nil
}

// follow decides about one redirect.
func follow(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fetchError("fetch.redirects", mailstead.KindPermanent, fmt.Sprintf("The web server leads elsewhere more than %d times.", maxRedirects), nil)
	}
	next.Header.Del("Referer")
	return secure(next.URL)
}

func secure(u *url.URL) error {
	if u.Scheme != "https" || u.User != nil {
		return fetchError("fetch.insecure", mailstead.KindPermanent, "Only documents behind https are read.", nil)
	}
	return nil
}

// dialWeb opens the connection for a document.
func (d *Dialer) dialWeb(ctx context.Context, _, address string) (net.Conn, error) {
	s, err := webServer(address)
	if err != nil {
		return nil, err
	}
	c, err := d.Connect(ctx, s, Options{web: true})
	if err != nil {
		return nil, err
	}
	// One that says nothing is given up with the context.
	if at, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(at.Add(time.Second)); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

func fetchError(code string, kind mailstead.Kind, text string, err error) error {
	return &mailstead.Error{Kind: kind, Code: code, Op: "dial.Fetch", Text: text, Err: err}
}
