package credential

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/mailstead/mailstead"
)

// cost are the parameters of argon2id (RFC 9106).
type cost struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// ours is what OWASP's Password Storage Cheat Sheet asks for at least: 19 MiB, two
// passes, one lane.
var ours = cost{memory: 19 * 1024, time: 2, threads: 1}

// Bounds of what VerifyPassword computes, whatever a stored hash demands.
var most = cost{memory: 64 * 1024, time: 10, threads: 4}

const (
	saltSize = 16
	hashSize = 32
)

// hasher bounds the memory of password hashing.
type hasher struct {
	slots chan struct{}
	users atomic.Int32
}

// hashing is shared by the whole process, whose memory it guards. Two at a time
// are plenty for people who sign in, and keep a flood of guesses small.
var hashing = hasher{slots: make(chan struct{}, 2)}

func (h *hasher) hash(p mailstead.Secret, salt []byte, c cost) []byte {
	h.users.Add(1)
	h.slots <- struct{}{}
	// The same password may come composed or decomposed, as the keyboard's
	// system likes it (NIST SP 800-63B section 5.1.1.2).
	sum := argon2.IDKey(norm.NFKC.Bytes([]byte(p.Reveal())), salt, c.time, c.memory, c.threads, hashSize)
	<-h.slots
	if h.users.Add(-1) == 0 {
		// The working memory is more than the rest of an idle process needs: give
		// it back now, for the collector would keep it for minutes.
		debug.FreeOSMemory()
	}
	return sum
}

// HashPassword returns the hash of a person's password as a PHC string:
// $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH. It waits while others hash.
func HashPassword(p mailstead.Secret) (string, error) {
	if p.IsZero() {
		return "", mailstead.Invalid("password", "input.password", "The password is empty.")
	}
	salt := random(saltSize)
	sum := hashing.hash(p, salt, ours)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, ours.memory, ours.time, ours.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum)), nil
}

// VerifyPassword reports whether hash, made by HashPassword, is that of p. The
// error tells of a hash that is none. It waits while others hash.
func VerifyPassword(hash string, p mailstead.Secret) (ok bool, err error) {
	c, salt, want, err := parsePHC(hash)
	if err != nil {
		return false, &mailstead.Error{
			Kind: mailstead.KindInternal, Code: "password.hash_damaged", Op: "credential.VerifyPassword",
			Text: "The stored password cannot be read. An administrator can set a new one.", Err: err,
		}
	}
	return subtle.ConstantTimeCompare(hashing.hash(p, salt, c), want) == 1, nil
}

// parsePHC reads a PHC string of argon2id. Its errors do not repeat the hash.
func parsePHC(text string) (c cost, salt, sum []byte, err error) {
	fields := strings.Split(text, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" {
		return c, nil, nil, errors.New("not an argon2id hash")
	}
	if fields[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errors.New("unknown version of argon2id")
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); err != nil {
		return c, nil, nil, fmt.Errorf("argon2id parameters: %w", err)
	}
	if fields[3] != fmt.Sprintf("m=%d,t=%d,p=%d", c.memory, c.time, c.threads) {
		return c, nil, nil, errors.New("malformed argon2id parameters")
	}
	if c.memory > most.memory || c.time > most.time || c.threads > most.threads ||
		c.time == 0 || c.threads == 0 || c.memory < 8*uint32(c.threads) {
		return c, nil, nil, errors.New("argon2id parameters out of bounds")
	}
	encoding := base64.RawStdEncoding.Strict()
	if salt, err = encoding.DecodeString(fields[4]); err != nil || len(salt) < 8 || len(salt) > 64 {
		return c, nil, nil, errors.New("malformed salt")
	}
	if sum, err = encoding.DecodeString(fields[5]); err != nil || len(sum) != hashSize {
		return c, nil, nil, errors.New("malformed hash")
	}
	return c, salt, sum, nil
}
