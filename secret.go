package mailstead

import (
	"encoding/json"
	"fmt"
	"unique"
)

const redacted = "[redacted]"

// Secret is a password or token in the clear. It prints, logs and marshals as
// "[redacted]"; only Reveal gives the text.
type Secret struct {
	// text is a handle, zero for no secret: fmt prints the unexported fields of
	// whatever holds a Secret without asking the Secret, but not what a handle
	// stands for. Equal secrets have equal handles.
	text unique.Handle[string]
}

// NewSecret wraps text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unique.Make(text)}
}

// Reveal returns the secret itself, to be handed to a server or to a cipher.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.text.Value()
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s == Secret{} }

func (Secret) String() string { return redacted }

// GoString keeps the secret out of %#v.
func (Secret) GoString() string { return redacted }

// Format keeps the secret out of every fmt verb, %x and %+v included.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText keeps the secret out of text encoders and structured logs.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON never writes the secret.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// UnmarshalJSON reads a secret from input.
func (s *Secret) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	*s = NewSecret(text)
	return nil
}

// Sealed is a secret as stored: ciphertext that only package credential opens.
type Sealed []byte

func (Sealed) String() string { return redacted }

// Format keeps ciphertext out of logs as well.
func (Sealed) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// SecretField names which of an account's secrets is meant.
type SecretField string

// The secrets of an account. An account whose two sides share one password
// stores it once, as SecretBoth.
const (
	SecretBoth     SecretField = "both"
	SecretIncoming SecretField = "incoming"
	SecretOutgoing SecretField = "outgoing"
	// SecretOAuth are the tokens of an OAuthGrant, which are stored apart.
	SecretOAuth SecretField = "oauth"
	// SecretClient is the client secret of an OAuthApp.
	SecretClient SecretField = "client"
)

// Keyring is what the store keeps of the sealing keys: nothing in it is secret
// without the key file.
type Keyring struct {
	// Wrapped is the data keyset, encrypted with the key of the key file.
	Wrapped []byte
	// Check is the key check value: it tells a wrong key from damaged data.
	Check []byte
}
