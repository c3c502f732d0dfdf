package pop3

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/mailstead/mailstead"
)

// The limits under the parser. A server that goes over one loses the connection,
// never our memory.
const (
	// maxLine bounds a line outside of mails; RFC 2449 section 4 allows 512 bytes.
	maxLine = 8 << 10
	// maxList bounds a multi-line answer that is not a mail.
	maxList = 64 << 20
	// maxHeader is how much of a mail is kept when only its header is asked for.
	maxHeader = 256 << 10
	// maxSkip bounds what is read only to be thrown away.
	maxSkip = 1 << 30
	// minProgress is what a server must send within maxWaiting of our waiting: one
	// that sends byte by byte would keep us for ever.
	minProgress = 1 << 20
	maxWaiting  = 10 * time.Minute
)

var (
	errLine    = errors.New("pop3: a line of the server is too long")
	errFlood   = errors.New("pop3: the server sends more than was asked for")
	errGarbled = errors.New("pop3: the server's answer is none")
	errDrip    = &mailstead.Error{
		Kind: mailstead.KindTemporary, Code: "net.timeout", Op: "pop3.Read", Text: "The server answers too slowly.",
	}
)

// reader understands the framing of POP3, lines and multi-line answers, and
// nothing else (RFC 1939 section 3).
type reader struct {
	br *bufio.Reader
	// watch counts the server's progress.
	watch *watch
}

func newReader(src io.Reader, now func() time.Time) reader {
	w := &watch{src: src, now: now}
	return reader{br: bufio.NewReaderSize(w, maxLine), watch: w}
}

// watch reads and watches over the server's progress.
type watch struct {
	src    io.Reader
	now    func() time.Time
	waited time.Duration
	came   int
}

func (w *watch) Read(b []byte) (int, error) {
	start := w.now()
	n, err := w.src.Read(b)
	w.waited += w.now().Sub(start)
	w.came += n
	if w.waited > maxWaiting {
		if w.came < minProgress {
			return 0, errDrip
		}
		w.patient()
	}
	return n, err
}

// patient starts watching anew.
func (w *watch) patient() { w.waited, w.came = 0, 0 }

// buffered tells how many bytes were read and not used.
func (r *reader) buffered() int { return r.br.Buffered() }

// line reads one line without its end. It is valid until the next read.
func (r *reader) line() ([]byte, error) {
	line, err := r.br.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, errLine
	case errors.Is(err, io.EOF) && len(line) > 0:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// lines hands every line of a multi-line answer to on, without line ends and
// byte-stuffing, until the line with a dot alone.
func (r *reader) lines(on func(line []byte)) error {
	for budget := maxList; ; {
		line, err := r.line()
		if err != nil {
			return err
		}
		if len(line) == 1 && line[0] == '.' {
			return nil
		}
		if budget -= len(line) + 2; budget < 0 {
			return errFlood
		}
		on(bytes.TrimPrefix(line, []byte(".")))
	}
}

// body reads a mail up to the line with a dot alone and undoes the byte-stuffing;
// the bytes are otherwise as they came. Over limit bytes nothing is kept but the
// count: data is nil.
func (r *reader) body(limit, guess int64) (data []byte, size int64, err error) {
	data = make([]byte, 0, min(max(guess, 0), limit, 16<<20)+512)
	for begin := true; ; {
		part, err := r.br.ReadSlice('\n')
		whole := err == nil
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil, 0, io.ErrUnexpectedEOF
		case err != nil:
			return nil, 0, err
		}
		if begin && part[0] == '.' {
			if whole && len(bytes.TrimRight(part, "\r\n")) == 1 {
				return data, size, nil
			}
			part = part[1:] // RFC 1939 section 3: byte-stuffed
		}
		begin = whole
		if size += int64(len(part)); size > maxSkip {
			return nil, 0, errFlood
		}
		if size > limit {
			data = nil
			continue
		}
		data = append(data, part...)
	}
}

// head reads the beginning of a mail up to the end of its header, and skips the
// rest.
func (r *reader) head() ([]byte, error) {
	head := make([]byte, 0, 4<<10)
	size, inside := 0, true
	for begin := true; ; {
		part, err := r.br.ReadSlice('\n')
		whole := err == nil
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		if begin && whole {
			switch text := bytes.TrimRight(part, "\r\n"); {
			case len(text) == 1 && text[0] == '.':
				return head, nil
			case len(text) == 0:
				inside = false
			}
		}
		if begin && part[0] == '.' {
			part = part[1:]
		}
		begin = whole
		if size += len(part); size > maxSkip {
			return nil, errFlood
		}
		if inside && len(head)+len(part) <= maxHeader {
			head = append(head, part...)
		}
	}
}
