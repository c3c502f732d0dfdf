package mailstead

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// TrustedServer is a mail server whose certificate no known authority vouches for, and
// which an administrator trusts nevertheless, after he saw what it shows: its own key, or
// all that an authority of the house has signed for it. It lifts nothing else, for no
// other server.
type TrustedServer struct {
	ID TrustID `json:"id" audit:"-"`
	// Host and Port are the server's, as accounts have them.
	Host string    `json:"host"`
	Port int       `json:"port"`
	Kind TrustKind `json:"kind"`
	// Fingerprint is a SHA-256 in hexadecimal: of the key (SubjectPublicKeyInfo, RFC 5280
	// section 4.1) for TrustKey, of the certificate for TrustAuthority.
	Fingerprint string `json:"fingerprint"`
	// Certificate is the certificate of the authority in PEM.
	Certificate string `json:"certificate,omitempty" audit:"-"`
	// Subject is what the certificate is called.
	Subject string `json:"subject,omitempty"`
	// Reason says in writing why.
	Reason    string    `json:"reason"`
	CreatedBy UserID    `json:"created_by,omitempty" audit:"-"`
	CreatedAt time.Time `json:"created_at" audit:"-"`
}

// TrustID names a TrustedServer.
type TrustID int64

func (id TrustID) String() string { return strconv.FormatInt(int64(id), 10) }

// TrustKind is what is trusted of a server.
type TrustKind string

// The kinds of trust. A server whose key is trusted and changes is spoken to no more,
// until somebody looks.
const (
	TrustKey       TrustKind = "key"
	TrustAuthority TrustKind = "authority"
)

// Certificate is what a server shows of itself.
type Certificate struct {
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
	// Names are those that it stands for.
	Names     []string  `json:"names,omitempty"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	// SHA256 is the fingerprint of the certificate, KeySHA256 that of its key; both in
	// hexadecimal.
	SHA256    string `json:"sha256"`
	KeySHA256 string `json:"key_sha256"`
	// Authority tells that it may sign others.
	Authority bool `json:"authority,omitempty"`
	// PEM is the certificate itself, of an authority.
	PEM string `json:"pem,omitempty"`
}

// maxTrustReason is the longest reason, maxTrustCertificate the longest certificate, in
// bytes.
const (
	maxTrustReason      = 500
	maxTrustCertificate = 20_000
)

// Validate cleans and checks what an administrator asked for. It changes nothing when it
// returns an error.
func (t *TrustedServer) Validate() error {
	c := *t
	var err error
	c.Host = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(c.Host), "."))
	if a, failed := netip.ParseAddr(strings.Trim(c.Host, "[]")); failed == nil {
		c.Host = a.String()
	} else if c.Host, err = cleanHost(c.Host); err != nil {
		return Invalid("host", "input.host", "The server name is not valid: write a name such as mail.example.com.")
	}
	if c.Port < 1 || c.Port > 65535 {
		return Invalid("port", "input.port", "The port must be a number from 1 to 65535.")
	}
	if c.Kind != TrustKey && c.Kind != TrustAuthority {
		return Invalid("kind", "input.trust_kind", "Trust is in a key or in an authority.")
	}
	c.Fingerprint = strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(c.Fingerprint))
	if len(c.Fingerprint) != 64 || strings.Trim(c.Fingerprint, "0123456789abcdef") != "" {
		return Invalid("fingerprint", "input.fingerprint", "A fingerprint is a SHA-256: 64 hexadecimal digits.")
	}
	if len(c.Certificate) > maxTrustCertificate {
		return Invalid("certificate", "input.too_long", "The certificate is too long.")
	}
	if c.Subject, err = CleanLine("subject", c.Subject, maxNameLen); err != nil {
		return err
	}
	if c.Reason, err = CleanLine("reason", c.Reason, maxTrustReason); err != nil {
		return err
	}
	if c.Reason == "" {
		return Invalid("reason", "input.trust_reason", "Write down why this server is trusted.")
	}
	*t = c
	return nil
}

// AuditObject returns the server as the object of an entry.
func (t *TrustedServer) AuditObject() AuditObject {
	return auditObject(AuditTrust, t.ID, t.Host+":"+strconv.Itoa(t.Port))
}
