package credential_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

const accountKey = "0123456789abcdef0123456789abcdef"

func newKey(t *testing.T) credential.Key {
	t.Helper()
	k, err := credential.CreateKeyFile(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newSealer(t *testing.T) *credential.Sealer {
	t.Helper()
	_, s, err := credential.NewKeyring(newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealAndOpen(t *testing.T) {
	k := newKey(t)
	ring, s, err := credential.NewKeyring(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{"usual": "correct horse", "empty": "", "not ASCII": "pässwörd 🔑", "long": strings.Repeat("x", 8192)} {
		t.Run(name, func(t *testing.T) {
			sealed, err := s.Seal(mailstead.NewSecret(secret), accountKey, mailstead.SecretBoth)
			if err != nil {
				t.Fatal(err)
			}
			if secret != "" && bytes.Contains(sealed, []byte(secret)) {
				t.Error("the sealed form holds the secret")
			}
			later, err := credential.OpenKeyring(k, ring) // as after a restart
			if err != nil {
				t.Fatal(err)
			}
			got, err := later.Open(sealed, accountKey, mailstead.SecretBoth)
			if err != nil || got.Reveal() != secret {
				t.Errorf("got %q, %v, want %q", got.Reveal(), err, secret)
			}
		})
	}
}

func TestSealedTwiceDiffers(t *testing.T) {
	s := newSealer(t)
	a, _ := s.Seal(mailstead.NewSecret("same"), accountKey, mailstead.SecretBoth)
	b, _ := s.Seal(mailstead.NewSecret("same"), accountKey, mailstead.SecretBoth)
	if bytes.Equal(a, b) {
		t.Error("the same secret seals to the same bytes")
	}
}

func TestOpenRefuses(t *testing.T) {
	s := newSealer(t)
	sealed, err := s.Seal(mailstead.NewSecret("secret"), accountKey, mailstead.SecretIncoming)
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(i int) mailstead.Sealed {
		c := slices.Clone(sealed)
		c[i] ^= 1
		return c
	}
	for name, c := range map[string]struct {
		sealer  *credential.Sealer
		sealed  mailstead.Sealed
		account string
		field   mailstead.SecretField
	}{
		"other field":      {s, sealed, accountKey, mailstead.SecretOutgoing},
		"other account":    {s, sealed, strings.Repeat("f", 32), mailstead.SecretIncoming},
		"other keyring":    {newSealer(t), sealed, accountKey, mailstead.SecretIncoming},
		"first bit":        {s, flipped(0), accountKey, mailstead.SecretIncoming},
		"nonce":            {s, flipped(6), accountKey, mailstead.SecretIncoming},
		"last bit":         {s, flipped(len(sealed) - 1), accountKey, mailstead.SecretIncoming},
		"cut off":          {s, sealed[:len(sealed)-1], accountKey, mailstead.SecretIncoming},
		"empty":            {s, nil, accountKey, mailstead.SecretIncoming},
		"longer":           {s, append(slices.Clone(sealed), 0), accountKey, mailstead.SecretIncoming},
		"shifted boundary": {s, sealed, accountKey + "/", "incoming"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.sealer.Open(c.sealed, c.account, c.field)
			if mailstead.CodeOf(err) != "secret.damaged" || !got.IsZero() {
				t.Errorf("got %q, %v, want secret.damaged", got.Reveal(), err)
			}
		})
	}
}

func TestOpenKeyringRefuses(t *testing.T) {
	k := newKey(t)
	ring, _, err := credential.NewKeyring(k)
	if err != nil {
		t.Fatal(err)
	}
	damaged := mailstead.Keyring{Wrapped: slices.Clone(ring.Wrapped), Check: ring.Check}
	damaged.Wrapped[len(damaged.Wrapped)/2] ^= 1
	for name, c := range map[string]struct {
		key  credential.Key
		ring mailstead.Keyring
		want string
	}{
		"wrong key":       {newKey(t), ring, "key.wrong"},
		"no key":          {credential.Key{}, ring, "internal"},
		"damaged keyring": {k, damaged, "keyring.damaged"},
		"cut off keyring": {k, mailstead.Keyring{Wrapped: ring.Wrapped[:10], Check: ring.Check}, "keyring.damaged"},
		"no keyring":      {k, mailstead.Keyring{}, "key.wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := credential.OpenKeyring(c.key, c.ring); mailstead.CodeOf(err) != c.want {
				t.Errorf("error = %v, want %s", err, c.want)
			}
		})
	}
}

func TestKeyringHoldsNoKeyInTheClear(t *testing.T) {
	k := newKey(t)
	a, _, err := credential.NewKeyring(k)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := credential.NewKeyring(k)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a.Wrapped, b.Wrapped) || !bytes.Equal(a.Check, b.Check) || len(a.Check) != 16 {
		t.Error("two keyrings of one key must differ in all but the check value")
	}
}

func TestTokens(t *testing.T) {
	token, hash := credential.NewToken("mst_")
	if !regexp.MustCompile(`^mst_[A-Za-z0-9_-]{43}$`).MatchString(token.Reveal()) {
		t.Errorf("token %q has another form", token.Reveal())
	}
	if want := sha256.Sum256([]byte(token.Reveal())); !bytes.Equal(hash, want[:]) || !bytes.Equal(credential.HashToken(token.Reveal()), hash) {
		t.Error("the hash is not that of the token")
	}
	if other, _ := credential.NewToken("mst_"); other.Reveal() == token.Reveal() {
		t.Error("two tokens are the same")
	}
}

func TestNewKey(t *testing.T) {
	a, b := credential.NewKey(), credential.NewKey()
	if a == b || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(a) {
		t.Errorf("keys %q and %q", a, b)
	}
}

// TestNothingPrintsItsSecret puts every type that holds a secret through every
// way in which it could reach a log.
func TestNothingPrintsItsSecret(t *testing.T) {
	const password = "hunter2-hunter2"
	k := newKey(t)
	ring, sealer, err := credential.NewKeyring(k)
	if err != nil {
		t.Fatal(err)
	}
	secret := mailstead.NewSecret(password)
	sealed, err := sealer.Seal(secret, accountKey, mailstead.SecretBoth)
	if err != nil {
		t.Fatal(err)
	}
	leaks := []string{password, fmt.Sprintf("%x", password), fmt.Sprintf("%v", []byte(password)), fmt.Sprintf("%x", []byte(sealed)), fmt.Sprintf("%v", []byte(sealed))}
	for name, value := range map[string]any{
		"secret": secret, "secret pointer": &secret, "sealed": sealed,
		"access":        mailstead.Access{Login: "tim", Secret: secret},
		"key":           k,
		"key pointer":   &k,
		"holder of key": struct{ k credential.Key }{k},
		"sealer":        sealer, "sealer value": *sealer,
		"map":   map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: sealed},
		"slice": []any{secret, k, sealer},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				fmt.Fprintf(&out, verb+"\n", value)
			}
			if name != "sealed" && name != "map" { // what is sealed may be stored
				b, err := json.Marshal(value)
				if err != nil {
					t.Fatal(err)
				}
				out.Write(b)
				slog.New(slog.NewJSONHandler(&out, nil)).Info("message", slog.Any("value", value))
			}
			slog.New(slog.NewTextHandler(&out, nil)).Info("message", slog.Any("value", value))
			for _, leak := range leaks {
				if strings.Contains(out.String(), leak) {
					t.Errorf("prints %q:\n%s", leak, out.String())
				}
			}
			// A key of 32 bytes printed as numbers or digits.
			if m := regexp.MustCompile(`(\d+ ){20}|[0-9a-fA-F]{48}`).FindString(out.String()); m != "" {
				t.Errorf("prints raw bytes %q", m)
			}
		})
	}
	if string(ring.Check) == "" {
		t.Error("no check value")
	}
}
