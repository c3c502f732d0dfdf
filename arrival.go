package mailstead

import "time"

// ArrivalState is how the second half of a round trip stands.
type ArrivalState string

// The states of an arrival. ArrivalMissing is a mail that was not seen in its time;
// it is looked for a while longer and may still arrive.
const (
	ArrivalWaiting ArrivalState = "waiting"
	ArrivalArrived ArrivalState = "arrived"
	ArrivalMissing ArrivalState = "missing"
)

// Arrival is the second half of a round trip: whether a mail that was sent came into
// a mailbox that is read here.
type Arrival struct {
	// AccountID is the account whose mailbox it is looked for in.
	AccountID AccountID    `json:"account_id"`
	State     ArrivalState `json:"state"`
	// MessageID and Folder tell where it was found.
	MessageID MessageID  `json:"message_id,omitempty"`
	Folder    FolderRole `json:"folder,omitempty"`
	// ArrivedAt is when it was found, MissedAt when it was not seen in its time.
	ArrivedAt time.Time `json:"arrived_at,omitzero"`
	MissedAt  time.Time `json:"missed_at,omitzero"`
	// DueAt is when it is looked for next; zero when no longer.
	DueAt time.Time `json:"-"`
}

// AwaitedArrival is an arrival that is looked for, with what is known of its mail.
type AwaitedArrival struct {
	Arrival
	OutgoingID OutgoingID
	// Sent is the mail's state, CreatedAt and AcceptedAt are its times.
	Sent       OutgoingState
	CreatedAt  time.Time
	AcceptedAt time.Time
	// Found and Role tell of a message with its Message-ID that lies in a folder that
	// mail arrives in; Found is 0 while there is none.
	Found MessageID
	Role  FolderRole
}

// SendPurpose says for what a mail is sent that nobody wrote.
type SendPurpose string

// The purposes. PurposeNone is an ordinary mail.
const (
	PurposeNone   SendPurpose = ""
	PurposeTest   SendPurpose = "test"
	PurposeReport SendPurpose = "report"
	PurposeAlert  SendPurpose = "alert"
)
