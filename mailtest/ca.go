package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// Certificate says what kind of certificate a server shows.
type Certificate int

// The kinds of certificates. The zero value is a good one.
const (
	// CertValid is issued by the test CA for every name and address in use.
	CertValid Certificate = iota
	// CertExpired is as good as CertValid but ended yesterday.
	CertExpired
	// CertWrongName is issued by the test CA for another host.
	CertWrongName
	// CertUntrusted is signed by itself.
	CertUntrusted
	// CertNotYetValid is as good as CertValid but begins tomorrow.
	CertNotYetValid
)

// certNames are the hosts that CertValid stands for.
var certNames = []string{
	"localhost", "mail.example.com", "imap.example.com", "smtp.example.com", "pop.example.com",
	"127.0.0.1", "127.0.0.2", "::1",
}

// CA is a certificate authority that only tests trust.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

// NewCA makes a certificate authority with a fresh key.
func NewCA(t testing.TB) *CA {
	t.Helper()
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          serial(t),
		Subject:               pkix.Name{CommonName: "Mailstead test CA"},
		NotBefore:             now.Add(-30 * 24 * time.Hour),
		NotAfter:              now.Add(30 * 24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &CA{cert: cert, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// Pool returns a pool with only this authority in it.
func (ca *CA) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(ca.cert)
	return p
}

// PEM returns the authority's certificate as a file of the configuration holds it.
func (ca *CA) PEM() []byte { return ca.pem }

// Issue makes a server's certificate with its key, ready for a tls.Config.
func (ca *CA) Issue(t testing.TB, kind Certificate) tls.Certificate {
	t.Helper()
	cert, key := ca.IssuePEM(t, kind)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// IssuePEM makes a server's certificate and its key as PEM files.
func (ca *CA) IssuePEM(t testing.TB, kind Certificate) (cert, key []byte) {
	t.Helper()
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial(t),
		Subject:      pkix.Name{CommonName: "mail.example.com"},
		NotBefore:    now.Add(-7 * 24 * time.Hour),
		NotAfter:     now.Add(7 * 24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	names := certNames
	switch kind {
	case CertExpired:
		template.NotAfter = now.Add(-24 * time.Hour)
	case CertWrongName:
		template.Subject.CommonName = "other.example.net"
		names = []string{"other.example.net"}
	case CertNotYetValid:
		template.NotBefore = now.Add(24 * time.Hour)
	case CertValid, CertUntrusted:
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	k := newKey(t)
	parent, signer := ca.cert, ca.key
	if kind == CertUntrusted {
		parent, signer = template, k
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &k.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func serial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
