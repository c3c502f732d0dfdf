//go:build realservers

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailstead/mailstead/mailtest"
)

// TestReadmeCommands pastes the commands of the README, with Anna's password and
// the address that the service happens to listen on.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	servers := mailService(t)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary(t), filepath.Join(dir, "bin", "mailstead")); err != nil {
		t.Fatal(err)
	}
	s := serve(t, filepath.Join(dir, "data"), loopback(t, servers)...)
	s.cli("", "domain", "set", "example.com",
		"--incoming", servers.Dovecot.IMAP("tls").String(), "--outgoing", servers.Postfix.SMTP("tls").String())
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	quoted := `'` + strings.ReplaceAll(mailtest.Anna.Password, `'`, `'\''`) + `'`
	text := strings.NewReplacer("http://127.0.0.1:8420", s.url, "'the password of the mailbox'", quoted).Replace(string(readme))
	for _, block := range []struct {
		name string
		want []string
	}{
		{"command line", []string{"Account 1 is connected", "Order 89", "Please send offer number 89.", "accepted", "appended", "Sent"}},
		{"API", []string{`"address":"anna@example.com"`, `"subject":"Re: Order 89"`, `"state":"queued"`, `"level":"user"`, "event: account.connected"}},
	} {
		t.Run(block.name, func(t *testing.T) {
			_, script, found := strings.Cut(text, "<!-- test: "+block.name+" -->\n```sh\n")
			script, _, ended := strings.Cut(script, "```")
			if !found || !ended {
				t.Fatal("the README has no such commands")
			}
			cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, w := range block.want {
				if !strings.Contains(string(out), w) {
					t.Errorf("the output does not have %q:\n%s", w, out)
				}
			}
		})
	}
}
