package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// settings runs check with an environment and returns the settings in force.
func settings(t *testing.T, environment []string, args ...string) (map[string]any, result) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t), append([]string{"check", "--json"}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir}, environment...)
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	r := result{stdout: string(out), code: cmd.ProcessState.ExitCode()}
	var answer struct{ Settings map[string]any }
	if r.code == 0 {
		must(t, json.Unmarshal(out, &answer))
	}
	return answer.Settings, r
}

func TestConfigurationPrecedence(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	must(t, os.WriteFile(config, []byte(`
data: from-file
poll_every: 7m
sync_retry: [1s, 2m]
send_retry: 3s,4m
allowed_networks: [10.0.0.0/8]
extra_ca: []
max_attachments: 1000
allow_unencrypted: true
ehlo_name: mail.example.com
`), 0o600))
	data := t.TempDir()
	must(t, os.WriteFile(filepath.Join(data, "mailstead.yaml"), []byte("sync_loads: 3\n"), 0o600))
	list := func(words ...any) []any { return append([]any{}, words...) }
	for _, tt := range []struct {
		name        string
		environment []string
		args        []string
		want        map[string]any
	}{
		{"defaults", nil, nil, map[string]any{
			"data": "data", "listen": "127.0.0.1:8420", "database": "", "key_file": "data/key", "log_level": "info", "log_json": false,
			"allowed_networks": list(), "poll_every": "5m", "sync_retry": list("10s", "1m", "5m", "15m"), "send_connections": 4.0,
		}},
		{"a file", nil, []string{"--config", config}, map[string]any{
			"data": "from-file", "key_file": "from-file/key", "poll_every": "7m", "sync_retry": list("1s", "2m"), "send_retry": list("3s", "4m"),
			"allowed_networks": list("10.0.0.0/8"), "max_attachments": 1000.0, "allow_unencrypted": true, "ehlo_name": "mail.example.com",
			"connect_timeout": "15s",
		}},
		{"the file of the data directory", nil, []string{"--data", data}, map[string]any{"data": data, "sync_loads": 3.0, "key_file": data + "/key"}},
		{"that of a data directory from the environment", []string{"MAILSTEAD_DATA=" + data}, nil, map[string]any{"data": data, "sync_loads": 3.0}},
		{"the environment wins over the file", []string{
			"MAILSTEAD_DATA=from-env", "MAILSTEAD_POLL_EVERY=8m", "MAILSTEAD_SYNC_RETRY=5s, 6m", "MAILSTEAD_ALLOWED_NETWORKS=192.168.0.0/16,fd00::/8",
			"MAILSTEAD_ALLOW_UNENCRYPTED=false", "MAILSTEAD_MAX_ATTACHMENTS=2000", "MAILSTEAD_SEND_RETRY=",
		}, []string{"--config", config}, map[string]any{
			"data": "from-env", "poll_every": "8m", "sync_retry": list("5s", "6m"), "allowed_networks": list("192.168.0.0/16", "fd00::/8"),
			"allow_unencrypted": false, "max_attachments": 2000.0, "send_retry": list("3s", "4m"),
		}},
		{"a flag wins over the environment", []string{
			"MAILSTEAD_DATA=from-env", "MAILSTEAD_ALLOWED_NETWORKS=192.168.0.0/16", "MAILSTEAD_ALLOW_UNENCRYPTED=true", "MAILSTEAD_KEY_FILE=/env",
		}, []string{
			"--config", config, "--data", "from-flag", "--allowed-networks", "172.16.0.0/12,172.32.0.1", "--allow-unencrypted=false", "--key-file", "/flag",
		}, map[string]any{
			"data": "from-flag", "allowed_networks": list("172.16.0.0/12", "172.32.0.1"), "allow_unencrypted": false, "key_file": "/flag", "poll_every": "7m",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, r := settings(t, tt.environment, tt.args...)
			if r.code != 0 {
				t.Fatalf("exit code %d: %s", r.code, r.stdout)
			}
			got := make(map[string]any)
			for name := range tt.want {
				got[name] = all[name]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrongConfigurationIsRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(content string) []string {
		path := filepath.Join(dir, "config.yaml")
		must(t, os.WriteFile(path, []byte(content), 0o600))
		return []string{"--config", path}
	}
	ca := filepath.Join(dir, "ca.pem")
	must(t, os.WriteFile(ca, []byte("no certificate"), 0o600))
	for _, tt := range []struct {
		name, file  string
		environment string
		args        []string
		code, want  string
	}{
		{name: "unknown setting in the file", file: "poll_evry: 5m", code: "config.unknown", want: "There is no setting poll_evry; it stands in "},
		{name: "nested setting in the file", file: "send:\n  retry: 5m", code: "config.unknown", want: "There is no setting send;"},
		{name: "unknown variable", environment: "MAILSTEAD_POLL_EVRY=5m", code: "config.unknown", want: "The environment variable MAILSTEAD_POLL_EVRY names no setting."},
		{name: "unknown flag", args: []string{"--poll-evry", "5m"}, code: "usage", want: "Unknown flag: --poll-evry."},
		{name: "no such file", args: []string{"--config", "/nowhere.yaml"}, code: "config.file", want: "There is no configuration file /nowhere.yaml."},
		{name: "a directory for a file", args: []string{"--config", dir}, code: "config.file", want: "cannot be read"},
		{name: "no YAML", file: "poll_every: [5m", code: "config.file", want: "is not valid YAML"},
		{name: "a list for a file", file: "- poll_every", code: "config.file", want: "is not valid YAML"},
		{name: "duration without a unit", file: "poll_every: 300", code: "config.value", want: "The setting poll_every must be a duration with its unit"},
		{name: "duration without a unit in the environment", environment: "MAILSTEAD_IO_TIMEOUT=60", code: "config.value", want: "The setting io_timeout must be a duration with its unit"},
		{name: "duration of words", environment: "MAILSTEAD_SEND_EXPIRE=three days", code: "config.value", want: "The setting send_expire must be a duration"},
		{name: "negative duration", environment: "MAILSTEAD_SEND_EXPIRE=-1h", code: "config.value", want: "The setting send_expire must be longer than nothing."},
		{name: "a wrong one in a list", environment: "MAILSTEAD_SEND_RETRY=1m,soon", code: "config.value", want: "The setting send_retry must be durations with their units"},
		{name: "an empty list", file: "send_retry: []", code: "config.value", want: "The setting send_retry must be durations"},
		{name: "a number of letters", environment: "MAILSTEAD_SYNC_LOADS=many", code: "config.value", want: "The setting sync_loads must be a whole number."},
		{name: "a number of nothing", environment: "MAILSTEAD_SYNC_LOADS=0", code: "config.value", want: "The setting sync_loads must be a whole number above zero."},
		{name: "perhaps", environment: "MAILSTEAD_ALLOW_UNENCRYPTED=perhaps", code: "config.value", want: "The setting allow_unencrypted must be true or false."},
		{name: "a network without bits", args: []string{"--allowed-networks", "10.0.0.0/8,10.0/16"}, code: "config.value", want: `"10.0/16" is neither`},
		{name: "an address without a port", environment: "MAILSTEAD_LISTEN=127.0.0.1", code: "config.value", want: "The setting listen must be an address with a port"},
		{name: "a port over the limit", environment: "MAILSTEAD_LISTEN=127.0.0.1:70000", code: "config.value", want: "The setting listen must be an address with a port"},
		{name: "a resolver without a port", environment: "MAILSTEAD_RESOLVER=1.1.1.1", code: "config.value", want: "The setting resolver must be an address with a port"},
		{name: "a public directory without a place for the domain", environment: "MAILSTEAD_DISCOVERY_DIRECTORY=https://directory.example/", code: "config.value", want: "The setting discovery_directory must be an https address with {domain} once"},
		{name: "a public directory that would be told more", environment: "MAILSTEAD_DISCOVERY_DIRECTORY=https://directory.example/{domain}/{address}", code: "config.value", want: "The setting discovery_directory must be"},
		{name: "a public directory in the clear", environment: "MAILSTEAD_DISCOVERY_DIRECTORY=http://directory.example/{domain}", code: "config.value", want: "The setting discovery_directory must be"},
		{name: "a level that is none", environment: "MAILSTEAD_LOG_LEVEL=verbose", code: "config.value", want: "The setting log_level must be debug, info, warn or error."},
		{name: "a name with a line break", file: `ehlo_name: "a\r\nQUIT"`, code: "config.value", want: "The setting ehlo_name must be a host name"},
		{name: "another database", environment: "MAILSTEAD_DATABASE=mysql://x", code: "config.value", want: "The setting database must be a file, or an address that starts with postgres://."},
		{name: "no data directory", args: []string{"--data", ""}, code: "config.value", want: "The setting data must be the name of a directory."},
		{name: "no such authority", args: []string{"--extra-ca", "/nowhere.pem"}, code: "config.ca", want: "The file of certificate authorities /nowhere.pem cannot be read."},
		{name: "no authority", args: []string{"--extra-ca", ca}, code: "config.ca", want: "holds no certificate in PEM form."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := tt.args
			if tt.file != "" {
				args = file(tt.file)
			}
			var environment []string
			if tt.environment != "" {
				environment = []string{tt.environment}
			}
			_, r := settings(t, environment, args...)
			var told struct{ Detail, Code string }
			exit := 78
			if tt.code == "usage" {
				exit = 64
			}
			if err := json.Unmarshal([]byte(r.stdout), &told); err != nil || r.code != exit || told.Code != tt.code || !strings.Contains(told.Detail, tt.want) {
				t.Errorf("exit code %d, %v, want %d, %s and %q:\n%s", r.code, err, exit, tt.code, tt.want, r.stdout)
			}
			for _, jargon := range []string{"strconv", "mapstructure", "decod", "netip", "time:", "::"} {
				if strings.Contains(told.Detail, jargon) {
					t.Errorf("%q stands in %q", jargon, told.Detail)
				}
			}
		})
	}
}
