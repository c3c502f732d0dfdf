package demo

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// authority issues the servers' certificates. Only the names of the demo trust it,
// and its key never leaves the process.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	now  time.Time
}

func newAuthority(now time.Time) (*authority, error) {
	a := &authority{now: now}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Mailstead demo"}, NotBefore: now.Add(-day), NotAfter: now.Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SerialNumber: big.NewInt(1),
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make the demo's authority: %w", err)
	}
	a.key = key
	a.cert, err = x509.ParseCertificate(der)
	return a, err
}

const (
	day      = 24 * time.Hour
	lifetime = 3650 * day
)

// pool returns the authority as the only one that is trusted.
func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// issue makes a certificate for names that ends at the given time, signed by the
// authority or, when alone, by itself.
func (a *authority) issue(ends time.Time, alone bool, names ...string) (*tls.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: ends.Add(-2 * lifetime), NotAfter: ends,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	parent, signer := a.cert, a.key
	if alone {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("make a certificate of the demo: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// certificates are those of the demo's domains, found by the name that a client
// asks for (RFC 6066 section 3).
type certificates map[string]*tls.Certificate

func (a *authority) certificates() (certificates, error) {
	out := make(certificates)
	for _, d := range domains {
		ends := a.now.Add(lifetime)
		if d.state == expiredCertificate {
			ends = a.now.Add(-day)
		}
		c, err := a.issue(ends, d.state == untrustedCertificate, "imap."+d.name, "smtp."+d.name)
		if err != nil {
			return nil, err
		}
		out[d.name] = c
	}
	return out, nil
}

// config shows each client the certificate of the name that it asks for.
func (c certificates) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		_, name, _ := strings.Cut(strings.ToLower(h.ServerName), ".")
		if found := c[name]; found != nil {
			return found, nil
		}
		return c[Domain], nil
	}}
}
