package dial

import (
	"context"
	"crypto/tls"

	"github.com/mailstead/mailstead"
)

// StartTLS protects a connection whose server has just agreed to it (RFC 3207
// section 4, RFC 9051 section 6.2.1, RFC 2595 section 4). o.Buffered tells what
// the caller has read beyond the server's go-ahead: such bytes came unprotected,
// possibly from somebody in between, so any are an error. After an error c is
// closed; after success only the returned Conn may be used.
func (d *Dialer) StartTLS(ctx context.Context, c *Conn, s mailstead.Server, o Options) (*Conn, error) {
	if o.Buffered > 0 {
		_ = c.Close()
		err := &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "tls.injected", Op: "dial.StartTLS",
			Text: "The server sent unprotected data after it had agreed to encryption.",
		}
		_ = d.step(o, mailstead.StageTLS, func() error { return err })
		return nil, err
	}
	return d.handshake(ctx, c, s, o)
}

func (d *Dialer) handshake(ctx context.Context, c *Conn, s mailstead.Server, o Options) (*Conn, error) {
	t := tls.Client(c.socket, d.tlsConfig(s))
	err := d.step(o, mailstead.StageTLS, func() error {
		ctx, cancel := context.WithTimeout(ctx, d.config.HandshakeTimeout)
		defer cancel()
		if err := t.HandshakeContext(ctx); err != nil {
			return classifyHandshake(err)
		}
		return nil
	})
	if err != nil {
		_ = c.socket.Close()
		return nil, err
	}
	return &Conn{Conn: t, socket: c.socket}, nil
}
