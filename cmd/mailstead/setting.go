package main

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

// decode takes the settings over by their types.
func (c *config) decode(raw map[string]any) error {
	d, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{Result: c, TagName: "koanf", WeaklyTypedInput: true, DecodeHook: fromText})
	if err != nil {
		return err
	}
	if err = d.Decode(raw); err == nil {
		return nil
	}
	var wrong *mapstructure.DecodeError
	if !errors.As(err, &wrong) {
		return configError("config.value", "", "The settings cannot be understood.", err)
	}
	name, _, _ := strings.Cut(wrong.Name(), "[")
	return badValue(name, wanted(settings()[name]), err)
}

// badValue is the error of a setting that has a wrong value; want continues the
// sentence.
func badValue(name, want string, cause error) error {
	return configError("config.value", name, "The setting "+name+" must be "+want+".", cause)
}

// wanted says what a setting of a type must be.
func wanted(t reflect.Type) string {
	switch {
	case t == nil:
		return "something else"
	case t == reflect.TypeFor[time.Duration]():
		return "a duration with its unit, such as 30s, 5m or 1h"
	case t == reflect.TypeFor[[]time.Duration]():
		return "durations with their units, such as 10s,1m,5m"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		return "a whole number"
	case t.Kind() == reflect.Slice:
		return "a list"
	default:
		return "a text"
	}
}

var errUnit = errors.New("a number without a unit")

// fromText understands what a flag, the environment or a file holds: a list is
// written with commas, a duration has its unit.
func fromText(from, to reflect.Type, data any) (any, error) {
	text, isText := data.(string)
	switch {
	case to == reflect.TypeFor[time.Duration]() && from != to:
		if !isText {
			return nil, errUnit
		}
		return time.ParseDuration(strings.TrimSpace(text))
	case to.Kind() == reflect.Slice && isText:
		list := []string{}
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		return list, nil
	case to == reflect.TypeFor[mailstead.Secret]() && isText:
		return mailstead.NewSecret(text), nil
	case isText:
		return strings.TrimSpace(text), nil
	}
	return data, nil
}

// check refuses values that could not work.
func (c *config) check() error {
	if info, err := os.Stat(c.Data); c.Data == "" || err == nil && !info.IsDir() {
		return badValue("data", "the name of a directory", nil)
	}
	if _, err := c.networks(); err != nil {
		return err
	}
	if _, err := c.proxies(); err != nil {
		return err
	}
	if _, err := c.publicURL(); err != nil {
		return err
	}
	if _, err := c.sqlitePath(); err != nil {
		return err
	}
	if err := checkHostPort("listen", c.Listen); err != nil {
		return err
	}
	if c.Resolver != "" {
		if err := checkHostPort("resolver", c.Resolver); err != nil {
			return err
		}
	}
	if err := c.checkDirectory(); err != nil {
		return err
	}
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		return badValue("log_level", "debug, info, warn or error", nil)
	}
	if _, err := c.testAt(); err != nil {
		return err
	}
	if _, err := c.smtp(); err != nil {
		return err
	}
	if strings.ContainsFunc(c.EHLOName, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return badValue("ehlo_name", "a host name such as mail.example.com", nil)
	}
	return c.checkNumbers()
}

// checkDirectory refuses an address of a public directory that has no place for the
// domain, or that would be told more.
func (c *config) checkDirectory() error {
	if c.DiscoveryDirectory == "" {
		return nil
	}
	u, err := url.Parse(strings.Replace(c.DiscoveryDirectory, discover.DomainPlaceholder, "example.com", 1))
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil ||
		strings.Count(c.DiscoveryDirectory, discover.DomainPlaceholder) != 1 || strings.ContainsAny(u.String(), "{}%") {
		return badValue("discovery_directory", "an https address with "+discover.DomainPlaceholder+" once, such as https://autoconfig.thunderbird.net/v1.1/"+discover.DomainPlaceholder, err)
	}
	return nil
}

// testAt is TestAt as the time since midnight, negative for never.
func (c *config) testAt() (time.Duration, error) {
	if c.TestAt == "" {
		return -1, nil
	}
	at, err := time.Parse("15:04", c.TestAt)
	if err != nil {
		return 0, badValue("test_at", "a time of the day, such as 03:30", err)
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
}

func (c *config) checkNumbers() error {
	for _, s := range []struct {
		name string
		n    int64
	}{
		{"max_attachments", c.MaxAttachments},
		{"max_message_size", c.MaxMessageSize},
		{"sync_loads", c.SyncLoads},
		{"send_connections", int64(c.SendConnections)},
	} {
		if s.n < 1 {
			return badValue(s.name, "a whole number above zero", nil)
		}
	}
	for _, s := range []struct {
		name string
		list []time.Duration
	}{
		{"poll_every", []time.Duration{c.PollEvery}},
		{"sync_retry", c.SyncRetry},
		{"sync_trouble", []time.Duration{c.SyncTrouble}},
		{"send_retry", c.SendRetry},
		{"alert_after", []time.Duration{c.AlertAfter}},
		{"alert_collect", []time.Duration{c.AlertCollect}},
		{"send_expire", []time.Duration{c.SendExpire}},
		{"send_unknown_retry", c.SendUnknownRetry},
		{"connect_timeout", []time.Duration{c.ConnectTimeout}},
		{"io_timeout", []time.Duration{c.IOTimeout}},
	} {
		if len(s.list) == 0 {
			return badValue(s.name, wanted(settings()[s.name]), nil)
		}
		for _, d := range s.list {
			if d <= 0 {
				return badValue(s.name, "longer than nothing", nil)
			}
		}
	}
	return nil
}

func checkHostPort(name, text string) error {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return badValue(name, "an address with a port, such as 127.0.0.1:8420", err)
	}
	return nil
}

// networks parses AllowedNetworks, proxies TrustedProxies.
func (c *config) networks() ([]netip.Prefix, error) {
	return prefixes("allowed_networks", c.AllowedNetworks)
}

func (c *config) proxies() ([]netip.Prefix, error) {
	return prefixes("trusted_proxies", c.TrustedProxies)
}

// publicPath is the path of a PublicURL: plain words, so that it needs no escapes anywhere.
var publicPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*$`)

// publicURL parses PublicURL; nil when it is not set. Its path has no slash at the end.
func (c *config) publicURL() (*url.URL, error) {
	if c.PublicURL == "" {
		return nil, nil //nolint:nilnil // not known is an answer
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, badValue("public_url", "an address such as https://mail.example.com", err)
	}
	if u.Path = strings.TrimRight(u.Path, "/"); !publicPath.MatchString(u.Path) || path.Clean("/"+u.Path) != "/"+strings.TrimPrefix(u.Path, "/") {
		return nil, badValue("public_url", "an address whose path is made of plain words, such as https://example.com/mail", nil)
	}
	return u, nil
}

// prefixes parses networks; a bare address is a network of one.
func prefixes(name string, list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, n := range list {
		n = strings.TrimSpace(n)
		if a, err := netip.ParseAddr(n); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return nil, badValue(name, "networks such as 10.0.0.0/8 or addresses, but "+strconv.Quote(n)+" is neither", err)
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
		return nil, configError("config.ca", "extra_ca", "The system's certificate authorities cannot be read.", err)
	}
	for _, name := range c.ExtraCA {
		pem, err := os.ReadFile(name)
		if err != nil {
			return nil, configError("config.ca", "extra_ca", "The file of certificate authorities "+name+" cannot be read.", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, configError("config.ca", "extra_ca", "The file "+name+" holds no certificate in PEM form.", nil)
		}
	}
	return pool, nil
}

// postgres reports whether the database setting names a PostgreSQL server.
func (c *config) postgres() bool {
	return strings.HasPrefix(c.Database, "postgres://") || strings.HasPrefix(c.Database, "postgresql://")
}

// sqlitePath is the file of the embedded database; without meaning for
// PostgreSQL.
func (c *config) sqlitePath() (string, error) {
	switch {
	case c.Database == "":
		return filepath.Join(c.Data, "mailstead.db"), nil
	case strings.Contains(c.Database, "://") && !c.postgres():
		return "", badValue("database", "a file, or an address that starts with postgres://", nil)
	default:
		return c.Database, nil
	}
}

// exists reports whether an installation was begun here. Of a PostgreSQL server
// it is believed.
func (c *config) exists() bool {
	if c.postgres() {
		return true
	}
	path, err := c.sqlitePath()
	if err != nil {
		return false
	}
	_, err = os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// at returns the same configuration for an installation of its own in dir.
func (c config) at(dir string) config {
	c.Data, c.Database, c.KeyFile = dir, "", filepath.Join(dir, "key")
	return c
}

// show returns the settings as they are in force, for people and scripts; the
// password in a database address is left out.
func (c *config) show() (json.RawMessage, error) {
	out := make(map[string]any)
	v := reflect.ValueOf(*c)
	for f := range v.Type().Fields() {
		name := f.Tag.Get("koanf")
		if name == "" {
			continue
		}
		switch value := v.FieldByIndex(f.Index).Interface().(type) {
		case time.Duration:
			out[name] = short(value)
		case []time.Duration:
			texts := make([]string, len(value))
			for i, d := range value {
				texts[i] = short(d)
			}
			out[name] = texts
		case mailstead.Secret:
			if out[name] = ""; !value.IsZero() {
				out[name] = value.String()
			}
		case []string:
			out[name] = append([]string{}, value...)
		default:
			out[name] = value
		}
	}
	if c.postgres() {
		out["database"] = withoutPassword(c.Database)
	}
	return json.Marshal(out)
}

// short writes a duration as people do: 5m, not 5m0s.
func short(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// withoutPassword returns the address of a database as it may be shown.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "postgres://…"
	}
	q := u.Query()
	q.Del("password")
	u.RawQuery = q.Encode()
	return u.Redacted()
}
