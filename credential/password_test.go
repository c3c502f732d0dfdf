package credential_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

func hash(t testing.TB, password string) string {
	t.Helper()
	h, err := credential.HashPassword(mailstead.NewSecret(password))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestPassword(t *testing.T) {
	h := hash(t, "correct horse")
	if !regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`).MatchString(h) {
		t.Errorf("hash %q has another form", h)
	}
	for password, want := range map[string]bool{"correct horse": true, "Correct horse": false, "correct horse ": false, "": false} {
		if ok, err := credential.VerifyPassword(h, mailstead.NewSecret(password)); ok != want || err != nil {
			t.Errorf("%q: got %t, %v, want %t", password, ok, err, want)
		}
	}
	if hash(t, "correct horse") == h {
		t.Error("the same password hashes to the same text")
	}
}

func TestPasswordComposedAndDecomposed(t *testing.T) {
	if ok, err := credential.VerifyPassword(hash(t, "caf\u00e9"), mailstead.NewSecret("cafe\u0301")); !ok || err != nil {
		t.Errorf("got %t, %v, want the two spellings to be one password", ok, err)
	}
}

func TestEmptyPasswordIsRefused(t *testing.T) {
	if _, err := credential.HashPassword(mailstead.Secret{}); mailstead.KindOf(err) != mailstead.KindInvalid {
		t.Errorf("error = %v, want invalid", err)
	}
}

func TestVerifyGoesByTheStoredParameters(t *testing.T) {
	h := hash(t, "pw")
	fewer := strings.Replace(h, "t=2", "t=1", 1)
	if ok, err := credential.VerifyPassword(fewer, mailstead.NewSecret("pw")); ok || err != nil {
		t.Errorf("got %t, %v: the parameters of the string must count", ok, err)
	}
}

func TestVerifyRefusesDamagedHashes(t *testing.T) {
	h := hash(t, "pw")
	for name, damaged := range map[string]string{
		"empty":               "",
		"bcrypt":              "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"argon2i":             strings.Replace(h, "argon2id", "argon2i", 1),
		"other version":       strings.Replace(h, "v=19", "v=16", 1),
		"endless memory":      strings.Replace(h, "m=19456", "m=4194304", 1),
		"endless time":        strings.Replace(h, "t=2", "t=4000000", 1),
		"no time":             strings.Replace(h, "t=2", "t=0", 1),
		"no lanes":            strings.Replace(h, "p=1", "p=0", 1),
		"too many lanes":      strings.Replace(h, "p=1", "p=300", 1),
		"no memory":           strings.Replace(h, "m=19456", "m=0", 1),
		"parameter behind":    strings.Replace(h, "p=1", "p=1,x=2", 1),
		"cut off":             h[:len(h)-1],
		"no hash":             h[:strings.LastIndexByte(h, '$')+1],
		"not base64":          h[:len(h)-1] + "!",
		"something in front":  "x" + h,
		"more fields":         h + "$x",
		"salt of three bytes": "$argon2id$v=19$m=19456,t=2,p=1$YWJj$" + h[strings.LastIndexByte(h, '$')+1:],
	} {
		t.Run(name, func(t *testing.T) {
			ok, err := credential.VerifyPassword(damaged, mailstead.NewSecret("pw"))
			if ok || mailstead.CodeOf(err) != "password.hash_damaged" {
				t.Errorf("got %t, %v, want password.hash_damaged", ok, err)
			}
			if err != nil && len(damaged) > 0 && strings.Contains(err.Error(), damaged) {
				t.Error("the error repeats the hash")
			}
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	h := hash(t, "pw")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if ok, err := credential.VerifyPassword(h, mailstead.NewSecret("pw")); !ok || err != nil {
				t.Errorf("got %t, %v", ok, err)
			}
		})
	}
	wait.Wait()
}

func FuzzVerifyPassword(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$YWJjZGVmZ2g$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$$")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, text string) {
		if ok, _ := credential.VerifyPassword(text, mailstead.NewSecret("a password nobody hashed")); ok {
			t.Errorf("%q verified", text)
		}
	})
}

func BenchmarkVerifyPassword(b *testing.B) {
	h := hash(b, "pw")
	for b.Loop() {
		_, _ = credential.VerifyPassword(h, mailstead.NewSecret("pw"))
	}
}

// TestVerifyHashOfTheReferenceImplementation takes the line from test.c of
// P-H-C/phc-winner-argon2.
func TestVerifyHashOfTheReferenceImplementation(t *testing.T) {
	const h = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := credential.VerifyPassword(h, mailstead.NewSecret("password")); !ok || err != nil {
		t.Errorf("got %t, %v, want true", ok, err)
	}
}
