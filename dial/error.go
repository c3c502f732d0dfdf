package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/mailstead/mailstead"
)

// codeFailed is what nothing more is known of.
const codeFailed = "net.failed"

// Classify turns an error of a look-up, a handshake or a connection into a
// *mailstead.Error with a code of the tables in package diagnose; err stays its
// cause. An error that has a *mailstead.Error in its chain already is returned as
// it is. Drivers use it for what Conn's reads and writes return.
func Classify(op string, err error) error {
	var known *mailstead.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	e := &mailstead.Error{Op: op, Err: err}
	if !describeLookup(e, err) && !describeCertificate(e, err) {
		describeNetwork(e, err)
	}
	return e
}

// describeNetwork tells what became of a connection.
func describeNetwork(e *mailstead.Error, err error) {
	e.Kind = mailstead.KindTemporary
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		e.Code, e.Text = "net.cancelled", "The connection was stopped from our side."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, syscall.ETIMEDOUT), errors.As(err, &timeout) && timeout.Timeout():
		e.Code, e.Text = "net.timeout", "The server did not answer in time."
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Code, e.Text = "net.refused", "The server is there but nothing listens on that port."
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		e.Code, e.Text = "net.reset", "The server cut the connection."
	case isUnreachable(err):
		e.Code, e.Text = "net.unreachable", "There is no network route to the server."
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		e.Code, e.Text = "net.closed", "The server closed the connection without a word."
	default:
		e.Code, e.Text = codeFailed, "The connection to the server failed."
	}
}

func isUnreachable(err error) bool {
	for _, code := range []syscall.Errno{
		syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN,
		syscall.EADDRNOTAVAIL, syscall.EACCES, syscall.EPERM,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// tellingError returns which of two failed attempts at one host says more: an
// address family without a route says least.
func tellingError(have, next error) error {
	if have == nil || (isUnreachable(have) && !isUnreachable(next)) {
		return next
	}
	return have
}

// classifyLookup is Classify for a look-up, whose time-outs say nothing about the
// server.
func classifyLookup(err error) error {
	e := Classify("dial.Connect", err)
	switch mailstead.CodeOf(e) {
	case "dns.not_found", "dns.temporary", "net.cancelled":
		return e
	}
	return &mailstead.Error{
		Kind: mailstead.KindTemporary, Code: "dns.temporary", Op: "dial.Connect",
		Text: "The server name cannot be looked up at the moment.", Err: err,
	}
}

// describeLookup tells what became of a look-up; false when err is of no look-up.
func describeLookup(e *mailstead.Error, err error) bool {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns), errors.Is(err, context.Canceled):
		return false
	case dns.IsNotFound:
		e.Kind, e.Code, e.Text = mailstead.KindPermanent, "dns.not_found", "The server name does not exist."
	default:
		e.Kind, e.Code, e.Text = mailstead.KindTemporary, "dns.temporary", "The server name cannot be looked up at the moment."
	}
	return true
}

// describeCertificate tells what is wrong with a certificate, or with a server
// that has none; false when err is about neither.
func describeCertificate(e *mailstead.Error, err error) bool {
	var (
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
	)
	e.Kind = mailstead.KindPermanent
	switch {
	case errors.As(err, &name):
		e.Code, e.Text = "tls.name_mismatch", "The certificate belongs to another server name"+certificateNames(name.Certificate)+"."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Code, e.Text = "tls.expired", "The server's certificate has run out or is not valid yet."
	case errors.As(err, &verify):
		e.Code, e.Text = "tls.untrusted", "The server's certificate is not from a known authority."
	case errors.As(err, &record):
		e.Code, e.Text = "tls.wrong_mode", "The server does not speak TLS on this port."
	default:
		return false
	}
	return true
}

// classifyHandshake is Classify for a handshake. Alerts have no exported type in
// crypto/tls: they become tls.failed, and package diagnose reads their words.
func classifyHandshake(err error) error {
	e := Classify("dial.TLS", err)
	if mailstead.CodeOf(e) != codeFailed {
		return e
	}
	return &mailstead.Error{
		Kind: mailstead.KindPermanent, Code: "tls.failed", Op: "dial.TLS",
		Text: "The server and we could not agree on encryption.", Err: err,
	}
}

// certificateNames lists the first names of a certificate that a person could
// have meant. They were written by the server: only what looks like a name is
// repeated.
func certificateNames(c *x509.Certificate) string {
	const most = 3
	var names []string
	for _, n := range c.DNSNames {
		if len(names) == most {
			break
		}
		if len(n) <= 253 && strings.Trim(strings.ToLower(n), "abcdefghijklmnopqrstuvwxyz0123456789-_.*") == "" {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}
