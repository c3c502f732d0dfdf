package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
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
	LogLevel string `koanf:"log_level"`
	LogJSON  bool   `koanf:"log_json"`
	// AllowedNetworks are CIDR prefixes of mail servers inside private networks.
	AllowedNetworks []string `koanf:"allowed_networks"`
	// ExtraCA are PEM files of certificate authorities beside the system's.
	ExtraCA []string `koanf:"extra_ca"`
	// Resolver is the host:port of a DNS server instead of the system's.
	Resolver         string          `koanf:"resolver"`
	AllowUnencrypted bool            `koanf:"allow_unencrypted"`
	EHLOName         string          `koanf:"ehlo_name"`
	MaxAttachments   int64           `koanf:"max_attachments"`
	MaxMessageSize   int64           `koanf:"max_message_size"`
	PollEvery        time.Duration   `koanf:"poll_every"`
	SyncRetry        []time.Duration `koanf:"sync_retry"`
	SyncTrouble      time.Duration   `koanf:"sync_trouble"`
	SyncLoads        int64           `koanf:"sync_loads"`
	SendRetry        []time.Duration `koanf:"send_retry"`
	SendExpire       time.Duration   `koanf:"send_expire"`
	SendConnections  int             `koanf:"send_connections"`
	SendUnknownRetry []time.Duration `koanf:"send_unknown_retry"`
	ConnectTimeout   time.Duration   `koanf:"connect_timeout"`
	IOTimeout        time.Duration   `koanf:"io_timeout"`
}

func defaults() map[string]any {
	return map[string]any{
		"data": "data", "listen": "127.0.0.1:8420", "log_level": "info",
		"max_attachments": int64(25 << 20), "max_message_size": int64(50 << 20),
		"poll_every": "5m", "sync_retry": "10s,1m,5m,15m", "sync_trouble": "1h", "sync_loads": 8,
		"send_retry": "1m,5m,15m,1h,4h", "send_expire": "72h", "send_connections": 4, "send_unknown_retry": "30s,2m,10m,1h",
		"connect_timeout": "15s", "io_timeout": "60s",
	}
}

const envPrefix = "MAILSTEAD_"

var errConfig = errors.New("configuration")

// loadConfig reads the settings. flags are those that the person typed;
// configFile may be empty, then DATA/mailstead.yaml is read when it exists.
func loadConfig(flags *pflag.FlagSet, configFile string, environ func() []string) (config, error) {
	k := koanf.New("::")
	fail := func(err error) (config, error) { return config{}, fmt.Errorf("%w: %w", errConfig, err) }
	if err := k.Load(confmap.Provider(defaults(), ""), nil); err != nil {
		return fail(err)
	}
	over := koanf.New("::")
	environment := env.Provider("::", env.Opt{
		Prefix: envPrefix, EnvironFunc: environ,
		TransformFunc: func(key, value string) (string, any) {
			return strings.ToLower(strings.TrimPrefix(key, envPrefix)), value
		},
	})
	if err := over.Load(environment, nil); err != nil {
		return fail(err)
	}
	typed := posflag.ProviderWithFlag(flags, "::", nil, func(f *pflag.Flag) (string, any) {
		if !f.Changed {
			return "", nil
		}
		return strings.ReplaceAll(f.Name, "-", "_"), posflag.FlagVal(flags, f)
	})
	if err := over.Load(typed, nil); err != nil {
		return fail(err)
	}
	named := configFile != ""
	if !named {
		data := k.String("data")
		if over.Exists("data") {
			data = over.String("data")
		}
		configFile = filepath.Join(data, "mailstead.yaml")
	}
	if err := k.Load(file.Provider(configFile), yaml.Parser()); err != nil && (named || !errors.Is(err, fs.ErrNotExist)) {
		return fail(fmt.Errorf("%s: %w", configFile, err))
	}
	if err := k.Merge(over); err != nil {
		return fail(err)
	}
	var c config
	decoder := &mapstructure.DecoderConfig{
		Result: &c, WeaklyTypedInput: true,
		// A list is written with commas in the environment and in defaults.
		DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.StringToWeakSliceHookFunc(","), mapstructure.StringToTimeDurationHookFunc()),
	}
	if err := k.UnmarshalWithConf("", &c, koanf.UnmarshalConf{Tag: "koanf", FlatPaths: true, DecoderConfig: decoder}); err != nil {
		return fail(err)
	}
	if c.KeyFile == "" {
		c.KeyFile = filepath.Join(c.Data, "key")
	}
	for i, n := range c.AllowedNetworks {
		c.AllowedNetworks[i] = strings.TrimSpace(n)
	}
	return c, c.check()
}

func (c *config) check() error {
	if _, err := c.networks(); err != nil {
		return fmt.Errorf("%w: allowed_networks: %w", errConfig, err)
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("%w: listen: %w", errConfig, err)
	}
	for name, n := range map[string]int64{
		"max_attachments": c.MaxAttachments, "max_message_size": c.MaxMessageSize, "sync_loads": c.SyncLoads, "send_connections": int64(c.SendConnections),
	} {
		if n < 1 {
			return fmt.Errorf("%w: %s must be a number above zero", errConfig, name)
		}
	}
	return nil
}

// networks parses AllowedNetworks; a bare address is a network of one.
func (c *config) networks() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, n := range c.AllowedNetworks {
		if a, err := netip.ParseAddr(n); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// roots returns the system's certificate authorities and the extra ones, or nil
// when there are no extra ones.
func (c *config) roots() (*x509.CertPool, error) {
	if len(c.ExtraCA) == 0 {
		return nil, nil //nolint:nilnil // nil roots mean the system's
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the system's certificate authorities: %w", err)
	}
	for _, name := range c.ExtraCA {
		pem, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("%w: extra_ca: %w", errConfig, err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%w: extra_ca: %s holds no certificate", errConfig, name)
		}
	}
	return pool, nil
}

// postgres reports whether the database setting names a PostgreSQL server.
func (c *config) postgres() bool {
	return strings.HasPrefix(c.Database, "postgres://") || strings.HasPrefix(c.Database, "postgresql://")
}

// sqlitePath is the file of the embedded database.
func (c *config) sqlitePath() (string, error) {
	switch {
	case c.Database == "":
		return filepath.Join(c.Data, "mailstead.db"), nil
	case strings.Contains(c.Database, "://"):
		return "", mailstead.Invalid("database", "config.database", "The database setting must be a file, or start with postgres://.")
	default:
		return c.Database, nil
	}
}
