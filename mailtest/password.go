package mailtest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"

	"github.com/mailstead/mailstead"
)

// HashPassword is credential.HashPassword at the least cost that argon2id knows, for
// tests that sign in hundreds of times. What it returns is verified like any other
// hash, for a hash names its cost.
func HashPassword(p mailstead.Secret) (string, error) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	sum := argon2.IDKey([]byte(p.Reveal()), salt, 1, 8, 1, 32)
	return fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum)), nil
}
