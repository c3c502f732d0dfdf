package imap

import (
	"bytes"
	"errors"
	"io"
	"math"
	"time"

	"github.com/mailstead/mailstead"
)

// The limits under the parser. A server that goes over one loses the connection,
// never our memory.
const (
	// maxLine bounds what a response holds beside its literals.
	maxLine = 1 << 20
	// maxLiteral bounds literals other than bodies of mails.
	maxLiteral = 64 << 10
	// maxLiterals bounds the literals of one response.
	maxLiterals = 64
	// maxSkip bounds a literal that is read only to be thrown away.
	maxSkip = 1 << 30
	// baseBudget bounds what one command may bring beside the bodies of mails.
	baseBudget = 16 << 20
	// lineCost is what a line costs of the budget beside its length: looking at
	// an empty one is work, too.
	lineCost = 32
	// minProgress is what a server must send within maxWaiting of our waiting:
	// one that sends byte by byte would keep us for ever.
	minProgress = 1 << 20
	maxWaiting  = 10 * time.Minute
	// smallBuffer is enough for the lines of a quiet connection, bulkBuffer is
	// for fetching.
	smallBuffer = 512
	bulkBuffer  = 64 << 10
)

var (
	errLine    = errors.New("imap: a line of the server is too long")
	errLiteral = errors.New("imap: a literal of the server is too long")
	errFlood   = errors.New("imap: the server sends more than was asked for")
	errDrip    = &mailstead.Error{
		Kind: mailstead.KindTemporary, Code: "net.timeout", Op: "imap.Read", Text: "The server answers too slowly.",
	}
)

// reader understands the framing of IMAP, lines and literals, and nothing else
// (RFC 9051 section 2.2). Its buffer is as small as the work allows: while a
// connection idles only smallBuffer bytes are held.
type reader struct {
	src io.Reader
	// buf[r:w] was read and not yet used.
	buf  []byte
	r, w int
	// size is the length that buf gets when it is next made.
	size int
	// literal is the limit of a literal's length: longer ones are skipped.
	literal int64
	// budget is how many bytes beside kept literals may still come.
	budget int64
	// now is the clock; waited is how long we have waited for the came bytes.
	now    func() time.Time
	waited time.Duration
	came   int
}

// response is one response of the server: its lines without line ends in text,
// its literals beside them.
type response struct {
	text []byte
	// cuts[i] is the place in text where lits[i] belongs.
	cuts []int
	lits []literal
}

// literal is a string of counted bytes; data is nil when it was over the limit.
type literal struct {
	data []byte
	size int64
}

// buffered tells how many bytes were read and not used.
func (r *reader) buffered() int { return r.w - r.r }

// resize sets the buffer's length from now on. What is in it stays.
func (r *reader) resize(size int) {
	r.size = size
	switch n := r.buffered(); {
	case n == 0:
		r.buf, r.r, r.w = nil, 0, 0
	case n <= size && size < len(r.buf):
		copy(r.buf, r.buf[r.r:r.w])
		r.r, r.w = 0, n
		r.grow(size)
	}
}

// fill reads once, making room first.
func (r *reader) fill() error {
	if r.r > 0 {
		copy(r.buf, r.buf[r.r:r.w])
		r.r, r.w = 0, r.w-r.r
	}
	switch {
	case len(r.buf) < r.size:
		r.grow(r.size)
	case r.w == len(r.buf):
		r.grow(2 * len(r.buf))
	}
	n, err := r.read(r.buf[r.w:])
	r.w += n
	if n > 0 {
		return nil
	}
	return err
}

// read reads once and watches over the server's progress.
func (r *reader) read(b []byte) (int, error) {
	start := r.now()
	n, err := r.src.Read(b)
	r.waited += r.now().Sub(start)
	r.came += n
	if r.waited > maxWaiting {
		if r.came < minProgress {
			return 0, errDrip
		}
		r.patient()
	}
	if n == 0 && err == nil {
		err = io.ErrNoProgress
	}
	return n, err
}

// patient starts watching anew.
func (r *reader) patient() { r.waited, r.came = 0, 0 }

// grow makes the buffer anew with length n; what is in it must start at 0.
func (r *reader) grow(n int) {
	buf := make([]byte, n)
	copy(buf, r.buf[:r.w])
	r.buf = buf
}

// wait returns when something can be read. A timeout does no harm: wait may be
// called again.
func (r *reader) wait() error {
	if r.buffered() > 0 {
		return nil
	}
	defer r.patient()
	return r.fill()
}

// line returns the next line without its end, valid until the next call. A line
// may end with a bare LF.
func (r *reader) line() ([]byte, error) {
	for seen := 0; ; {
		if i := bytes.IndexByte(r.buf[r.r+seen:r.w], '\n'); i >= 0 {
			line := r.buf[r.r : r.r+seen+i]
			r.r += seen + i + 1
			r.budget -= int64(len(line)) + lineCost
			if r.budget < 0 {
				return nil, errFlood
			}
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		if seen = r.buffered(); seen > maxLine {
			return nil, errLine
		}
		if err := r.fill(); err != nil {
			return nil, unexpected(err)
		}
	}
}

// full fills dst, past the buffer where that saves a copy.
func (r *reader) full(dst []byte) error {
	n := copy(dst, r.buf[r.r:r.w])
	r.r += n
	for dst = dst[n:]; len(dst) > 0; dst = dst[n:] {
		var err error
		if len(dst) >= len(r.buf) {
			n, err = r.read(dst)
		} else {
			err = r.fill()
			n = copy(dst, r.buf[r.r:r.w])
			r.r += n
		}
		if err != nil && n < len(dst) {
			return unexpected(err)
		}
	}
	return nil
}

// skip reads n bytes and forgets them.
func (r *reader) skip(n int64) error {
	for n > 0 {
		if r.buffered() == 0 {
			if err := r.fill(); err != nil {
				return unexpected(err)
			}
		}
		k := min(int64(r.buffered()), n)
		r.r += int(k)
		n -= k
	}
	return nil
}

// response reads one response into resp, whose memory is used again. Literals
// are memory of their own.
func (r *reader) response(resp *response) error {
	resp.reset()
	for {
		line, err := r.line()
		if err != nil {
			return err
		}
		if len(resp.text)+len(line) > maxLine {
			return errLine
		}
		resp.text = append(resp.text, line...)
		if len(resp.cuts) == 0 && isText(line) {
			return nil
		}
		n, mark, ok := literalMark(line)
		if !ok {
			return nil
		}
		resp.text = resp.text[:len(resp.text)-mark]
		lit, err := r.readLiteral(n)
		if err != nil {
			return err
		}
		if len(resp.cuts) == maxLiterals {
			return errFlood
		}
		resp.cuts = append(resp.cuts, len(resp.text))
		resp.lits = append(resp.lits, lit)
	}
}

func (r *reader) readLiteral(n int64) (literal, error) {
	if n > r.literal {
		if r.budget -= n; n > maxSkip || r.budget < 0 {
			return literal{}, errLiteral
		}
		return literal{size: n}, r.skip(n)
	}
	data := make([]byte, n)
	return literal{data: data, size: n}, r.full(data)
}

func (resp *response) reset() {
	if cap(resp.text) > bulkBuffer {
		resp.text = nil
	}
	clear(resp.lits)
	resp.text, resp.cuts, resp.lits = resp.text[:0], resp.cuts[:0], resp.lits[:0]
}

// isText tells lines that end in text for people, which holds no literals even
// when it looks like one: status responses and continuation requests (RFC 9051
// sections 7.1 and 7.6).
func isText(line []byte) bool {
	tag, rest, _ := bytes.Cut(line, []byte(" "))
	if string(tag) == "+" {
		return true
	}
	word, _, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	for _, w := range []string{"OK", "NO", "BAD", "BYE", "PREAUTH"} {
		if equalFold(word, w) {
			return true
		}
	}
	return false
}

// literalMark tells whether line ends in the announcement of a literal, "{12}",
// "{12+}" or "~{12}" (RFC 9051 section 4.3), and how many bytes that takes up.
func literalMark(line []byte) (n int64, mark int, ok bool) {
	end := len(line) - 1
	if end < 2 || line[end] != '}' {
		return 0, 0, false
	}
	open := bytes.LastIndexByte(line, '{')
	if open < 0 {
		return 0, 0, false
	}
	digits := bytes.TrimSuffix(line[open+1:end], []byte("+"))
	n, ok = parseNumber(digits)
	if !ok {
		return 0, 0, false
	}
	if open > 0 && line[open-1] == '~' {
		open--
	}
	return n, len(line) - open, true
}

// parseNumber reads a decimal number without sign. One that does not fit is
// MaxInt64: too much for any use we have of it.
func parseNumber(digits []byte) (int64, bool) {
	if len(digits) == 0 {
		return 0, false
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n > (math.MaxInt64-9)/10 {
			n = math.MaxInt64
			continue
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// unexpected makes of a clean end of the connection what it is: a surprise.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// equalFold compares ASCII without case and without making garbage.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if lower(c) != lower(s[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
