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

// Directory is the built-in directory of mail services, with those that
// administrators added and what Add adds. It may be used from many goroutines.
type Directory struct {
	// changing is held while the index is replaced.
	changing sync.Mutex
	builtIn  []*entry
	// own are the providers of administrators, added is that of Add or nil.
	own    []*entry
	added  *entry
	hidden map[mailstead.ProviderID]bool

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
	var entries []*entry
	dec := json.NewDecoder(bytes.NewReader(providersJSON))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&entries); err != nil {
		return nil, fmt.Errorf("read the directory of providers: %w", err)
	}
	for _, e := range entries {
		if e.ID.Own() || e.Own {
			return nil, fmt.Errorf("read the directory of providers: %q is an id for providers of administrators", e.ID)
		}
		if len(e.Templates) > 0 {
			e.Notes = strings.TrimPrefix(e.Notes+"; servers are named like "+strings.Join(e.Templates, " and "), "; ")
		}
		if err := e.instruct(); err != nil {
			return nil, fmt.Errorf("read the directory of providers: %q: %w", e.ID, err)
		}
		e.offerable()
	}
	d := &Directory{builtIn: entries}
	if err := d.rebuild(); err != nil {
		return nil, fmt.Errorf("read the directory of providers: %w", err)
	}
	return d, nil
}

// rebuild puts everything that d has into a new index: the providers of
// administrators first, then the built-in ones, then the one that was added.
func (d *Directory) rebuild() error {
	x := &index{
		byID:     make(map[mailstead.ProviderID]*entry),
		byDomain: make(map[string]*entry),
		byHost:   make(map[string][]*entry),
	}
	all := slices.Concat(d.own, d.builtIn)
	if d.added != nil {
		all = append(all, d.added)
	}
	for _, e := range all {
		if d.hidden[e.ID] != e.Hidden {
			// What is in use is never changed.
			other := *e
			other.Hidden = d.hidden[e.ID]
			e = &other
		}
		if err := x.add(e); err != nil {
			return fmt.Errorf("%q: %w", e.ID, err)
		}
	}
	d.current.Store(x)
	return nil
}

// Add puts one provider beside the built-in ones, behind them in lists, until
// Remove or another Add. It is for a service that this program runs itself.
func (d *Directory) Add(p mailstead.Provider) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	was := d.added
	d.added = newEntry(p)
	if err := d.rebuild(); err != nil {
		d.added = was
		return fmt.Errorf("add the provider %w", err)
	}
	return nil
}

// Remove undoes Add.
func (d *Directory) Remove() {
	d.changing.Lock()
	defer d.changing.Unlock()
	d.added = nil
	_ = d.rebuild() // Less than what was in use before has no error.
}

// SetOwn replaces the providers that administrators added, and says which
// providers are not offered for new connections, built-in ones too. Their domains
// are found in the table of domains. After an error nothing has changed.
func (d *Directory) SetOwn(own []mailstead.Provider, hidden []mailstead.ProviderID) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	wasOwn, wasHidden := d.own, d.hidden
	d.own, d.hidden = nil, make(map[mailstead.ProviderID]bool)
	for i := range own {
		d.own = append(d.own, newEntry(own[i]))
	}
	for _, id := range hidden {
		d.hidden[id] = true
	}
	if err := d.rebuild(); err != nil {
		d.own, d.hidden = wasOwn, wasHidden
		return fmt.Errorf("use the providers of administrators: %w", err)
	}
	return nil
}

func newEntry(p mailstead.Provider) *entry {
	e := &entry{Provider: p, Confidence: "A"}
	e.Incoming, e.Username = slices.Clone(e.Incoming), maps.Clone(e.Username)
	e.offerable()
	return e
}

// offerable leaves out what there is no driver for.
func (e *entry) offerable() {
	e.Incoming = slices.DeleteFunc(e.Incoming, func(s mailstead.Server) bool { return !hasDriver(s.Protocol) })
	for p := range e.Username {
		if !hasDriver(p) {
			delete(e.Username, p)
		}
	}
}

func (x *index) add(e *entry) error {
	if e.ID == "" || e.Name == "" || x.byID[e.ID] != nil {
		return fmt.Errorf("it has no id, no name, or an id that is there already")
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
	if e.Own {
		return nil // The table of domains leads to it.
	}
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

// Providers returns all providers, those of administrators first, then in the
// directory's order, well-known ones first. Hidden ones are marked. The caller may keep the slice but not write into its elements.
func (d *Directory) Providers() []mailstead.Provider {
	entries := d.current.Load().entries
	out := make([]mailstead.Provider, len(entries))
	for i, e := range entries {
		out[i] = e.Provider
	}
	return out
}

// Provider returns the provider with the id, hidden or not.
func (d *Directory) Provider(id mailstead.ProviderID) (mailstead.Provider, bool) {
	return found(d.current.Load().byID[id])
}

// Public reports whether the built-in directory has a mail domain: its addresses
// are for everybody, so nobody's choice says anything about those of others.
func (d *Directory) Public(domain string) bool {
	_, ok := d.Find(domain)
	return ok
}

// Find returns the provider that a mail domain belongs to, hidden or not.
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
