package sender

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
)

// maxQuestions is how many questions one check asks at most: names in records of
// strangers lead to others.
const maxQuestions = 150

// asker asks a resolver, by whole names, so that no search list of the machine leads
// to others, and so often at most.
type asker struct {
	resolver Resolver
	asked    atomic.Int32
}

func (a *asker) take(name string) error {
	if a.asked.Add(1) > maxQuestions {
		return &net.DNSError{Err: "too many questions", Name: name, IsTemporary: true}
	}
	return nil
}

// told makes every failure one of DNS: the evaluation of SPF takes what it does not
// know for a mistake in the record.
func told(err error) error {
	var dns *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &dns):
		return dns
	default:
		return &net.DNSError{UnwrapErr: err, Err: err.Error(), IsTemporary: true}
	}
}

func whole(name string) string { return strings.TrimSuffix(name, ".") + "." }

// LookupTXT asks for texts.
func (a *asker) LookupTXT(ctx context.Context, name string) ([]string, error) {
	if err := a.take(name); err != nil {
		return nil, err
	}
	out, err := a.resolver.LookupTXT(ctx, whole(name))
	return out, told(err)
}

// LookupMX asks who takes the mail of a domain.
func (a *asker) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	if err := a.take(name); err != nil {
		return nil, err
	}
	out, err := a.resolver.LookupMX(ctx, whole(name))
	return out, told(err)
}

// LookupIPAddr asks for the addresses of a host.
func (a *asker) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []net.IPAddr{{IP: ip.AsSlice()}}, nil
	}
	if err := a.take(host); err != nil {
		return nil, err
	}
	out, err := a.resolver.LookupIPAddr(ctx, whole(host))
	return out, told(err)
}

// LookupAddr asks for the names of an address.
func (a *asker) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	if err := a.take(addr); err != nil {
		return nil, err
	}
	out, err := a.resolver.LookupAddr(ctx, addr)
	return out, told(err)
}

// texts returns the texts of a name that begin with a version; none is no error.
func (a *asker) texts(ctx context.Context, name string, is func(string) bool) (out []string, err error) {
	all, err := a.LookupTXT(ctx, name)
	if err != nil && !notFound(err) {
		return nil, err
	}
	for _, t := range all {
		if is(t) {
			out = append(out, t)
		}
	}
	return out, nil
}

// notFound tells an answer that there is nothing from no answer.
func notFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
