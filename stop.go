package mailstead

import (
	"slices"
	"strconv"
	"time"
)

// StopID names a Stop.
type StopID int64

// Stop is a time in which the incoming mail of an account was not processed. It
// begins with the first failure and ends with the next success, and those concerned
// are told of each end once, when it matters (see StopMatters).
type Stop struct {
	ID        StopID
	AccountID AccountID
	BeganAt   time.Time
}

// StopTolerance is how long a mailbox that may come back by itself is waited for
// before anybody is told.
const StopTolerance = time.Hour

// NoticeID names a Notice.
type NoticeID int64

func (id NoticeID) String() string { return strconv.FormatInt(int64(id), 10) }

// NoticeKind is what a notice tells.
type NoticeKind string

// The kinds of notices. A notice that tells of a stop becomes one that tells of its
// end. NoticeEnds tells of what an account or an app signs in with and what ends soon.
const (
	NoticeStopped NoticeKind = "stopped"
	NoticeWorks   NoticeKind = "works"
	NoticeEnds    NoticeKind = "ends"
)

// NoticeMail is how the mail of a notice stands.
type NoticeMail string

// The states of the mail of a notice. One that is gathered belongs to a mail that is
// about to be written, or was when the service died.
const (
	NoticeMailNone     NoticeMail = ""
	NoticeMailPending  NoticeMail = "pending"
	NoticeMailGathered NoticeMail = "gathered"
	NoticeMailSent     NoticeMail = "sent"
)

// Notice tells one person that the mail of an account is not read any more, or is
// again, or that a sign-in ends soon. It stays until it is read, one of a stop also
// until the account works, and one of a sign-in at most until that is renewed.
type Notice struct {
	ID     NoticeID   `json:"id"`
	UserID UserID     `json:"user_id"`
	Kind   NoticeKind `json:"kind"`
	// AccountID is the account, 0 when AppID names the app that is told of.
	AccountID AccountID  `json:"account_id"`
	AppID     OAuthAppID `json:"app_id,omitempty"`
	// Name and Address are those of the account today; an app has a name alone.
	Name    string `json:"name"`
	Address string `json:"address"`
	// State, Code, Text and Action are the account's health today.
	State  HealthState `json:"state,omitempty"`
	Code   string      `json:"code,omitempty"`
	Text   string      `json:"text,omitempty"`
	Action string      `json:"action,omitempty"`
	// Credential is what ends, of NoticeEnds.
	Credential *Credential `json:"credential,omitempty"`
	// Since is when processing stopped, or when people were told of an end; Until is
	// when processing went on.
	Since     time.Time `json:"since"`
	Until     time.Time `json:"until,omitzero"`
	CreatedAt time.Time `json:"created_at"`
	ReadAt    time.Time `json:"read_at,omitzero"`
}

// Label is what people know the account or the app by.
func (n *Notice) Label() string {
	if n.AppID != 0 {
		return n.Name
	}
	return n.Address
}

// StopFacts is what is known about whom a stop concerns: the account, its assignments
// and the people whom these reach, its owner and the administrators among them.
type StopFacts struct {
	Account     Account
	Assignments []Assignment
	People      []User
}

// Concerned returns who is told when the mail of the account is not read any more:
// its owner, those who may read it, and the administrators when it belongs to the
// organisation. Who is disabled is not told.
func (f *StopFacts) Concerned() []UserID {
	var out []UserID
	for i := range f.People {
		if u := &f.People[i]; f.concerns(u) {
			out = append(out, u.ID)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Keepers returns who can renew what the account signs in with, and is told before it
// ends: its owner, or the administrators when it belongs to the organisation.
func (f *StopFacts) Keepers() []UserID {
	var out []UserID
	for i := range f.People {
		if u := &f.People[i]; !u.Disabled && (f.Account.OwnerID == u.ID || f.Account.OwnerID == 0 && u.Role == RoleAdmin) {
			out = append(out, u.ID)
		}
	}
	return out
}

func (f *StopFacts) concerns(u *User) bool {
	switch {
	case u.Disabled:
		return false
	case f.Account.OwnerID == u.ID, f.Account.OwnerID == 0 && u.Role == RoleAdmin:
		return true
	}
	return slices.ContainsFunc(f.Assignments, func(a Assignment) bool {
		reaches := a.UserID == u.ID || (a.ProfileID != 0 && slices.Contains(u.ProfileIDs, a.ProfileID))
		return reaches && !a.System && a.Has(RightRead)
	})
}

// StopTold is all that is stored when people are told of a stop.
type StopTold struct {
	StopID StopID
	Users  []UserID
	// MailAt is when a mail may tell them, zero for never.
	MailAt time.Time
}

// NoticeBatch is the notices that one mail tells one person.
type NoticeBatch struct {
	UserID UserID
	// Batch names it among those of the user.
	Batch   int64
	Notices []Notice
}

// SystemMail is a mail that the service itself sends, from the system's default
// account and from no other.
type SystemMail struct {
	Purpose SendPurpose
	// UserID is for whom it is sent, 0 for nobody: that user sees it in the outbox.
	UserID  UserID
	To      []string
	Subject string
	Text    string
	// Key makes repetitions one mail.
	Key string
	// Except are accounts that must not send it.
	Except []AccountID
}
