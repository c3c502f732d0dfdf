package imap

import "strconv"

// piece is a part of a command: text as it stands, or a literal.
type piece struct {
	text    string
	literal []byte
}

// stringPiece writes s quoted where that is possible, else as a literal.
func stringPiece(s string) piece {
	if b, ok := appendString(nil, s); ok {
		return piece{text: string(b)}
	}
	return piece{literal: []byte(s)}
}

// runPieces sends a command that may hold literals and waits for its end. The
// server is asked before each literal unless it has said that it need not be
// (RFC 7888).
func (c *conn) runPieces(pieces []piece, on func(answer)) (status, error) {
	c.tags++
	tag := "a" + strconv.Itoa(c.tags)
	line := append([]byte(tag), ' ')
	for _, p := range pieces {
		if p.literal == nil {
			line = append(line, p.text...)
			continue
		}
		unasked := c.has("LITERAL+") || (c.has("LITERAL-") && len(p.literal) <= 4096)
		line = append(line, '{')
		line = strconv.AppendInt(line, int64(len(p.literal)), 10)
		if unasked {
			line = append(line, '+')
		}
		line = append(line, "}\r\n"...)
		if err := c.write(line); err != nil {
			return status{}, err
		}
		line = line[:0]
		if !unasked {
			if st, done, err := c.awaitGo(tag, on); done || err != nil {
				return st, err
			}
		}
		if err := c.write(p.literal); err != nil {
			return status{}, err
		}
	}
	if err := c.write(append(line, "\r\n"...)); err != nil {
		return status{}, err
	}
	return c.await(tag, on)
}

// awaitGo waits for the continuation request before a literal; done tells that
// the server ended the command instead.
func (c *conn) awaitGo(tag string, on func(answer)) (st status, done bool, err error) {
	for {
		a, err := c.read()
		switch {
		case err != nil:
			return status{}, false, err
		case a.tag == "+":
			return status{}, false, nil
		case a.tag == tag:
			return a.st, true, nil
		case a.tag == "" && on != nil:
			on(a)
		}
	}
}
