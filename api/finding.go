package api

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2/validation"
)

// The sentences about a body that is not looked into.
const (
	notJSON   = "The body of the request is not valid JSON."
	needsJSON = "Send JSON, with the header Content-Type: application/json."
)

const (
	// msgNotJSON is our finding about a body that is no JSON.
	msgNotJSON = "not JSON"
	// fieldMark stands between a field and its finding: huma keeps the text of an
	// error alone.
	fieldMark = "\x00"
)

// unread turns an error of encoding/json into a finding.
func unread(err error) error {
	var wrong *json.UnmarshalTypeError
	var base base64.CorruptInputError
	switch {
	case errors.As(err, &wrong):
		return errors.New(fieldOf(wrong) + fieldMark + expected(wrong.Type))
	case errors.As(err, &base):
		return errors.New(validation.MsgExpectedBase64String)
	}
	// This error has no type of its own.
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if name, err := strconv.Unquote(quoted); err == nil {
			return errors.New(strings.ReplaceAll(name, fieldMark, "") + fieldMark + validation.MsgUnexpectedProperty)
		}
	}
	return errors.New(msgNotJSON)
}

// fieldOf is the path of a field without the embedded structs, which have Go names.
func fieldOf(err *json.UnmarshalTypeError) string {
	var path []string
	for name := range strings.SplitSeq(err.Field, ".") {
		if name != "" && !unicode.IsUpper(rune(name[0])) {
			path = append(path, name)
		}
	}
	return strings.Join(path, ".")
}

// expected is the finding about a value that is not of a type.
func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return validation.MsgExpectedBoolean
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return validation.MsgExpectedInteger
	case reflect.Float32, reflect.Float64:
		return validation.MsgExpectedNumber
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return validation.MsgExpectedBase64String
		}
		return validation.MsgExpectedArray
	case reflect.Struct, reflect.Map:
		return validation.MsgExpectedObject
	default:
		return validation.MsgExpectedString
	}
}

// sentences are huma's findings about a field in plain words; what is not here is
// repeated. Both sides have one verb, %s, or none.
var sentences = []struct{ finding, words string }{
	{validation.MsgExpectedMaxLength, "may have %s characters at most"},
	{validation.MsgExpectedMinLength, "needs %s characters at least"},
	{validation.MsgExpectedMaxItems, "may have %s entries at most"},
	{validation.MsgExpectedMinItems, "needs %s entries at least"},
	{validation.MsgExpectedMaximumNumber, "must be %s at most"},
	{validation.MsgExpectedMinimumNumber, "must be %s at least"},
	{validation.MsgExpectedOneOf, "must be one of these: %s"},
	{validation.MsgExpectedString, "must be a text"},
	{validation.MsgExpectedNumber, "must be a number"},
	{validation.MsgExpectedInteger, "must be a whole number"},
	{validation.MsgExpectedBoolean, "must be true or false"},
	{validation.MsgExpectedArray, "must be a list"},
	{validation.MsgExpectedObject, "must be an object"},
	{validation.MsgExpectedBase64String, "must be base64"},
	{validation.MsgExpectedRFC3339DateTime, "must be a time such as 2026-03-01T09:30:00Z"},
	{validation.MsgExpectedMatchPattern, "has the wrong form"},
	{"invalid integer", "must be a whole number"},
	{"invalid boolean", "must be true or false"},
}

// plainly says what is wrong with a field or, when it is "", with the input.
func plainly(field, finding string) string {
	subject := "The input"
	if field != "" {
		subject = "The field " + field
	}
	for _, s := range sentences {
		before, after, hasVerb := cutVerb(s.finding)
		value, ok := strings.CutPrefix(finding, before)
		if !ok {
			continue
		}
		value, ok = strings.CutSuffix(value, after)
		if ok && (hasVerb || value == "") {
			return subject + " " + strings.Replace(s.words, "%s", value, 1) + "."
		}
	}
	return subject + " is not valid: " + finding + "."
}

// cutVerb splits a format around its verb.
func cutVerb(format string) (before, after string, found bool) {
	i := strings.IndexByte(format, '%')
	if i < 0 {
		return format, "", false
	}
	return format[:i], format[i+2:], true
}
