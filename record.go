package mailstead

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The identifiers of records, see id.go.
type (
	// RecordID names a Record.
	RecordID int64
	// LinkedMailID names a LinkedMail.
	LinkedMailID int64
)

func (id RecordID) String() string     { return strconv.FormatInt(int64(id), 10) }
func (id LinkedMailID) String() string { return strconv.FormatInt(int64(id), 10) }

// RecordType is a kind of thing that the business application keeps, such as a
// request. Requests, contacts and companies are there out of the box.
type RecordType struct {
	// Key is a short word in lower case: "request". It never changes.
	Key  string `json:"key" audit:"-"`
	Name string `json:"name"`
	// URL is the address of a record in the business application, with {key} where
	// the record's key stands, or "".
	URL string `json:"url,omitempty"`
	// LinkByHand tells that users may make records of the type and link mails to
	// them.
	LinkByHand bool `json:"link_by_hand"`
}

// The limits of records, in bytes.
const (
	maxTypeKey   = 40
	maxRecordKey = 200
	maxRecordURL = 2000
)

// keyPlace is where the key stands in the URL of a type.
const keyPlace = "{key}"

// Validate cleans and checks what a person typed.
func (t *RecordType) Validate() error {
	c := *t
	var err error
	if c.Key, err = CleanTypeKey("key", c.Key); err != nil {
		return err
	}
	if c.Name, err = CleanLine("name", c.Name, maxNameLen); err != nil {
		return err
	}
	if c.Name == "" {
		return Invalid("name", "input.name_needed", "A name is needed.")
	}
	if c.URL, err = CleanLine("url", c.URL, maxRecordURL); err != nil {
		return err
	}
	if !webAddress(strings.ReplaceAll(c.URL, keyPlace, "key")) || (c.URL != "" && !strings.Contains(c.URL, keyPlace)) {
		return Invalid("url", "input.url_pattern", "Write the address with {key} where the record's key stands, like https://crm.example.com/requests/{key}.")
	}
	*t = c
	return nil
}

// CleanTypeKey checks the key of a record type: letters from a to z, digits, - and
// _, the first a letter.
func CleanTypeKey(field, key string) (string, error) {
	key = strings.ToLower(strings.TrimSpace(key))
	ok := key != "" && len(key) <= maxTypeKey && key[0] >= 'a' && key[0] <= 'z'
	for _, r := range key {
		ok = ok && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	}
	if !ok {
		return "", Invalid(field, "input.type_key", "The key of a type has up to 40 letters from a to z, digits, - and _, and begins with a letter.")
	}
	return key, nil
}

// webAddress reports whether text is "" or an address of the web.
func webAddress(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// AuditObject returns the type as the object of an entry.
func (t *RecordType) AuditObject() AuditObject {
	return AuditObject{Kind: AuditRecordType, ID: t.Key, Name: t.Name}
}

// Record is a thing that mails are linked to.
type Record struct {
	ID RecordID `json:"id" audit:"-"`
	// Type is the key of its type.
	Type string `json:"type"`
	// Key is what the business application calls it, unique in its type; "" for a
	// record that was made here.
	Key  string `json:"key,omitempty"`
	Name string `json:"name"`
	// URL is its own address, "" for what its type says.
	URL string `json:"url,omitempty"`
	// Mails is how many mails are linked to it.
	Mails     int       `json:"mails" audit:"-"`
	CreatedAt time.Time `json:"created_at" audit:"-"`
}

// Validate cleans and checks what a person or an application wrote, but for whether
// its type exists.
func (r *Record) Validate() error {
	c := *r
	var err error
	if c.Type, err = CleanTypeKey("type", c.Type); err != nil {
		return err
	}
	if c.Key, err = CleanLine("key", c.Key, maxRecordKey); err != nil {
		return err
	}
	if c.Name, err = CleanLine("name", c.Name, maxNameLen); err != nil {
		return err
	}
	if c.Name == "" {
		c.Name = c.Key
	}
	if c.Name == "" {
		return Invalid("name", "input.name_needed", "A name is needed.")
	}
	if c.URL, err = CleanLine("url", c.URL, maxRecordURL); err != nil {
		return err
	}
	if !webAddress(c.URL) {
		return Invalid("url", "input.url", "This is not an address of the web: write it like https://crm.example.com/requests/7.")
	}
	*r = c
	return nil
}

// Address returns the record's address in the business application, or "".
func (r *Record) Address(t *RecordType) string {
	switch {
	case r.URL != "":
		return r.URL
	case r.Key == "" || t == nil:
		return ""
	}
	return strings.ReplaceAll(t.URL, keyPlace, url.PathEscape(r.Key))
}

// NameKey is what records are sorted by.
func (r *Record) NameKey() string { return FoldText(r.Name) }

// SearchWords are the words that the record is found by.
func (r *Record) SearchWords() []string { return strings.Fields(FoldText(r.Name + " " + r.Key)) }

// AuditObject returns the record as the object of an entry.
func (r *Record) AuditObject() AuditObject { return auditObject(AuditRecord, r.ID, r.Name) }

// LinkReason is why a mail is linked to a record.
type LinkReason string

// LinkByHand is a link that a person made.
const LinkByHand LinkReason = "hand"

// Link tells that a mail belongs to a record.
type Link struct {
	Record Record `json:"record"`
	// TypeName is what the record's type is called.
	TypeName string       `json:"type_name"`
	Mail     LinkedMailID `json:"mail_id"`
	Reason   LinkReason   `json:"reason"`
	// By is the user who made it, or 0, and ByName the user's name now.
	By     UserID    `json:"by,omitempty"`
	ByName string    `json:"by_name,omitempty"`
	At     time.Time `json:"at"`
}

// LinkedMail is a mail as it stands on records. It is kept apart from the mailbox
// that it came from: nothing that happens there takes it away. The same bytes are
// one linked mail, however often and wherever they lie.
type LinkedMail struct {
	ID LinkedMailID `json:"id"`
	// Mailbox is the address of the account that it came from.
	Mailbox string `json:"mailbox"`
	// AccountID is that account. It may be gone.
	AccountID  AccountID `json:"-"`
	ReceivedAt time.Time `json:"received_at"`
	Size       int64     `json:"size"`
	Blob       BlobRef   `json:"-"`
	Headers
	Snippet        string       `json:"snippet,omitempty"`
	HasAttachments bool         `json:"has_attachments,omitempty"`
	State          MessageState `json:"state,omitempty"`
	Defect         string       `json:"defect,omitempty"`
	// Reason, By, ByName and At tell of the link to the record that was asked for.
	Reason LinkReason `json:"reason"`
	By     UserID     `json:"by,omitempty"`
	ByName string     `json:"by_name,omitempty"`
	At     time.Time  `json:"at"`
}

// UnlinkUndo is how long a mail that was taken from a record can be put back.
const UnlinkUndo = 24 * time.Hour

// Linking is the step that links a mail to a record.
type Linking struct {
	Record RecordID
	// Message is the mail in its mailbox; or Mail is one that stands on a record, or
	// that By took from this one at Since or later.
	Message MessageID
	Mail    LinkedMailID
	Since   time.Time
	Reason  LinkReason
	By      UserID
	At      time.Time
	Audit   AuditEntry
}

// Unlinking is the step that takes a mail from a record.
type Unlinking struct {
	Record RecordID
	Mail   LinkedMailID
	By     UserID
	At     time.Time
	Audit  AuditEntry
}

// RecordQuery asks for a page of records by name.
type RecordQuery struct {
	// Type keeps records of one type.
	Type string
	// Text keeps records that hold all its words; a word matches a beginning.
	Text string
	// After is the position behind which the page starts, zero for the first.
	After RecordPosition
	// Limit is the most records of the page, 1 to MaxPage+1.
	Limit int
}

// RecordPosition is a place in a list of records.
type RecordPosition struct {
	Name string
	ID   RecordID
}

// LinkedMailQuery asks for a page of the mails of a record, newest first.
type LinkedMailQuery struct {
	Record RecordID
	// ReceivedAt and Before are the position behind which the page starts, zero for
	// the first.
	ReceivedAt time.Time
	Before     LinkedMailID
	// Limit is the most mails of the page, 1 to MaxPage+1.
	Limit int
}

// RecordTypeInUse refuses to delete a type that n records have.
func RecordTypeInUse(n int) error {
	return &Error{
		Kind: KindConflict, Code: "record_type.in_use",
		Text: strconv.Itoa(n) + " records have this type: delete them first.",
	}
}

// RecordInUse refuses to delete a record that n mails are linked to.
func RecordInUse(n int) error {
	return &Error{
		Kind: KindConflict, Code: "record.in_use",
		Text: strconv.Itoa(n) + " mails are linked to this record: take them from it first.",
	}
}
