package discover

import (
	"bytes"
	_ "embed" // holds the directory of providers
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mailstead/mailstead"
)

//go:embed providers.json
var providersJSON []byte

// entry is one provider as providers.json keeps it: what the product knows
// today, and facts that wait for their driver.
type entry struct {
	mailstead.Provider
	// HostsDomains tells that the service also carries its customers' own
	// domains; those are found by their MX records, not by name.
	HostsDomains bool `json:"hosts_domains"`
	// Templates are servers whose name depends on the customer, such as
	// "imap://imap.mail.{region}.awsapps.com:993:tls". They are shown, never
	// dialled.
	Templates []string `json:"templates"`
	// OAuth waits for the sign-in by OAuth 2.0.
	OAuth *oauth `json:"oauth"`
	// Sources says where the facts come from; Confidence is A (several sources
	// agree), B (one good source) or C (not verified).
	Sources    []string `json:"sources"`
	Confidence string   `json:"confidence"`
}

type oauth struct {
	Issuer    string   `json:"issuer"`
	AuthURL   string   `json:"auth_url"`
	TokenURL  string   `json:"token_url"`
	DeviceURL string   `json:"device_url"`
	Scopes    []string `json:"scopes"`
	Note      string   `json:"note"`
}

// Directory is the built-in directory of mail services, with what Add adds. It
// may be used from many goroutines.
type Directory struct {
	// adding is held while the index is replaced.
	adding  sync.Mutex
	builtIn *index
	current atomic.Pointer[index]
}

// index finds providers. It never changes once it is in use.
type index struct {
	entries  []*entry
	byID     map[mailstead.ProviderID]*entry
	byDomain map[string]*entry
	byHost   map[string][]*entry
}

// New reads the embedded directory. An error means that the program was built
// from a damaged directory.
func New() (*Directory, error) {
	var entries []entry
	dec := json.NewDecoder(bytes.NewReader(providersJSON))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&entries); err != nil {
		return nil, fmt.Errorf("read the directory of providers: %w", err)
	}
	x := &index{
		byID:     make(map[mailstead.ProviderID]*entry),
		byDomain: make(map[string]*entry),
		byHost:   make(map[string][]*entry),
	}
	for i := range entries {
		if err := x.add(&entries[i]); err != nil {
			return nil, fmt.Errorf("read the directory of providers: %q: %w", entries[i].ID, err)
		}
	}
	d := &Directory{builtIn: x}
	d.current.Store(x)
	return d, nil
}

// Add puts one provider beside the built-in ones, behind them in lists, until
// Remove or another Add. It is for a service that this program runs itself.
func (d *Directory) Add(p mailstead.Provider) error {
	d.adding.Lock()
	defer d.adding.Unlock()
	x := &index{
		entries: slices.Clip(d.builtIn.entries), byID: maps.Clone(d.builtIn.byID),
		byDomain: maps.Clone(d.builtIn.byDomain), byHost: maps.Clone(d.builtIn.byHost),
	}
	if err := x.add(&entry{Provider: p, Confidence: "A"}); err != nil {
		return fmt.Errorf("add the provider %q: %w", p.ID, err)
	}
	d.current.Store(x)
	return nil
}

// Remove undoes Add.
func (d *Directory) Remove() {
	d.adding.Lock()
	defer d.adding.Unlock()
	d.current.Store(d.builtIn)
}

func (x *index) add(e *entry) error {
	if e.ID == "" || e.Name == "" || x.byID[e.ID] != nil {
		return fmt.Errorf("it has no id, no name, or an id that is there already")
	}
	e.Incoming = slices.DeleteFunc(e.Incoming, func(s mailstead.Server) bool { return !hasDriver(s.Protocol) })
	for p := range e.Username {
		if !hasDriver(p) {
			delete(e.Username, p)
		}
	}
	if len(e.Templates) > 0 {
		e.Notes = strings.TrimPrefix(e.Notes+"; servers are named like "+strings.Join(e.Templates, " and "), "; ")
	}
	for _, s := range slices.Concat(e.Incoming, e.Outgoing) {
		if err := s.Validate("server"); err != nil {
			return fmt.Errorf("server %s: %w", s, err)
		}
		if have := x.byHost[s.Host]; !slices.Contains(have, e) {
			x.byHost[s.Host] = append(slices.Clip(have), e)
		}
	}
	x.entries = append(x.entries, e)
	x.byID[e.ID] = e
	for _, name := range e.Domains {
		if other := x.byDomain[name]; other != nil {
			return fmt.Errorf("domain %s belongs to %q already", name, other.ID)
		}
		x.byDomain[name] = e
	}
	return nil
}

// hasDriver reports whether Mailstead speaks p; what it does not speak is not
// offered.
func hasDriver(p mailstead.Protocol) bool {
	return p == mailstead.IMAP || p == mailstead.POP3 || p == mailstead.SMTP
}

// Providers returns all providers in the directory's order, well-known ones
// first. The caller may keep the slice but not write into its elements.
func (d *Directory) Providers() []mailstead.Provider {
	entries := d.current.Load().entries
	out := make([]mailstead.Provider, len(entries))
	for i, e := range entries {
		out[i] = e.Provider
	}
	return out
}

// Provider returns the provider with the id.
func (d *Directory) Provider(id mailstead.ProviderID) (mailstead.Provider, bool) {
	return found(d.current.Load().byID[id])
}

// Find returns the provider that a mail domain belongs to.
func (d *Directory) Find(domain string) (mailstead.Provider, bool) {
	return found(d.current.Load().byDomain[strings.ToLower(domain)])
}

// ByHosts returns the first provider whose servers have all of the host names:
// servers typed by hand are recognised by it.
func (d *Directory) ByHosts(hosts ...string) (mailstead.Provider, bool) {
	if len(hosts) == 0 {
		return mailstead.Provider{}, false
	}
	for _, e := range d.current.Load().byHost[hosts[0]] {
		if d.HasHosts(e.ID, hosts...) {
			return e.Provider, true
		}
	}
	return mailstead.Provider{}, false
}

func found(e *entry) (mailstead.Provider, bool) {
	if e == nil {
		return mailstead.Provider{}, false
	}
	return e.Provider, true
}

// HasHosts reports whether all the host names are servers of the provider.
func (d *Directory) HasHosts(id mailstead.ProviderID, hosts ...string) bool {
	x := d.current.Load()
	e := x.byID[id]
	return e != nil && len(hosts) > 0 &&
		!slices.ContainsFunc(hosts, func(h string) bool { return !slices.Contains(x.byHost[h], e) })
}
