// Package smtp sends mail by SMTP submission (RFC 5321, RFC 6409).
//
// A mail goes out in these steps:
//
//  1. dial connects, guarded; TLS at once or after STARTTLS (RFC 3207), never
//     without when it was asked for.
//  2. EHLO tells what the server can do, AUTH (RFC 4954) signs in.
//  3. Per mail MAIL, RCPT … and DATA, in one go where the server knows
//     PIPELINING (RFC 2920).
//  4. The body is written and flushed, the caller told (bodyComplete), and only
//     then goes the final dot. What is lost before it was not sent; what is lost
//     between it and its reply is unknown, and so it is reported.
//
// The client speaks the protocol itself, over one bufio pair, because steps 1
// and 4 need the wire: emersion/go-smtp's client keeps the end of the body in
// its buffer until it writes the dot, takes STARTTLS only with a TLS
// configuration of its own, says EHLO anew after each RSET, reads replies
// without a limit and has no PIPELINING.
package smtp

import (
	"context"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

// Options are what the operator decides about sending. Now is needed.
type Options struct {
	// EHLOName is how we introduce ourselves: a full host name or an address
	// literal. The default is "[127.0.0.1]", the literal that RFC 5321 section
	// 4.1.4 allows a client without a name of its own, and which tells nothing
	// about the machine.
	EHLOName string
	// SignInTimeout bounds the wait for each reply until the sign-in is done;
	// default 1 minute, or ReplyTimeout when that is shorter: people wait for it,
	// and no mail is at stake yet.
	SignInTimeout time.Duration
	// ReplyTimeout bounds the wait for the reply to one command; default 5
	// minutes (RFC 5321 section 4.5.3.2).
	ReplyTimeout time.Duration
	// FinalTimeout bounds the wait for the reply to the final dot; default 10
	// minutes: a server that is given up too early has often taken the mail.
	FinalTimeout time.Duration
	// Now measures the stages of Check.
	Now func() time.Time
}

// Driver is a mailstead.SenderDriver for SMTP.
type Driver struct {
	dialer  *dial.Dialer
	options Options
}

var _ mailstead.SenderDriver = (*Driver)(nil)

// New returns a driver that connects by d; it does no I/O.
func New(d *dial.Dialer, o Options) *Driver {
	if o.EHLOName == "" {
		o.EHLOName = "[127.0.0.1]"
	}
	if o.ReplyTimeout <= 0 {
		o.ReplyTimeout = 5 * time.Minute
	}
	if o.SignInTimeout <= 0 {
		o.SignInTimeout = min(time.Minute, o.ReplyTimeout)
	}
	if o.FinalTimeout <= 0 {
		o.FinalTimeout = 10 * time.Minute
	}
	return &Driver{dialer: d, options: o}
}

// Open signs in, see mailstead.SenderDriver.
func (d *Driver) Open(ctx context.Context, a mailstead.Access) (mailstead.Sender, error) {
	c, err := d.connect(ctx, a, untraced{})
	if err != nil {
		return nil, err
	}
	return &sender{conn: c}, nil
}

// Check signs in and offers from as sender, see mailstead.SenderDriver.
func (d *Driver) Check(ctx context.Context, a mailstead.Access, from string) mailstead.Report {
	t := &reporter{now: d.options.Now, told: a.Told, report: mailstead.Report{
		Side: mailstead.SideOutgoing, Protocol: mailstead.SMTP, Server: a.Server,
	}}
	c, err := d.connect(ctx, a, t)
	if err != nil {
		return t.report
	}
	unbind := c.bind(ctx)
	err = t.step(mailstead.StageSender, func() (string, error) { return c.offer(from) })
	unbind()
	_ = c.close()
	t.report.OK = err == nil
	return t.report
}

// tracer is told of the stages of a sign-in.
type tracer interface {
	// step runs f and records it; f returns the server's own words.
	step(stage mailstead.StageName, f func() (string, error)) error
	// traced records a stage that dial went through.
	traced(stage mailstead.StageName, took time.Duration, err error)
}

type untraced struct{}

func (untraced) traced(mailstead.StageName, time.Duration, error) {}

func (untraced) step(_ mailstead.StageName, f func() (string, error)) error {
	_, err := f()
	return err
}

type reporter struct {
	now    func() time.Time
	told   func(mailstead.Stage)
	report mailstead.Report
}

func (r *reporter) traced(stage mailstead.StageName, took time.Duration, err error) {
	r.add(stage, took, "", err)
}

func (r *reporter) step(stage mailstead.StageName, f func() (string, error)) error {
	start := r.now()
	words, err := f()
	r.add(stage, r.now().Sub(start), words, err)
	return err
}

func (r *reporter) add(stage mailstead.StageName, took time.Duration, words string, err error) {
	r.report.Add(mailstead.Stage{Stage: stage, OK: err == nil, Took: took, MS: took.Milliseconds(), Err: err, Server: words}, r.told)
}
