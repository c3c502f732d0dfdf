package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
)

// Version names a version of what was read (RFC 9110 section 8.8.3).
type Version struct {
	ETag string `header:"ETag" doc:"The version: If-Match with it changes no other."`
}

// versionOf is the version of something that was last changed at a time; what has
// no version has none.
func versionOf(changed time.Time) Version {
	if changed.IsZero() {
		return Version{}
	}
	return Version{ETag: `"` + strconv.FormatInt(changed.UnixMilli(), 36) + `"`}
}

// IfVersion makes a change depend on the version that the client has seen (RFC 9110
// section 13.1.1).
type IfVersion struct {
	IfMatch string `header:"If-Match" maxLength:"40" doc:"The ETag of what you looked at. If somebody changed it since, nothing is changed and the status is 412." example:"\"mq3x5a80\""`
}

// seen is when the client's version was made; the zero time stands for any.
func (v *IfVersion) seen() (time.Time, error) {
	text := strings.TrimSpace(v.IfMatch)
	if text == "" || text == "*" {
		return time.Time{}, nil
	}
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		if tag, ok := strings.CutSuffix(quoted, `"`); ok {
			if ms, err := strconv.ParseInt(tag, 36, 64); err == nil && ms > 0 {
				return time.UnixMilli(ms), nil
			}
		}
	}
	return time.Time{}, mailstead.Invalid("If-Match", "input.version", "If-Match must be an ETag as it was answered, with its quotes.")
}

// stale gives the refusal of a version that was asked for its status.
func (v *IfVersion) stale(err error) error {
	changed := []string{mailstead.CodeAccountChanged, mailstead.CodeProviderChanged, mailstead.CodeDomainChanged, mailstead.CodePoliciesChanged, mailstead.CodeTemplateChanged}
	if v.IfMatch == "" || !slices.Contains(changed, mailstead.CodeOf(err)) {
		return err
	}
	return &statusError{err: err, status: http.StatusPreconditionFailed}
}

// statusError is an error that is answered with another status than its kind's.
type statusError struct {
	err    error
	status int
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }
