package discover_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

func directory(t *testing.T) *discover.Directory {
	t.Helper()
	d, err := discover.New()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The file keeps more than the directory offers; its facts are checked as they
// are written.
func TestProvidersFile(t *testing.T) {
	b, err := os.ReadFile("providers.json")
	if err != nil {
		t.Fatal(err)
	}
	type oauth struct {
		Issuer    string   `json:"issuer"`
		AuthURL   string   `json:"auth_url"`
		TokenURL  string   `json:"token_url"`
		DeviceURL string   `json:"device_url"`
		Scopes    []string `json:"scopes"`
		Note      string   `json:"note"`
	}
	var file []struct {
		mailstead.Provider
		HostsDomains bool     `json:"hosts_domains"`
		Templates    []string `json:"templates"`
		OAuth        *oauth   `json:"oauth"`
		Sources      []string `json:"sources"`
		Confidence   string   `json:"confidence"`
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if len(file) < 130 {
		t.Errorf("the directory has %d providers, want at least 130", len(file))
	}
	name := regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	ids, domains := map[mailstead.ProviderID]bool{}, map[string]mailstead.ProviderID{}
	for _, p := range file {
		if p.ID == "" || p.Name == "" || ids[p.ID] {
			t.Errorf("%q %q: no id, no name, or an id that is there already", p.ID, p.Name)
		}
		ids[p.ID] = true
		if !slices.Contains([]string{"freemail", "business", "hosting", "isp", "relay", "pec", "selfhosted"}, p.Kind) {
			t.Errorf("%s: kind %q", p.ID, p.Kind)
		}
		if !slices.Contains([]string{"ok", "prep", "broken"}, p.Status) {
			t.Errorf("%s: status %q", p.ID, p.Status)
		}
		for _, d := range slices.Concat(p.Domains, p.MXSuffixes) {
			if !name.MatchString(d) {
				t.Errorf("%s: domain %q", p.ID, d)
			}
		}
		for _, d := range p.Domains {
			if other, taken := domains[d]; taken {
				t.Errorf("%s: domain %s belongs to %s", p.ID, d, other)
			}
			domains[d] = p.ID
		}
		for _, s := range slices.Concat(p.Incoming, p.Outgoing) {
			if err := s.Validate("server"); err != nil {
				t.Errorf("%s: %s: %v", p.ID, s, err)
			}
			if s.Security == mailstead.SecurityNone {
				t.Errorf("%s: %s is not encrypted", p.ID, s)
			}
		}
		for _, s := range p.Incoming {
			if s.Protocol != mailstead.IMAP && s.Protocol != mailstead.POP3 {
				t.Errorf("%s: incoming %s speaks %s", p.ID, s, s.Protocol)
			}
		}
		for _, s := range p.Outgoing {
			if s.Protocol != mailstead.SMTP {
				t.Errorf("%s: outgoing %s speaks %s", p.ID, s, s.Protocol)
			}
		}
		for protocol, form := range p.Username {
			if !slices.Contains([]mailstead.UsernameForm{mailstead.UsernameEmail, mailstead.UsernameLocal, mailstead.UsernameCustom}, form) {
				t.Errorf("%s: %s user name %q", p.ID, protocol, form)
			}
		}
		for _, link := range []string{p.AppPasswordURL, p.EnableURL} {
			if u, err := url.Parse(link); err != nil || (link != "" && (u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"))) {
				t.Errorf("%s: link %q", p.ID, link)
			}
		}
		if p.Status == "broken" && p.Notes == "" {
			t.Errorf("%s: broken without a reason", p.ID)
		}
		if !slices.Contains([]string{"A", "B", "C"}, p.Confidence) {
			t.Errorf("%s: confidence %q", p.ID, p.Confidence)
		}
	}
}

func TestProvidersOfferOnlyWhatHasADriver(t *testing.T) {
	for _, p := range directory(t).Providers() {
		for _, s := range p.Incoming {
			if s.Protocol != mailstead.IMAP && s.Protocol != mailstead.POP3 {
				t.Errorf("%s offers %s by %s", p.ID, s, s.Protocol)
			}
		}
		imap := slices.IndexFunc(p.Incoming, func(s mailstead.Server) bool { return s.Protocol == mailstead.IMAP })
		if imap > 0 {
			t.Errorf("%s offers %s before IMAP", p.ID, p.Incoming[0])
		}
	}
}

func TestProviderFacts(t *testing.T) {
	d := directory(t)
	saves := []mailstead.ProviderID{}
	for _, p := range d.Providers() {
		if p.SavesSent {
			saves = append(saves, p.ID)
		}
	}
	if want := []mailstead.ProviderID{"gmail", "google-workspace", "outlook.com", "microsoft365"}; !slices.Equal(saves, want) {
		t.Errorf("providers that save sent mail: got %v, want %v", saves, want)
	}
	spectrum, _ := d.Provider("spectrum")
	odd := mailstead.Server{Protocol: mailstead.SMTP, Host: "mobile.charter.net", Port: 587, Security: mailstead.SecurityTLS}
	if !slices.Contains(spectrum.Outgoing, odd) {
		t.Errorf("spectrum: got %v, want %v: the port does not tell the security", spectrum.Outgoing, odd)
	}
	workmail, _ := d.Provider("workmail")
	if len(workmail.Incoming)+len(workmail.Outgoing) > 0 {
		t.Errorf("workmail: servers with a placeholder are offered: %v %v", workmail.Incoming, workmail.Outgoing)
	}
	if want := "imap.mail.{region}.awsapps.com"; !bytes.Contains([]byte(workmail.Notes), []byte(want)) {
		t.Errorf("workmail: the notes do not show %s: %q", want, workmail.Notes)
	}
}

func TestFindByDomainAndHosts(t *testing.T) {
	d := directory(t)
	if p, ok := d.Find("GoogleMail.com"); !ok || p.ID != "gmail" {
		t.Errorf("Find(GoogleMail.com) = %s, %t", p.ID, ok)
	}
	if p, ok := d.Find("example.com"); ok {
		t.Errorf("Find(example.com) = %s", p.ID)
	}
	if p, ok := d.ByHosts("imap.gmail.com", "smtp.gmail.com"); !ok || p.ID != "gmail" {
		t.Errorf("ByHosts of Gmail = %s, %t", p.ID, ok)
	}
	if p, ok := d.ByHosts("imap.gmail.com", "smtp.example.com"); ok {
		t.Errorf("ByHosts of two services = %s", p.ID)
	}
	if _, ok := d.ByHosts(); ok {
		t.Error("ByHosts of nothing found something")
	}
	if !d.HasHosts("google-workspace", "smtp-relay.gmail.com") || d.HasHosts("gmail", "smtp-relay.gmail.com") || d.HasHosts("nobody", "x") {
		t.Error("HasHosts does not know the hosts of Google")
	}
}

func TestAddAndRemove(t *testing.T) {
	d := directory(t)
	before := d.Providers()
	demo := mailstead.Provider{
		ID: "demo", Name: "Demo mail", Domains: []string{"demo.example"}, Status: "ok", Auth: []string{"pw"},
		Incoming: []mailstead.Server{{Protocol: mailstead.IMAP, Host: "imap.demo.example", Port: 993, Security: mailstead.SecurityTLS}},
		Outgoing: []mailstead.Server{{Protocol: mailstead.SMTP, Host: "smtp.gmail.com", Port: 465, Security: mailstead.SecurityTLS}},
	}
	for range 2 {
		if err := d.Add(demo); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.Providers(); len(got) != len(before)+1 || got[len(before)].ID != "demo" {
		t.Errorf("got %d providers, want one more than %d", len(got), len(before))
	}
	if p, ok := d.Find("demo.example"); !ok || p.ID != "demo" {
		t.Errorf("Find(demo.example) = %s, %t", p.ID, ok)
	}
	if p, ok := d.ByHosts("imap.demo.example", "smtp.gmail.com"); !ok || p.ID != "demo" {
		t.Errorf("ByHosts of the demo = %s, %t", p.ID, ok)
	}
	for name, wrong := range map[string]mailstead.Provider{
		"no name":     {ID: "x"},
		"a known id":  {ID: "gmail", Name: "x"},
		"a taken one": {ID: "x", Name: "x", Domains: []string{"gmail.com"}},
	} {
		if err := d.Add(wrong); err == nil {
			t.Errorf("%s: was added", name)
		}
	}
	d.Remove()
	if got := d.Providers(); len(got) != len(before) {
		t.Errorf("got %d providers after the end, want %d", len(got), len(before))
	}
	if _, ok := d.ByHosts("imap.demo.example"); ok {
		t.Error("the hosts are still known")
	}
	if p, ok := d.ByHosts("smtp.gmail.com"); !ok || p.ID != "gmail" {
		t.Errorf("ByHosts of Gmail = %s, %t", p.ID, ok)
	}
}
