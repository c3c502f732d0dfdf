package dial_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

// lookups is a resolver with the addresses of names; a second answer is that of the
// second look-up.
type lookups struct {
	names map[string][]string
	calls map[string]int
}

func (p *lookups) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	list := p.names[host]
	if list == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	at := min(p.calls[host], len(list)-1)
	p.calls[host]++
	return []netip.Addr{netip.MustParseAddr(list[at])}, nil
}

// TestFetch: only 127.0.0.1 is an allowed network here; 127.0.0.2 stands for a
// private one, and nobody may knock there.
func TestFetch(t *testing.T) {
	ca := newAuthority(t)
	cert := ca.issue(t, time.Now().Add(time.Hour), "web.example", "rebind.example", "inside.example")
	var knocks atomic.Int32
	mux := http.NewServeMux()
	start := func(address string, h http.Handler) int {
		l, err := net.Listen("tcp4", address)
		if err != nil {
			t.Fatal(err)
		}
		s := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}, TLS: &tls.Config{Certificates: []tls.Certificate{cert}}}
		s.StartTLS()
		t.Cleanup(s.Close)
		return l.Addr().(*net.TCPAddr).Port
	}
	port := start("127.0.0.1:0", mux)
	inside, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.2:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inside.Close() })
	go func() {
		for {
			c, err := inside.Accept()
			if err != nil {
				return
			}
			knocks.Add(1)
			_ = c.Close()
		}
	}()
	at := func(host, path string) string { return fmt.Sprintf("https://%s:%d%s", host, port, path) }
	lead := func(path, to string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
	}
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		if r.Referer() != "" || len(r.Cookies()) > 0 || r.Header.Get("Authorization") != "" {
			t.Errorf("the request says too much: %v", r.Header)
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		_, _ = w.Write([]byte("a file"))
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for chunk := bytes.Repeat([]byte("x"), 64<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	lead("/three", at("web.example", "/two"))
	lead("/two", at("web.example", "/one"))
	lead("/one", at("web.example", "/file"))
	lead("/four", at("web.example", "/three"))
	lead("/round", at("web.example", "/round"))
	lead("/plain", fmt.Sprintf("http://web.example:%d/file", port))
	lead("/inside", at("inside.example", "/file"))
	lead("/literal", fmt.Sprintf("https://127.0.0.2:%d/file", port))
	lead("/metadata", "https://169.254.169.254/latest")
	lead("/rebind", at("rebind.example", "/file"))
	lead("/file-url", "file:///etc/passwd")
	lead("/user", "https://anna:secret@web.example/file")
	for _, tt := range []struct{ address, code string }{
		{at("web.example", "/file"), ""},
		{at("web.example", "/three"), ""},
		{at("web.example", "/four"), "fetch.redirects"},
		{at("web.example", "/round"), "fetch.redirects"},
		{at("web.example", "/missing"), "fetch.status"},
		{at("web.example", "/broken"), "fetch.status"},
		{at("web.example", "/endless"), "fetch.too_large"},
		{at("web.example", "/slow"), "net.timeout"},
		{at("web.example", "/plain"), "fetch.insecure"},
		{at("web.example", "/file-url"), "fetch.insecure"},
		{at("web.example", "/user"), "fetch.insecure"},
		{fmt.Sprintf("http://web.example:%d/file", port), "fetch.insecure"},
		{at("web.example", "/inside"), "net.guarded"},
		{at("web.example", "/literal"), "net.guarded"},
		{at("web.example", "/metadata"), "net.guarded"},
		{at("inside.example", "/file"), "net.guarded"},
		{at("nowhere.example", "/file"), "dns.not_found"},
		{at("other.example", "/file"), "tls.name_mismatch"},
		{"https://8.8.8.8:8443/", "net.port"},
		{"https://\x00", "fetch.address"},
	} {
		t.Run(tt.address[strings.LastIndex(tt.address, "/"):]+" "+tt.code, func(t *testing.T) {
			d := dial.New(dial.Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Roots: ca.pool, Resolver: &lookups{
				calls: make(map[string]int), names: map[string][]string{
					"web.example": {"127.0.0.1"}, "other.example": {"127.0.0.1"}, "inside.example": {"127.0.0.2"},
				},
			}})
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			if tt.code != "net.timeout" {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
			}
			defer cancel()
			body, err := d.Fetch(ctx, tt.address)
			var e *mailstead.Error
			switch {
			case tt.code == "" && (err != nil || string(body) != "a file"):
				t.Errorf("got %q, %v", body, err)
			case tt.code != "" && (!errors.As(err, &e) || e.Code != tt.code || e.Text == ""):
				t.Errorf("error = %v (%+v), want code %s", err, e, tt.code)
			}
		})
	}
	t.Run("a name that changes its address", func(t *testing.T) {
		d := dial.New(dial.Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Roots: ca.pool, Resolver: &lookups{
			calls: make(map[string]int), names: map[string][]string{"rebind.example": {"127.0.0.1", "127.0.0.2"}, "web.example": {"127.0.0.1"}},
		}})
		if _, err := d.Fetch(t.Context(), at("rebind.example", "/file")); err != nil {
			t.Fatal(err)
		}
		_, err := d.Fetch(t.Context(), at("web.example", "/rebind"))
		var e *mailstead.Error
		if !errors.As(err, &e) || e.Code != "net.guarded" {
			t.Errorf("error = %v", err)
		}
	})
	if n := knocks.Load(); n != 0 {
		t.Errorf("%d connections to a network that is not allowed", n)
	}
}
