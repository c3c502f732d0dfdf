package mailtest_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead/mailtest"
)

func TestZone(t *testing.T) {
	long := strings.Repeat("v=spf1 ", 60)
	known := mailtest.Zone{
		"firm.example MX mx.firm.example.", "firm.example TXT " + long, "mx.firm.example A 127.0.0.1", "mx.firm.example AAAA ::1",
		"_imaps._tcp.firm.example SRV 993 mx.firm.example.", "broken.example FAIL",
	}
	r := known.Resolver(t)
	mx, err := r.LookupMX(t.Context(), "Firm.Example")
	if d := cmp.Diff([]*net.MX{{Host: "mx.firm.example.", Pref: 10}}, mx); d != "" || err != nil {
		t.Errorf("MX: %v (-want +got):\n%s", err, d)
	}
	if txt, err := r.LookupTXT(t.Context(), "firm.example"); err != nil || len(txt) != 1 || txt[0] != long {
		t.Errorf("TXT %q, %v", txt, err)
	}
	if ips, err := r.LookupHost(t.Context(), "mx.firm.example"); err != nil || len(ips) != 2 {
		t.Errorf("addresses %q, %v", ips, err)
	}
	if _, srv, err := r.LookupSRV(t.Context(), "imaps", "tcp", "firm.example"); err != nil || len(srv) != 1 || srv[0].Port != 993 {
		t.Errorf("SRV %v, %v", srv, err)
	}
	for name, missing := range map[string]bool{"nobody.example": true, "broken.example": false} {
		_, err := r.LookupMX(t.Context(), name)
		if e := new(net.DNSError); !errors.As(err, &e) || e.IsNotFound != missing {
			t.Errorf("%s: %v", name, err)
		}
	}
	every := known.Without("mx.", "broken.").With("* A 127.0.0.2").Resolver(t)
	if ips, err := every.LookupHost(t.Context(), "mx.firm.example"); err != nil || len(ips) != 1 || ips[0] != "127.0.0.2" {
		t.Errorf("addresses %q, %v", ips, err)
	}
	if _, err := every.LookupHost(t.Context(), "firm.example"); err == nil {
		t.Error("a name with lines of its own has those of every name")
	}
}
