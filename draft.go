package mailstead

import (
	"mime"
	"strconv"
	"strings"
)

// DraftKind says how a draft came to be.
type DraftKind string

// The kinds of drafts.
const (
	DraftNew      DraftKind = "new"
	DraftReply    DraftKind = "reply"
	DraftReplyAll DraftKind = "reply_all"
	DraftForward  DraftKind = "forward"
)

// Draft is a mail that is being written.
type Draft struct {
	Kind DraftKind `json:"kind,omitempty"`
	// AccountID is the account chosen in the message, or 0 to let the
	// precedence decide.
	AccountID AccountID `json:"account_id,omitempty"`
	To        []Address `json:"to,omitempty"`
	Cc        []Address `json:"cc,omitempty"`
	Bcc       []Address `json:"bcc,omitempty"`
	ReplyTo   []Address `json:"reply_to,omitempty"`
	Subject   string    `json:"subject"`
	// Text is the plain text; HTML is optional and gets a plain text made from
	// it when Text is empty.
	Text string `json:"text,omitempty"`
	HTML string `json:"html,omitempty"`
	// ParentID is the stored message that is answered or forwarded.
	ParentID MessageID `json:"parent_id,omitempty"`
	// InReplyTo and References follow from the parent (RFC 5322 section 3.6.4).
	InReplyTo   []string          `json:"in_reply_to,omitempty"`
	References  []string          `json:"references,omitempty"`
	Attachments []DraftAttachment `json:"attachments,omitempty"`
}

// DraftAttachment is a file of a draft: its content, or a part of a stored
// message.
type DraftAttachment struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type,omitempty"`
	// Content holds the bytes; in JSON it is base64.
	Content []byte `json:"content,omitempty"`
	// Inline and ContentID place the file inside the HTML (RFC 2392).
	Inline    bool   `json:"inline,omitempty"`
	ContentID string `json:"content_id,omitempty"`
	// MessageID and Part name an attachment of a stored message instead.
	MessageID MessageID `json:"message_id,omitempty"`
	Part      int       `json:"part,omitempty"`
}

// Limits of a draft.
const (
	// MaxRecipients is the most addresses of one mail; RFC 5321 section
	// 4.5.3.1.8 promises room for 100, common servers take 500.
	MaxRecipients = 500
	maxSubject    = 2000
	maxFileName   = 255
	// MaxBody is the most bytes of each of Text and HTML.
	MaxBody = 5 << 20
)

// Validate cleans and checks what a person wrote. maxAttachments is the most
// bytes of all files together.
func (d *Draft) Validate(maxAttachments int64) error {
	c := *d
	switch c.Kind {
	case "", DraftNew, DraftReply, DraftReplyAll, DraftForward:
	default:
		return Invalid("kind", "input.kind", "The kind of a mail is new, reply, reply_all or forward.")
	}
	lists := []struct {
		field string
		list  *[]Address
	}{{"to", &c.To}, {"cc", &c.Cc}, {"bcc", &c.Bcc}, {"reply_to", &c.ReplyTo}}
	for _, l := range lists {
		clean, err := CleanAddresses(l.field, *l.list)
		if err != nil {
			return err
		}
		*l.list = clean
	}
	switch n := len(c.To) + len(c.Cc) + len(c.Bcc); {
	case n == 0:
		return Invalid("to", "draft.no_recipient", "Name at least one recipient.")
	case n > MaxRecipients:
		return Invalid("to", "draft.too_many_recipients", "A mail may have 500 recipients at most.")
	}
	var err error
	if c.Subject, err = CleanLine("subject", c.Subject, maxSubject); err != nil {
		return err
	}
	if len(c.Text) > MaxBody || len(c.HTML) > MaxBody {
		return &Error{Kind: KindTooLarge, Code: "draft.body_too_large", Field: "text", Text: "The text of a mail may have 5 MB at most."}
	}
	for _, id := range append(append([]string(nil), c.InReplyTo...), c.References...) {
		if HasControl(id) || len(id) > 995 {
			return Invalid("references", "input.control_character", "A message identifier is not valid.")
		}
	}
	var total int64
	c.Attachments = append([]DraftAttachment(nil), c.Attachments...)
	for i := range c.Attachments {
		if err := c.Attachments[i].validate(); err != nil {
			return err
		}
		total += int64(len(c.Attachments[i].Content))
	}
	if total > maxAttachments {
		return TooLargeAttachments(maxAttachments)
	}
	*d = c
	return nil
}

// Recipients returns every address that the mail goes to, each once.
func (d *Draft) Recipients() []string {
	seen := make(map[string]bool)
	var out []string
	for _, l := range [][]Address{d.To, d.Cc, d.Bcc} {
		for _, a := range l {
			if !seen[a.Address] {
				seen[a.Address] = true
				out = append(out, a.Address)
			}
		}
	}
	return out
}

// TooLargeAttachments is the error for files over limit bytes.
func TooLargeAttachments(limit int64) *Error {
	return &Error{
		Kind: KindTooLarge, Code: "draft.attachments_too_large", Field: "attachments",
		Text: "The files are larger than the " + strconv.FormatInt(limit>>20, 10) + " MB that one mail may carry. Send fewer or smaller files, or a link.",
	}
}

func (a *DraftAttachment) validate() error {
	if a.Name == "" {
		a.Name = "attachment"
	}
	name, err := CleanLine("attachments.name", a.Name, maxFileName)
	if err != nil {
		return err
	}
	a.Name = name
	if a.MediaType == "" {
		a.MediaType = "application/octet-stream"
	}
	// RFC 2045 section 5.1: a type is token "/" token; parameters are ours to add.
	mt, params, err := mime.ParseMediaType(a.MediaType)
	if err != nil || len(params) > 0 || strings.Count(mt, "/") != 1 {
		return Invalid("attachments.media_type", "input.media_type", "The media type of a file must look like application/pdf.")
	}
	if a.MediaType = mt; strings.HasPrefix(mt, "multipart/") {
		a.MediaType = "application/octet-stream"
	}
	if HasControl(a.ContentID) || strings.ContainsAny(a.ContentID, "<> ") || len(a.ContentID) > 200 {
		return Invalid("attachments.content_id", "input.control_character", "The content id of a file is not valid.")
	}
	return nil
}

// CleanAddresses checks a list of addresses and returns a cleaned copy.
func CleanAddresses(field string, list []Address) ([]Address, error) {
	out := make([]Address, 0, len(list))
	for _, a := range list {
		addr, err := CleanAddress(field, a.Address)
		if err != nil {
			return nil, err
		}
		name, err := CleanLine(field, a.Name, maxNameLen)
		if err != nil {
			return nil, err
		}
		out = append(out, Address{Name: name, Address: addr})
	}
	return out, nil
}
