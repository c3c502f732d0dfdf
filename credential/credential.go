// Package credential keeps secrets: it seals the passwords of mail accounts,
// hashes those of people and makes tokens. It is the only package that opens a
// mailstead.Sealed.
//
// Sealing is envelope encryption in three layers:
//
//  1. The key file holds the key-encryption key (Key). It stays on the machine
//     and is in no backup of the database.
//  2. The Keyring, in the database, holds the data keys, wrapped by that key,
//     and a check value that tells a wrong key file from damaged data.
//  3. Every secret is sealed with a data key, bound to its account and field: a
//     row that is copied to another account does not open there.
package credential

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	aeadsubtle "github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/mailstead/mailstead"
)

// What the key-encryption key is used for; each use has a key of its own,
// derived by HKDF (RFC 5869).
const (
	purposeWrap  = "mailstead keyset wrapping v1"
	purposeCheck = "mailstead key check v1"
)

const checkSize = 16

// Sealer seals and opens secrets. It is safe for use by many goroutines.
type Sealer struct {
	data tink.AEAD
}

// Format keeps the keys out of logs.
func (Sealer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[sealer]")) }

// NewKeyring makes new data keys, wrapped by k, for the store to keep.
func NewKeyring(k Key) (mailstead.Keyring, *Sealer, error) {
	wrap, check, err := k.derive()
	if err != nil {
		return mailstead.Keyring{}, nil, err
	}
	handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return mailstead.Keyring{}, nil, internal("credential.NewKeyring", err)
	}
	var wrapped bytes.Buffer
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&wrapped), wrap, []byte(purposeWrap)); err != nil {
		return mailstead.Keyring{}, nil, internal("credential.NewKeyring", err)
	}
	data, err := aead.New(handle)
	if err != nil {
		return mailstead.Keyring{}, nil, internal("credential.NewKeyring", err)
	}
	return mailstead.Keyring{Wrapped: wrapped.Bytes(), Check: check}, &Sealer{data}, nil
}

// OpenKeyring unwraps the data keys of r. A key file that belongs to other data
// is key.wrong, a keyring that has changed since it was made keyring.damaged.
func OpenKeyring(k Key, r mailstead.Keyring) (*Sealer, error) {
	wrap, check, err := k.derive()
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(check, r.Check) != 1 {
		return nil, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "key.wrong", Op: "credential.OpenKeyring",
			Text: "This key file does not belong to this database. Restore the key file that was made together with it.",
		}
	}
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(r.Wrapped)), wrap, []byte(purposeWrap))
	if err != nil {
		return nil, &mailstead.Error{
			Kind: mailstead.KindInternal, Code: "keyring.damaged", Op: "credential.OpenKeyring",
			Text: "The sealing keys in the database are damaged, though the key file is the right one. Restore the database from a backup.",
			Err:  err,
		}
	}
	data, err := aead.New(handle)
	if err != nil {
		return nil, internal("credential.OpenKeyring", err)
	}
	return &Sealer{data}, nil
}

// derive returns the cipher that wraps data keys and the key check value.
func (k Key) derive() (wrap tink.AEAD, check []byte, err error) {
	if k.reveal == nil {
		return nil, nil, internal("credential.Key", errNoKey)
	}
	wrapKey, err := hkdf.Expand(sha256.New, k.reveal(), purposeWrap, keySize)
	if err != nil {
		return nil, nil, internal("credential.Key", err)
	}
	if check, err = hkdf.Expand(sha256.New, k.reveal(), purposeCheck, checkSize); err != nil {
		return nil, nil, internal("credential.Key", err)
	}
	if wrap, err = aeadsubtle.NewXChaCha20Poly1305(wrapKey); err != nil {
		return nil, nil, internal("credential.Key", err)
	}
	return wrap, check, nil
}

// Seal encrypts secret for one field of the account with that key (Account.Key).
func (s *Sealer) Seal(secret mailstead.Secret, accountKey string, f mailstead.SecretField) (mailstead.Sealed, error) {
	sealed, err := s.data.Encrypt([]byte(secret.Reveal()), associated(accountKey, f))
	if err != nil {
		return nil, internal("credential.Seal", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same account and field; anything else is
// secret.damaged.
func (s *Sealer) Open(sealed mailstead.Sealed, accountKey string, f mailstead.SecretField) (mailstead.Secret, error) {
	plain, err := s.data.Decrypt(sealed, associated(accountKey, f))
	if err != nil {
		return mailstead.Secret{}, &mailstead.Error{
			Kind: mailstead.KindInternal, Code: "secret.damaged", Op: "credential.Open",
			Text: "The stored password cannot be read. Enter it again.", Err: err,
		}
	}
	return mailstead.NewSecret(string(plain)), nil
}

// associated names where a secret belongs. Account keys are hexadecimal, so the
// slash keeps the two apart.
func associated(accountKey string, f mailstead.SecretField) []byte {
	return []byte(accountKey + "/" + string(f))
}

func internal(op string, err error) error {
	return &mailstead.Error{
		Kind: mailstead.KindInternal, Op: op,
		Text: "Encryption failed inside Mailstead.", Err: err,
	}
}

// NewToken returns a random token of 256 bits behind prefix and the hash to
// store of it.
func NewToken(prefix string) (token mailstead.Secret, hash []byte) {
	text := prefix + base64.RawURLEncoding.EncodeToString(random(32))
	return mailstead.NewSecret(text), HashToken(text)
}

// HashToken returns what is stored of a token. A fast hash is enough: a token
// cannot be guessed.
func HashToken(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// NewKey returns a random key for an account (Account.Key): 32 hexadecimal
// digits.
func NewKey() string { return hex.EncodeToString(random(16)) }

// random returns n random bytes; crypto/rand does not fail.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
