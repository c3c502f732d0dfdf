package credential_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	made, err := credential.CreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode = %o, want 600", got)
	}
	read, err := credential.ReadKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ring, _, err := credential.NewKeyring(made)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := credential.OpenKeyring(read, ring); err != nil {
		t.Errorf("the key that was read is not the one that was made: %v", err)
	}
	before, _ := os.ReadFile(path)
	if _, err := credential.CreateKeyFile(path); mailstead.CodeOf(err) != "key.exists" {
		t.Errorf("second CreateKeyFile: %v, want key.exists", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the key file was overwritten")
	}
}

func TestCreateKeyFileWithoutDirectory(t *testing.T) {
	_, err := credential.CreateKeyFile(filepath.Join(t.TempDir(), "no", "key"))
	if mailstead.CodeOf(err) != "key.write" {
		t.Errorf("error = %v, want key.write", err)
	}
}

func TestReadKeyFileRefuses(t *testing.T) {
	good := func(t *testing.T) string {
		path := filepath.Join(t.TempDir(), "key")
		if _, err := credential.CreateKeyFile(path); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for name, c := range map[string]struct {
		change func(content string) string
		mode   os.FileMode
		want   string
	}{
		"group may read":    {nil, 0o640, "key.permissions"},
		"everybody may":     {nil, 0o604, "key.permissions"},
		"group may write":   {nil, 0o620, "key.permissions"},
		"read-only":         {nil, 0o400, ""},
		"truncated":         {func(s string) string { return s[:len(s)/2] }, 0o600, "key.damaged"},
		"checksum cut":      {func(s string) string { return s[:len(s)-3] }, 0o600, "key.damaged"},
		"empty":             {func(string) string { return "" }, 0o600, "key.damaged"},
		"one letter":        {func(s string) string { return flipLetter(s, 20) }, 0o600, "key.damaged"},
		"other format":      {func(s string) string { return strings.Replace(s, "v1", "v2", 1) }, 0o600, "key.damaged"},
		"a huge file":       {func(s string) string { return s + strings.Repeat(" x", 1<<20) }, 0o600, "key.damaged"},
		"line end of a PC":  {func(s string) string { return strings.TrimSpace(s) + "\r\n" }, 0o600, ""},
		"without line end ": {strings.TrimSpace, 0o600, ""},
	} {
		t.Run(name, func(t *testing.T) {
			content := good(t)
			if c.change != nil {
				content = c.change(content)
			}
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := credential.ReadKeyFile(path)
			if c.want == "" && err == nil {
				return
			}
			if mailstead.CodeOf(err) != c.want {
				t.Errorf("error = %v, want %q", err, c.want)
			}
			if key := strings.Fields(good(t)); err != nil && strings.Contains(err.Error(), key[1]) {
				t.Error("the error shows the key")
			}
		})
	}
	if _, err := credential.ReadKeyFile(filepath.Join(t.TempDir(), "key")); mailstead.CodeOf(err) != "key.missing" {
		t.Errorf("missing file: %v, want key.missing", err)
	}
	if _, err := credential.ReadKeyFile(t.TempDir()); mailstead.CodeOf(err) != "key.damaged" {
		t.Errorf("directory: %v, want key.damaged", err)
	}
}

func flipLetter(s string, i int) string {
	b := []byte(s)
	if b[i] == 'A' {
		b[i] = 'B'
	} else {
		b[i] = 'A'
	}
	return string(b)
}
