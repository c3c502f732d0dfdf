package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode/utf8"
)

// millis is how a time is stored: milliseconds since 1970 in UTC, 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is the time of stored milliseconds.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// list is a list in a text column, as JSON.
type list[T any] []T

// Value implements driver.Valuer.
func (l list[T]) Value() (driver.Value, error) {
	if len(l) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal([]T(l))
	return string(b), err
}

// Scan implements sql.Scanner.
func (l *list[T]) Scan(src any) error {
	*l = nil
	text, err := columnText(src)
	if err != nil || len(text) <= len("[]") {
		return err
	}
	return json.Unmarshal(text, (*[]T)(l))
}

// object is a value in a text column, as JSON.
type object[T any] struct{ V T }

// Value implements driver.Valuer.
func (o object[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(o.V)
	return string(b), err
}

// Scan implements sql.Scanner.
func (o *object[T]) Scan(src any) error {
	text, err := columnText(src)
	if err != nil || len(text) == 0 {
		return err
	}
	return json.Unmarshal(text, &o.V)
}

func columnText(src any) ([]byte, error) {
	switch t := src.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(t), nil
	case []byte:
		return t, nil
	default:
		return nil, fmt.Errorf("a text column holds %T", src)
	}
}

// clean makes text of a mail or a server fit for a text column: valid UTF-8
// without NUL, which PostgreSQL refuses.
func clean(text string) string {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "")
}

// cut shortens text to at most n bytes at the end of a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// pieces cuts a slice into pieces whose lengths are powers of two up to most, so
// that only a few different statements are ever prepared. most is a power of
// two.
func pieces[T any](all []T, most int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for n := most; len(all) > 0; {
			for n > len(all) {
				n /= 2
			}
			if !yield(all[:n]) {
				return
			}
			all = all[n:]
		}
	}
}

// The most of a piece: PostgreSQL takes 65,535 parameters a statement, SQLite
// 32,766.
const (
	mostRows = 64
	mostIDs  = 1024
)

// marks returns rows times "(?,…)" with columns parameters each.
func marks(rows, columns int) string {
	row := "(" + params(columns) + "),"
	return strings.TrimSuffix(strings.Repeat(row, rows), ",")
}

// params returns n parameters, separated by commas.
func params(n int) string {
	return strings.TrimSuffix(strings.Repeat("?,", n), ",")
}

// values turns ids and the like into arguments.
func values[T any](all []T, lead ...any) []any {
	args := append(make([]any, 0, len(all)+len(lead)), lead...)
	for _, v := range all {
		args = append(args, v)
	}
	return args
}
