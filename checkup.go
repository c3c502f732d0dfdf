package mailstead

import (
	"strconv"
	"time"
)

// CheckupID names a Checkup.
type CheckupID int64

func (id CheckupID) String() string { return strconv.FormatInt(int64(id), 10) }

// CheckupState is how far a checkup is.
type CheckupState string

// The states of a checkup. One that is cancelled keeps the results it has.
const (
	CheckupRunning   CheckupState = "running"
	CheckupDone      CheckupState = "done"
	CheckupCancelled CheckupState = "cancelled"
)

// Checkup is a test of many accounts, as they are stored, one after the other.
type Checkup struct {
	ID CheckupID `json:"id"`
	// StartedBy is the user who asked for it; 0 for the command line and the schedule.
	StartedBy UserID       `json:"started_by,omitempty"`
	Scheduled bool         `json:"scheduled"`
	State     CheckupState `json:"state"`
	// Total is how many accounts are tested; OK, Failed and Skipped how many of them
	// have been, and how it went.
	Total      int       `json:"total"`
	OK         int       `json:"ok"`
	Failed     int       `json:"failed"`
	Skipped    int       `json:"skipped"`
	CreatedAt  time.Time `json:"created_at"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
}

// Verdict is how the test of one account went.
type Verdict string

// The verdicts. VerdictSkipped is an account with nothing to test: both sides are
// switched off, or it was deleted meanwhile.
const (
	VerdictWaiting Verdict = "waiting"
	VerdictOK      Verdict = "ok"
	VerdictFailed  Verdict = "failed"
	VerdictSkipped Verdict = "skipped"
)

// CheckupResult is the row of one account in a checkup.
type CheckupResult struct {
	CheckupID CheckupID `json:"-"`
	AccountID AccountID `json:"account_id"`
	// Name and Address are those of the account today; it may have been deleted.
	Name    string  `json:"name"`
	Address string  `json:"address"`
	Verdict Verdict `json:"verdict"`
	// Side is the one that failed first, incoming before outgoing; Code, Cause and
	// Action explain its failure.
	Side   SideName `json:"side,omitempty"`
	Code   string   `json:"code,omitempty"`
	Cause  string   `json:"cause,omitempty"`
	Action string   `json:"action,omitempty"`
	// Took is the time of the test in milliseconds.
	Took     int64     `json:"took_ms"`
	TestedAt time.Time `json:"tested_at,omitzero"`
}

// CheckupTask is an account that waits for its test, with the hosts of its servers,
// "" where it has none.
type CheckupTask struct {
	AccountID    AccountID
	IncomingHost string
	OutgoingHost string
}

// CheckupQuery asks for results of a checkup by account id.
type CheckupQuery struct {
	CheckupID CheckupID
	// Verdicts keeps these; none means all.
	Verdicts []Verdict
	After    AccountID
	Limit    int
}
