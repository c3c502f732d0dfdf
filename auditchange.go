package mailstead

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// AuditChanges compares what a thing was with what it is, nil for nothing, and
// returns the fields that differ in the order of the type. Fields get their names
// from the API; those that it does not show and those with the tag audit:"-" are
// left out. Of a secret only the name is told. Where there was nothing before, or
// is nothing after, empty fields are passed over.
func AuditChanges[T any](before, after *T) []AuditChange {
	var c changeList
	c.compare("", reflect.TypeFor[T](), indirect(reflect.ValueOf(before)), indirect(reflect.ValueOf(after)))
	return c
}

type changeList []AuditChange

// compare adds the differences of two values of one type; either may be invalid,
// which is nothing.
func (c *changeList) compare(name string, t reflect.Type, before, after reflect.Value) {
	for t.Kind() == reflect.Pointer {
		t, before, after = t.Elem(), indirect(before), indirect(after)
	}
	switch {
	case empty(before) && empty(after):
		return
	case isSecret(t, 0):
		if !same(before, after) {
			*c = append(*c, AuditChange{Field: name})
		}
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]():
		c.compareFields(name, t, before, after)
	case !same(before, after):
		*c = append(*c, AuditChange{Field: name, Before: told(before), After: told(after)})
	}
}

func (c *changeList) compareFields(name string, t reflect.Type, before, after reflect.Value) {
	for i := range t.NumField() {
		f := t.Field(i)
		word, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || word == "-" || f.Tag.Get("audit") == "-" {
			continue
		}
		path := name
		if word != "" {
			path = strings.TrimPrefix(name+"."+word, ".")
		}
		c.compare(path, f.Type, field(before, i), field(after, i))
	}
}

func field(v reflect.Value, i int) reflect.Value {
	if !v.IsValid() {
		return v
	}
	return v.Field(i)
}

// indirect follows a pointer; nil leads to the invalid value.
func indirect(v reflect.Value) reflect.Value {
	if !v.IsValid() || v.Kind() != reflect.Pointer {
		return v
	}
	return v.Elem()
}

// empty reports whether there is nothing to tell of a value; an empty list is no
// more than none.
func empty(v reflect.Value) bool {
	if !v.IsValid() {
		return true
	}
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		return v.Len() == 0
	}
	return v.IsZero()
}

func same(before, after reflect.Value) bool {
	if !before.IsValid() || !after.IsValid() {
		return empty(before) && empty(after)
	}
	if empty(before) && empty(after) {
		return true
	}
	if b, ok := before.Interface().(time.Time); ok {
		a, _ := after.Interface().(time.Time)
		return b.Equal(a)
	}
	return reflect.DeepEqual(before.Interface(), after.Interface())
}

// maxAuditValue is the most bytes of a text that an entry keeps of a value.
const maxAuditValue = 1000

// told returns a value as JSON, nil for nothing. A long text is cut.
func told(v reflect.Value) json.RawMessage {
	if !v.IsValid() {
		return nil
	}
	x := v.Interface()
	if v.Kind() == reflect.String && v.Len() > maxAuditValue {
		text, n := v.String(), maxAuditValue
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		x = text[:n] + "…"
	}
	if v.Kind() == reflect.Slice && v.Len() == 0 {
		x = []string{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x); err != nil {
		return nil // No type of the vocabulary refuses to be written.
	}
	return bytes.TrimSpace(b.Bytes())
}

// deepest bounds how far a type is looked into.
const deepest = 8

// isSecret reports whether values of a type may hold a secret: Secret, Sealed, any
// raw bytes, and whatever holds one in a list. What cannot be seen into counts too.
func isSecret(t reflect.Type, depth int) bool {
	switch {
	case t == reflect.TypeFor[Secret]() || depth > deepest:
		return true
	case t == reflect.TypeFor[time.Time]():
		return false
	}
	switch t.Kind() { //nolint:exhaustive // the rest are plain values
	case reflect.Slice, reflect.Array:
		return t.Elem().Kind() == reflect.Uint8 || isSecret(t.Elem(), depth+1)
	case reflect.Map:
		return isSecret(t.Key(), depth+1) || isSecret(t.Elem(), depth+1)
	case reflect.Pointer:
		return isSecret(t.Elem(), depth+1)
	case reflect.Struct:
		// Looked at field by field, unless it stands in a list.
		if depth == 0 {
			return false
		}
		for i := range t.NumField() {
			if isSecret(t.Field(i).Type, depth+1) {
				return true
			}
		}
		return false
	case reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return true
	}
	return false
}
