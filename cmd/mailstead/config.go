package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"github.com/mailstead/mailstead"
)

// config is everything that an operator can set. A flag wins over the
// environment (MAILSTEAD_ and the name in capitals), the environment over the
// file, the file over the default. README.md lists the settings.
type config struct {
	Data     string `koanf:"data"`
	Listen   string `koanf:"listen"`
	Database string `koanf:"database"`
	KeyFile  string `koanf:"key_file"`
	// PublicURL is where people reach the service through its TLS proxy;
	// TrustedProxies are the networks of such proxies.
	PublicURL      string   `koanf:"public_url"`
	TrustedProxies []string `koanf:"trusted_proxies"`
	LogLevel       string   `koanf:"log_level"`
	LogJSON        bool     `koanf:"log_json"`
	// AllowedNetworks are CIDR prefixes of mail servers inside private networks.
	AllowedNetworks []string `koanf:"allowed_networks"`
	// ExtraCA are PEM files of certificate authorities beside the system's.
	ExtraCA []string `koanf:"extra_ca"`
	// Resolver is the host:port of a DNS server instead of the system's.
	Resolver string `koanf:"resolver"`
	// Discovery lets name servers and web servers be asked about mail domains that
	// nobody here knows.
	Discovery bool `koanf:"discovery"`
	// DiscoveryDirectory is the address of a public directory that is asked, too, with
	// {domain} for the domain; empty for none.
	DiscoveryDirectory string          `koanf:"discovery_directory"`
	AllowUnencrypted   bool            `koanf:"allow_unencrypted"`
	EHLOName           string          `koanf:"ehlo_name"`
	MaxAttachments     int64           `koanf:"max_attachments"`
	MaxMessageSize     int64           `koanf:"max_message_size"`
	PollEvery          time.Duration   `koanf:"poll_every"`
	SyncRetry          []time.Duration `koanf:"sync_retry"`
	SyncTrouble        time.Duration   `koanf:"sync_trouble"`
	SyncLoads          int64           `koanf:"sync_loads"`
	SendRetry          []time.Duration `koanf:"send_retry"`
	SendExpire         time.Duration   `koanf:"send_expire"`
	SendConnections    int             `koanf:"send_connections"`
	SendUnknownRetry   []time.Duration `koanf:"send_unknown_retry"`
	ConnectTimeout     time.Duration   `koanf:"connect_timeout"`
	IOTimeout          time.Duration   `koanf:"io_timeout"`
	// SMTPServer is the mail server that sends when no account may, with how it is
	// signed in to and whom its mails are from.
	SMTPServer       string           `koanf:"smtp_server"`
	SMTPSecurity     string           `koanf:"smtp_security"`
	SMTPLogin        string           `koanf:"smtp_login"`
	SMTPPassword     mailstead.Secret `koanf:"smtp_password"`
	SMTPPasswordFile string           `koanf:"smtp_password_file"`
	SMTPFrom         string           `koanf:"smtp_from"`
	// AlertAfter is how long a mailbox may fail before those concerned are told, unless
	// a person must act at once; AlertCollect how long alerts wait for others to share
	// their mail.
	AlertAfter   time.Duration `koanf:"alert_after"`
	AlertCollect time.Duration `koanf:"alert_collect"`
	// TestAt is the time of the day at which all accounts are tested, such as 03:30;
	// empty for never.
	TestAt string `koanf:"test_at"`
	// DemoLive is the pause between two new mails of the demo, 0 for none.
	DemoLive time.Duration `koanf:"demo_live"`

	// file is the configuration file that was read, or "".
	file string
}

func defaults() map[string]any {
	return map[string]any{
		"data": "data", "listen": "127.0.0.1:8420", "log_level": "info", "discovery": true,
		"max_attachments": int64(25 << 20), "max_message_size": int64(50 << 20),
		"poll_every": "5m", "sync_retry": "10s,1m,5m,15m", "sync_trouble": "1h", "sync_loads": 8,
		"send_retry": "1m,5m,15m,1h,4h", "send_expire": "72h", "send_connections": 4, "send_unknown_retry": "30s,2m,10m,1h",
		"connect_timeout": "15s", "io_timeout": "60s", "demo_live": "20s", "smtp_security": "starttls",
		"alert_after": "1h", "alert_collect": "1m",
	}
}

// settings are the types of the settings by their names.
func settings() map[string]reflect.Type {
	out := make(map[string]reflect.Type)
	for f := range reflect.TypeFor[config]().Fields() {
		if name := f.Tag.Get("koanf"); name != "" {
			out[name] = f.Type
		}
	}
	return out
}

const envPrefix = "MAILSTEAD_"

// noDelimiter keeps koanf from taking a name apart.
const noDelimiter = "::"

var errConfig = errors.New("configuration")

// configError is a mistake in the configuration, told in one sentence about the
// setting that field names.
func configError(code, field, text string, cause error) error {
	return fmt.Errorf("%w: %w", errConfig, &mailstead.Error{
		Kind: mailstead.KindInvalid, Code: code, Op: "configuration", Field: field, Text: text, Err: cause,
	})
}

// loadConfig reads the settings. flags are those that the person typed;
// configFile may be empty, then DATA/mailstead.yaml is read when it exists.
func loadConfig(flags *pflag.FlagSet, configFile string, environ func() []string) (config, error) {
	k := koanf.New(noDelimiter)
	if err := k.Load(confmap.Provider(defaults(), ""), nil); err != nil {
		return config{}, err
	}
	over, err := fromEnvironment(environ)
	if err != nil {
		return config{}, err
	}
	if err := over.Load(typed(flags), nil); err != nil {
		return config{}, err
	}
	named := configFile != ""
	if !named {
		data := k.String("data")
		if over.Exists("data") {
			data = over.String("data")
		}
		configFile = filepath.Join(data, "mailstead.yaml")
	}
	read, err := fromFile(configFile)
	switch {
	case err == nil:
		err = k.Merge(read)
	case !named && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)):
		configFile, err = "", nil
	}
	if err != nil {
		return config{}, err
	}
	if err := k.Merge(over); err != nil {
		return config{}, err
	}
	c := config{file: configFile}
	if err := c.decode(k.Raw()); err != nil {
		return config{}, err
	}
	if c.KeyFile == "" {
		c.KeyFile = filepath.Join(c.Data, "key")
	}
	return c, c.check()
}

// fromEnvironment reads the variables that begin with MAILSTEAD_; an empty one
// sets nothing.
func fromEnvironment(environ func() []string) (*koanf.Koanf, error) {
	k := koanf.New(noDelimiter)
	err := k.Load(env.Provider(noDelimiter, env.Opt{
		Prefix: envPrefix, EnvironFunc: environ,
		TransformFunc: func(key, value string) (string, any) {
			if value == "" {
				return "", nil
			}
			return strings.ToLower(strings.TrimPrefix(key, envPrefix)), value
		},
	}), nil)
	if err != nil {
		return nil, err
	}
	if name := unknown(k); name != "" {
		return nil, configError("config.unknown", "", "The environment variable "+envPrefix+strings.ToUpper(name)+" names no setting.", nil)
	}
	return k, nil
}

// fromFile reads a configuration file.
func fromFile(path string) (*koanf.Koanf, error) {
	k := koanf.New(noDelimiter)
	err := k.Load(file.Provider(path), yaml.Parser())
	var failed *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, configError("config.file", "config", "There is no configuration file "+path+".", err)
	case errors.As(err, &failed):
		return nil, configError("config.file", "config", "The configuration file "+path+" cannot be read: "+failed.Err.Error()+".", err)
	case err != nil:
		return nil, configError("config.file", "config", "The configuration file "+path+" is not valid YAML: "+oneLine(err.Error())+".", err)
	}
	if name := unknown(k); name != "" {
		return nil, configError("config.unknown", "", "There is no setting "+name+"; it stands in "+path+".", nil)
	}
	return k, nil
}

// typed are the settings among the flags that stand on the command line.
func typed(flags *pflag.FlagSet) koanf.Provider {
	known := settings()
	return posflag.ProviderWithFlag(flags, noDelimiter, nil, func(f *pflag.Flag) (string, any) {
		name := strings.ReplaceAll(f.Name, "-", "_")
		if _, ok := known[name]; !ok || !f.Changed {
			return "", nil
		}
		return name, posflag.FlagVal(flags, f)
	})
}

// unknown returns the first name in k that is no setting, or "".
func unknown(k *koanf.Koanf) string {
	known := settings()
	var wrong []string
	for name := range k.Raw() {
		if _, ok := known[name]; !ok {
			wrong = append(wrong, oneLine(name))
		}
	}
	if len(wrong) == 0 {
		return ""
	}
	return slices.Min(wrong)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
