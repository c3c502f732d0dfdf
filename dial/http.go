package dial

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/mailstead/mailstead"
)

// serviceTimeout bounds one request of HTTPClient, with its answer, where Config.IOTimeout
// is no shorter.
const serviceTimeout = 30 * time.Second

// HTTPClient returns a client for the services whose addresses administrators typed,
// such as those of OAuth. Like Fetch it speaks HTTPS alone, goes the way of Connect
// and reads at most 256 KB of an answer; it follows no redirects, which would carry
// what is secret to others.
func (d *Dialer) HTTPClient() *http.Client {
	transport := &http.Transport{
		DialTLSContext:         d.dialService,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Transport:     bounded{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       min(serviceTimeout, d.config.IOTimeout),
	}
}

// dialService opens the connection to a service.
func (d *Dialer) dialService(ctx context.Context, _, address string) (net.Conn, error) {
	s, err := webServer(address)
	if err != nil {
		return nil, err
	}
	c, err := d.Connect(ctx, s, Options{Admin: true})
	if err != nil {
		return nil, err // A nil *Conn must not become a net.Conn.
	}
	return c, nil
}

// webServer is the server at host:port, as package net/http asks for it.
func webServer(address string) (mailstead.Server, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return mailstead.Server{}, err
	}
	port, err := strconv.Atoi(text)
	return mailstead.Server{Host: host, Port: port, Security: mailstead.SecurityTLS}, err
}

// bounded is a transport for HTTPS whose answers have an end.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := secure(req.URL); err != nil {
		return nil, err
	}
	res, err := b.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxFetched), res.Body}
	return res, nil
}
