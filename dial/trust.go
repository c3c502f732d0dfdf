package dial

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/mailstead/mailstead"
)

// TrustTable holds the servers that administrators trust although no known authority
// vouches for them. The zero value trusts nobody; it may be used from many goroutines.
type TrustTable struct {
	servers atomic.Pointer[[]mailstead.TrustedServer]
}

// Set replaces what is trusted.
func (t *TrustTable) Set(servers []mailstead.TrustedServer) {
	servers = slices.Clone(servers)
	t.servers.Store(&servers)
}

// of returns what is trusted of a server: keys, and authorities.
func (t *TrustTable) of(host string, port int) (keys []string, authorities []*x509.Certificate) {
	if t == nil || t.servers.Load() == nil {
		return nil, nil
	}
	for _, s := range *t.servers.Load() {
		if !strings.EqualFold(s.Host, host) || s.Port != port {
			continue
		}
		if s.Kind == mailstead.TrustKey {
			keys = append(keys, s.Fingerprint)
			continue
		}
		if c, err := ParseAuthority(s.Certificate); err == nil {
			authorities = append(authorities, c)
		}
	}
	return keys, authorities
}

// ParseAuthority reads the certificate of an authority from PEM.
func ParseAuthority(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errNoPEM
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	if !c.IsCA {
		return nil, errNoAuthority
	}
	return c, nil
}

var (
	errNoPEM       = errors.New("this is no certificate in PEM")
	errNoAuthority = errors.New("this certificate may not sign others")
	errKeyChanged  = errors.New("the key is another one than the one that is trusted")
)

// tlsConfig says how the certificate of a server is verified: by the known authorities,
// by an authority that is trusted for it, or by the key that is trusted for it and no
// other.
func (d *Dialer) tlsConfig(s mailstead.Server) *tls.Config {
	c := &tls.Config{RootCAs: d.roots(s.Host), ServerName: s.Host, MinVersion: tls.VersionTLS12, Time: d.config.Now}
	keys, authorities := d.config.Trust.of(s.Host, s.Port)
	if len(authorities) > 0 {
		c.RootCAs = withAuthorities(c.RootCAs, authorities)
	}
	if len(keys) > 0 {
		// The key itself is compared.
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(state tls.ConnectionState) error { return knownKey(state.PeerCertificates, keys) }
	}
	return c
}

func withAuthorities(roots *x509.CertPool, authorities []*x509.Certificate) *x509.CertPool {
	if roots == nil {
		roots, _ = x509.SystemCertPool() // Without one only the authorities count.
	}
	if roots == nil {
		roots = x509.NewCertPool()
	}
	roots = roots.Clone()
	for _, a := range authorities {
		roots.AddCert(a)
	}
	return roots
}

// knownKey compares the key that a server shows with those that are trusted.
func knownKey(chain []*x509.Certificate, keys []string) error {
	if len(chain) > 0 && slices.Contains(keys, keyFingerprint(chain[0])) {
		return nil
	}
	return &mailstead.Error{
		Kind: mailstead.KindPermanent, Code: "tls.key_changed", Op: "dial.TLS",
		Text: "The server shows another key than the one that is trusted for it.",
		Err:  &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: errKeyChanged},
	}
}

func keyFingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

// maxChain is the most certificates of a chain that are told.
const maxChain = 8

// Chain returns the certificates that a server showed, its own first, when err is about
// them.
func Chain(err error) (out []mailstead.Certificate) {
	var failed *tls.CertificateVerificationError
	if !errors.As(err, &failed) {
		return nil
	}
	for i, c := range failed.UnverifiedCertificates {
		if i == maxChain {
			break
		}
		out = append(out, describe(c))
	}
	return out
}

func describe(c *x509.Certificate) mailstead.Certificate {
	const most = 20
	sum := sha256.Sum256(c.Raw)
	out := mailstead.Certificate{
		Subject: printable(c.Subject.String()), Issuer: printable(c.Issuer.String()), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
		SHA256: hex.EncodeToString(sum[:]), KeySHA256: keyFingerprint(c), Authority: c.IsCA,
	}
	for _, name := range c.DNSNames {
		if len(out.Names) < most {
			out.Names = append(out.Names, printable(name))
		}
	}
	for _, address := range c.IPAddresses {
		if len(out.Names) < most {
			out.Names = append(out.Names, address.String())
		}
	}
	if c.IsCA {
		out.PEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return out
}

// printable makes a name out of a certificate, which anybody may have written, fit to be
// shown.
func printable(text string) string {
	const most = 200
	text = strings.Map(func(r rune) rune {
		if r < ' ' || mailstead.HasControl(string(r)) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// DescribeAuthority reads the certificate of an authority that is to be trusted, and says
// what it is.
func DescribeAuthority(t *mailstead.TrustedServer) error {
	c, err := ParseAuthority(t.Certificate)
	if err != nil {
		return err
	}
	told := describe(c)
	t.Fingerprint, t.Subject, t.Certificate = told.SHA256, told.Subject, told.PEM
	return nil
}
