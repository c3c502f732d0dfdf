package credential

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mailstead/mailstead"
)

const (
	keySize = 32
	// keyFileMark begins a key file and names its format.
	keyFileMark = "mailstead-key-v1"
	// maxKeyFile bounds what is read of a file that should be one short line.
	maxKeyFile = 1024
)

var errNoKey = errors.New("no key")

// Key is a key-encryption key. It prints as "[redacted]".
type Key struct {
	// reveal is a function because fmt prints the unexported fields of whatever
	// holds a Key without asking the Key, and follows pointers, too.
	reveal func() []byte
}

func newKey(b []byte) Key { return Key{reveal: func() []byte { return b }} }

// Format keeps the key out of every fmt verb.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[redacted]")) }

// MarshalText keeps the key out of encoders and structured logs.
func (Key) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// CreateKeyFile makes a new key and stores it durably at path, readable by its
// owner alone. It never overwrites: an existing file is key.exists.
func CreateKeyFile(path string) (Key, error) {
	k := newKey(random(keySize))
	err := writeKeyFile(path, k.line())
	switch {
	case errors.Is(err, fs.ErrExist):
		return Key{}, keyError(mailstead.KindConflict, "key.exists", "There is a key file at this place already, so no new one is made.", err)
	case err != nil:
		return Key{}, keyError(mailstead.KindInternal, "key.write", "The key file cannot be written.", err)
	}
	return k, nil
}

// line is the content of a key file: mark, key and a checksum that shows a file
// that was cut off or mistyped.
func (k Key) line() string {
	return keyFileMark + " " + base64.RawURLEncoding.EncodeToString(k.reveal()) + " " + k.checksum() + "\n"
}

func (k Key) checksum() string {
	sum := sha256.Sum256(append([]byte(keyFileMark), k.reveal()...))
	return hex.EncodeToString(sum[:4])
}

func writeKeyFile(path, content string) (err error) {
	file, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			// Half a key is worse than none: the next start would refuse it.
			_ = os.Remove(path)
		}
	}()
	if _, err := file.WriteString(content); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

func syncDirectory(path string) error {
	directory, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	defer func() { _ = directory.Close() }()
	return directory.Sync()
}

// ReadKeyFile reads a key that CreateKeyFile made. Its errors are key.missing,
// key.permissions when others than the owner may read the file, and key.damaged.
func ReadKeyFile(path string) (Key, error) {
	file, err := os.Open(filepath.Clean(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Key{}, keyError(mailstead.KindNotFound, "key.missing", "The key file is missing. Restore it from your backup: without it the stored passwords cannot be read.", err)
	case errors.Is(err, fs.ErrPermission):
		return Key{}, keyError(mailstead.KindInvalid, "key.permissions", "The key file may not be read by the user that Mailstead runs as.", err)
	case err != nil:
		return Key{}, keyError(mailstead.KindInternal, "key.unreadable", "The key file cannot be read.", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return Key{}, keyError(mailstead.KindInternal, "key.unreadable", "The key file cannot be read.", err)
	}
	if !info.Mode().IsRegular() {
		return Key{}, keyError(mailstead.KindInvalid, "key.damaged", "The key file is not a file.", nil)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Key{}, keyError(mailstead.KindInvalid, "key.permissions", "Others may read or change the key file. Make it the owner's alone: chmod 600.", nil)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxKeyFile))
	if err != nil {
		return Key{}, keyError(mailstead.KindInternal, "key.unreadable", "The key file cannot be read.", err)
	}
	return parseKey(string(content))
}

func parseKey(content string) (Key, error) {
	damaged := keyError(mailstead.KindInvalid, "key.damaged", "The key file is damaged. Restore it from your backup.", nil)
	fields := strings.Fields(content)
	if len(fields) != 3 || fields[0] != keyFileMark {
		return Key{}, damaged
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(fields[1])
	if err != nil || len(raw) != keySize {
		return Key{}, damaged
	}
	k := newKey(raw)
	if k.checksum() != fields[2] {
		return Key{}, damaged
	}
	return k, nil
}

func keyError(kind mailstead.Kind, code, text string, cause error) error {
	return &mailstead.Error{Kind: kind, Code: code, Op: "credential.KeyFile", Text: text, Err: cause}
}
