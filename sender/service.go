package sender

import (
	_ "embed" // services.json
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed services.json
var servicesFile []byte

// service is what a mail service publishes of what its customers' domains need.
type service struct {
	Name string `json:"name"`
	// Hosts are its outgoing servers, or domains of them.
	Hosts []string `json:"hosts"`
	// Include names its SPF records, the one to add first.
	Include []string `json:"include"`
	// MX are its mail exchangers where they are the same for all domains.
	MX []string `json:"mx"`
	// Selectors are the usual names of its keys.
	Selectors []string `json:"selectors"`
	// OwnReturnPath tells that it puts a return path of its own into mail, so that SPF
	// of the customer's domain is not asked for.
	OwnReturnPath bool `json:"own_return_path"`
	// Source is where it says so.
	Source string `json:"source"`
}

func readServices() (all []service, err error) {
	if err := json.Unmarshal(servicesFile, &all); err != nil {
		return nil, fmt.Errorf("read services.json: %w", err)
	}
	return all, nil
}

// byHost finds the service that an outgoing server belongs to.
func byHost(all []service, host string) (service, bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, s := range all {
		for _, h := range s.Hosts {
			if under(host, h) {
				return s, true
			}
		}
	}
	return service{}, false
}
