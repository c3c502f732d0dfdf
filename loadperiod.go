package mailstead

import (
	"strconv"
	"strings"
	"time"
)

// LoadPeriod says how much mail is loaded when an account is connected, beyond
// the newest that always come first: "none", "all", "days:30", "months:6" or
// "count:500".
type LoadPeriod string

// DefaultLoadPeriod is what a new account loads.
const DefaultLoadPeriod LoadPeriod = "months:3"

// FirstLoad is how many of a folder's newest messages are loaded first.
const FirstLoad = 50

// LoadLimit is a LoadPeriod taken apart.
type LoadLimit struct {
	// All loads everything; then the rest is zero.
	All bool
	// Count loads that many messages per folder, newest first.
	Count int
	// Days and Months load what arrived since that long ago.
	Days, Months int
}

// Parse takes the period apart; "none" is the zero LoadLimit.
func (p LoadPeriod) Parse() (LoadLimit, error) {
	switch p {
	case "none", "":
		return LoadLimit{}, nil
	case "all":
		return LoadLimit{All: true}, nil
	}
	unit, num, ok := strings.Cut(string(p), ":")
	n, err := strconv.Atoi(num)
	if ok && err == nil && n > 0 && n <= 10_000_000 {
		switch unit {
		case "count":
			return LoadLimit{Count: n}, nil
		case "days":
			return LoadLimit{Days: n}, nil
		case "months":
			return LoadLimit{Months: n}, nil
		}
	}
	return LoadLimit{}, Invalid("load_period", "input.load_period", "The load period is none, all, days:N, months:N or count:N.")
}

// Since returns the earliest arrival that is loaded, or the zero time when the
// limit is not one of time.
func (l LoadLimit) Since(now time.Time) time.Time {
	if l.Days == 0 && l.Months == 0 {
		return time.Time{}
	}
	return now.AddDate(0, -l.Months, -l.Days)
}
