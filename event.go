package mailstead

import (
	"encoding/json"
	"time"
)

// EventType names what happened.
type EventType string

// The types of events.
const (
	EventAccountConnected EventType = "account.connected"
	EventAccountUpdated   EventType = "account.updated"
	EventAccountHealth    EventType = "account.health"
	EventAccountDeleted   EventType = "account.deleted"
	EventLoadProgress     EventType = "load.progress"
	EventLoadDone         EventType = "load.done"
	EventMessagesNew      EventType = "messages.new"
	EventMessagesChanged  EventType = "messages.changed"
	EventMessagesRemoved  EventType = "messages.removed"
	EventOutgoing         EventType = "outgoing.state"
	// EventNotices tells a user that the notices for him have changed.
	EventNotices EventType = "notices.changed"
)

// Event is one entry of the event stream. It is stored in the same step as what
// it tells, and holds no mail content and no address.
type Event struct {
	ID   EventID   `json:"id"`
	At   time.Time `json:"at"`
	Type EventType `json:"type"`
	// AccountID is the account it is about, or 0: who may read the account may
	// read the event. UserID is the user it is about when there is no account.
	AccountID AccountID `json:"account_id,omitempty"`
	UserID    UserID    `json:"user_id,omitempty"`
	// Data is a small JSON object, by Type one of the …Data types below.
	Data json.RawMessage `json:"data,omitempty"`
}

// LoadData is the Data of EventLoadProgress and EventLoadDone.
type LoadData struct {
	FolderID FolderID `json:"folder_id"`
	Role     string   `json:"role,omitempty"`
	// Loaded of Wanted messages of this folder are here.
	Loaded int `json:"loaded"`
	Wanted int `json:"wanted"`
}

// MessagesData is the Data of the messages events.
type MessagesData struct {
	FolderID   FolderID    `json:"folder_id"`
	MessageIDs []MessageID `json:"message_ids"`
}

// OutgoingData is the Data of EventOutgoing.
type OutgoingData struct {
	OutgoingID OutgoingID    `json:"outgoing_id"`
	State      OutgoingState `json:"state"`
	Code       string        `json:"code,omitempty"`
}

// HealthData is the Data of EventAccountHealth.
type HealthData struct {
	Side  SideName    `json:"side"`
	State HealthState `json:"state"`
	Code  string      `json:"code,omitempty"`
}

// NewEvent builds an event; data must be one of the …Data types, or nil.
func NewEvent(t EventType, account AccountID, data any) Event {
	e := Event{Type: t, AccountID: account}
	if data != nil {
		// The …Data types hold only numbers and strings: Marshal cannot fail.
		e.Data, _ = json.Marshal(data)
	}
	return e
}
