package mailtest_test

import (
	"crypto/x509"
	"errors"
	"testing"

	"github.com/mailstead/mailstead/mailtest"
)

func TestCertificatesFailOnlyInTheWayTheirKindSays(t *testing.T) {
	ca := mailtest.NewCA(t)
	tests := []struct {
		name string
		kind mailtest.Certificate
		want func(error) bool
	}{
		{"valid", mailtest.CertValid, func(err error) bool { return err == nil }},
		{"expired", mailtest.CertExpired, isExpired},
		{"wrong name", mailtest.CertWrongName, func(err error) bool { return errors.As(err, new(x509.HostnameError)) }},
		{"untrusted", mailtest.CertUntrusted, func(err error) bool { return errors.As(err, new(x509.UnknownAuthorityError)) }},
	}
	for _, tt := range tests {
		for _, host := range []string{"localhost", "127.0.0.1", "mail.example.com"} {
			t.Run(tt.name+" for "+host, func(t *testing.T) {
				if err := verify(t, ca, tt.kind, host); !tt.want(err) {
					t.Errorf("verifying gives %v", err)
				}
			})
		}
	}
}

func isExpired(err error) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(err, &invalid) && invalid.Reason == x509.Expired
}

func verify(t *testing.T, ca *mailtest.CA, kind mailtest.Certificate, host string) error {
	t.Helper()
	leaf := ca.Issue(t, kind).Leaf
	_, err := leaf.Verify(x509.VerifyOptions{Roots: ca.Pool(), DNSName: host})
	return err
}

func TestThePEMOfACAIsWhatItsPoolTrusts(t *testing.T) {
	ca := mailtest.NewCA(t)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca.PEM()) || !pool.Equal(ca.Pool()) {
		t.Error("the PEM file and the pool differ")
	}
}
