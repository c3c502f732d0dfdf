package api

import (
	"strings"

	"github.com/danielgtaylor/huma/v2/validation"
)

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
