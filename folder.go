package mailstead

import "time"

// FolderRole is what a folder is for (RFC 6154).
type FolderRole string

// The roles of folders; RoleNone is an ordinary folder.
const (
	FolderNone    FolderRole = ""
	FolderInbox   FolderRole = "inbox"
	FolderSent    FolderRole = "sent"
	FolderDrafts  FolderRole = "drafts"
	FolderTrash   FolderRole = "trash"
	FolderJunk    FolderRole = "junk"
	FolderArchive FolderRole = "archive"
	FolderAll     FolderRole = "all"
)

// RemoteFolder is a folder as the server lists it.
type RemoteFolder struct {
	// Path is the full name in UTF-8, levels separated by Delimiter.
	Path      string
	Delimiter string
	Role      FolderRole
	// NoSelect folders only hold other folders.
	NoSelect bool
}

// Folder is a folder as stored.
type Folder struct {
	ID        FolderID   `json:"id"`
	AccountID AccountID  `json:"account_id"`
	Path      string     `json:"path"`
	Delimiter string     `json:"delimiter,omitempty"`
	Role      FolderRole `json:"role,omitempty"`
	// Total and Unread count the messages stored here; RemoteTotal is what the
	// server last said it holds.
	Total       int       `json:"total"`
	Unread      int       `json:"unread"`
	RemoteTotal int       `json:"remote_total"`
	Cursor      Cursor    `json:"-"`
	SyncedAt    time.Time `json:"synced_at,omitzero"`
}

// Cursor is how far a folder has been read. It moves only together with the
// rows it covers.
type Cursor struct {
	// UIDValidity is the generation of the UIDs (RFC 9051 section 2.3.1.1); 0
	// before the first look.
	UIDValidity uint32 `json:"uid_validity"`
	// Next is one more than the highest UID that was read.
	Next UID `json:"next"`
	// Low is the lowest UID that was read: older mail is loaded below it. 0
	// before the first load.
	Low UID `json:"low"`
	// Done tells that the load period is complete: nothing below Low is wanted.
	Done bool `json:"done"`
	// ModSeq is the highest mod-sequence seen (RFC 7162), 0 without CONDSTORE.
	ModSeq uint64 `json:"mod_seq"`
}
