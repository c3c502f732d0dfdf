package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

// secretBody is a request body with the secrets that mailstead.Secret itself
// refuses to marshal.
type secretBody struct {
	body    any
	secrets map[string]mailstead.Secret
}

// MarshalJSON writes the body as the service expects it, secrets in the clear:
// it goes through the socket of the same user, or stays in this process.
func (s secretBody) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(s.body)
	if err != nil {
		return nil, err
	}
	fields := make(map[string]any)
	if err := json.Unmarshal(b, &fields); err != nil {
		return nil, err
	}
	for name, secret := range s.secrets {
		fields[name] = secret.Reveal()
	}
	return json.Marshal(fields)
}

// get asks the installation for path and shows the answer.
func get[T any](ctx context.Context, c *cli, path string, text func(io.Writer, T)) error {
	return c.withClient(ctx, func(cl *client) error { return ask(ctx, c, cl, http.MethodGet, path, nil, text) })
}

// fact is get for what Mailstead knows about the world.
func fact[T any](ctx context.Context, c *cli, path string, text func(io.Writer, T)) error {
	return c.withFacts(ctx, func(cl *client) error { return ask(ctx, c, cl, http.MethodGet, path, nil, text) })
}

// ask sends one request and shows the answer.
func ask[T any](ctx context.Context, c *cli, cl *client, method, path string, body any, text func(io.Writer, T), headers ...header) error {
	raw, err := cl.raw(ctx, method, path, body, headers...)
	if err != nil {
		return err
	}
	var out T
	return c.show(raw, &out, func(w io.Writer) { text(w, out) })
}

// listAll shows every page of a list: with --json one item a line.
func listAll[T any](ctx context.Context, c *cli, cl *client, path, head string, line func(io.Writer, T)) error {
	u, err := url.Parse(path)
	if err != nil {
		return err
	}
	q := u.Query()
	first := true
	for {
		var p page[json.RawMessage]
		u.RawQuery = q.Encode()
		if err := cl.call(ctx, http.MethodGet, u.String(), nil, &p); err != nil {
			return err
		}
		if err := c.showItems(p.Items, head, first, func(w io.Writer, raw json.RawMessage) error {
			var item T
			if err := json.Unmarshal(raw, &item); err != nil {
				return err
			}
			line(w, item)
			return nil
		}); err != nil {
			return err
		}
		if p.Next == "" {
			return nil
		}
		first = false
		q.Set("cursor", p.Next)
	}
}

func (c *cli) showItems(items []json.RawMessage, head string, first bool, line func(io.Writer, json.RawMessage) error) error {
	if c.json {
		for _, raw := range items {
			if err := c.show(raw, nil, nil); err != nil {
				return err
			}
		}
		return nil
	}
	var err error
	return errors.Join(err, c.show(nil, nil, func(w io.Writer) {
		if first {
			fmt.Fprint(w, head)
		}
		for _, raw := range items {
			if err == nil {
				err = line(w, raw)
			}
		}
	}))
}

// doctorAnswer is what doctor --json prints.
type doctorAnswer struct {
	OK    bool                `json:"ok"`
	Sides []*mailstead.Report `json:"sides"`
}

// test runs a connection test and shows its reports. A side that fails is an
// error, so that scripts notice.
func (c *cli) test(ctx context.Context, cl *client, path string, body any) error {
	raw, err := cl.raw(ctx, http.MethodPost, path, body)
	if err != nil {
		return c.testFailed(err)
	}
	return c.showTest(raw)
}

func (c *cli) showTest(raw []byte) error {
	var r api.TestResult
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("understand the answer of the service: %w", err)
	}
	if err := c.showReports(&r); err != nil {
		return err
	}
	for _, side := range []*mailstead.Report{r.Incoming, r.Outgoing} {
		if side != nil && !side.OK {
			return fmt.Errorf("%w: %w", errShown, failed(side))
		}
	}
	return nil
}

// failed is a failed report as an error.
func failed(r *mailstead.Report) error {
	e := &mailstead.Error{Kind: mailstead.KindPermanent, Code: "test.failed", Text: "The connection test failed."}
	if f := r.Failure(); f != nil && f.Code != "" {
		e.Kind, e.Code, e.Text = mailstead.ParseKind(f.Kind), f.Code, f.Cause
	}
	return e
}

// testFailed shows the reports that a problem carries and returns the problem.
func (c *cli) testFailed(err error) error {
	var p *apiError
	if !errors.As(err, &p) {
		return err
	}
	if p.problem.Reports != nil && !c.json {
		if serr := c.showReports(p.problem.Reports); serr != nil {
			return errors.Join(err, serr)
		}
	}
	return err
}

func (c *cli) showReports(r *api.TestResult) error {
	a := doctorAnswer{OK: r.OK}
	for _, side := range []*mailstead.Report{r.Incoming, r.Outgoing} {
		if side != nil {
			a.Sides = append(a.Sides, side)
		}
	}
	raw, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return c.show(raw, nil, func(w io.Writer) { writeReports(w, r) })
}

// writeReports writes both sides of a connection test, stage by stage.
func writeReports(w io.Writer, r *api.TestResult) {
	if r == nil {
		return
	}
	for _, side := range []*mailstead.Report{r.Incoming, r.Outgoing} {
		if side == nil {
			continue
		}
		fmt.Fprintf(w, "%s by %s at %s\n", side.Side, side.Protocol, side.Server)
		for i := range side.Stages {
			s := &side.Stages[i]
			if s.OK {
				fmt.Fprintf(w, "  ok\t%s\t%d ms\n", s.Stage, s.MS)
				continue
			}
			fmt.Fprintf(w, "  failed\t%s\t%d ms\t%s\n", s.Stage, s.MS, s.Code)
			fmt.Fprintf(w, "    %s %s\n", s.Cause, s.Action)
			if s.Server != "" {
				fmt.Fprintf(w, "    The server said: %s\n", s.Server)
			}
			writeChain(w, s.Chain)
		}
	}
}
