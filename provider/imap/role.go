package imap

import (
	_ "embed"
	"strings"

	"github.com/mailstead/mailstead"
)

// rolesFile lists how people's programs name folders, in many languages: a role
// a line, then its names, the most telling first.
//
//go:embed roles.txt
var rolesFile string

// roleTable tells roles by names, folded.
type roleTable map[string]roleName

// roleName is the role of a name, and its place in the list of names.
type roleName struct {
	role mailstead.FolderRole
	rank int
}

func readRoles() roleTable {
	t := make(roleTable)
	for line := range strings.Lines(rolesFile) {
		role, names, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || strings.HasPrefix(role, "#") {
			continue
		}
		for i, name := range strings.Split(names, ",") {
			key := foldName(name)
			if _, taken := t[key]; !taken && key != "" {
				t[key] = roleName{mailstead.FolderRole(role), i}
			}
		}
	}
	return t
}

// foldName makes names comparable; a Greek sigma is the same at the end of a word.
func foldName(name string) string {
	return strings.ReplaceAll(mailstead.FoldText(name), "ς", "σ")
}

// setAttribute takes over what a LIST attribute says (RFC 9051 section 7.3.1,
// RFC 6154 section 2, and the names of XLIST before it).
func setAttribute(f *mailstead.RemoteFolder, name []byte) {
	for _, a := range [...]struct {
		name string
		role mailstead.FolderRole
	}{
		{`\Sent`, mailstead.FolderSent},
		{`\Drafts`, mailstead.FolderDrafts},
		{`\Trash`, mailstead.FolderTrash},
		{`\Junk`, mailstead.FolderJunk},
		{`\Spam`, mailstead.FolderJunk},
		{`\Archive`, mailstead.FolderArchive},
		{`\All`, mailstead.FolderAll},
		{`\AllMail`, mailstead.FolderAll},
	} {
		if equalFold(name, a.name) {
			f.Role = a.role
		}
	}
	if equalFold(name, `\Noselect`) || equalFold(name, `\NonExistent`) {
		f.NoSelect = true
	}
}

// assign settles the roles: INBOX is the inbox; what the server says counts; a
// role that the server gives to none goes to the folder whose name says it best,
// at the top, below INBOX or below a folder that holds others only ("[Gmail]").
// Every role is given once.
func (t roleTable) assign(list []mailstead.RemoteFolder) {
	given := make(map[mailstead.FolderRole]bool)
	folders := make(map[string]bool) // those that hold others only
	for i := range list {
		f := &list[i]
		folders[f.Path] = f.NoSelect
		if f.Path == "INBOX" {
			f.Role = mailstead.FolderInbox
		}
		if f.NoSelect || given[f.Role] {
			f.Role = mailstead.FolderNone
		}
		if f.Role != mailstead.FolderNone {
			given[f.Role] = true
		}
	}
	best := make(map[mailstead.FolderRole]int)
	ranks := make(map[mailstead.FolderRole]int)
	for i, f := range list {
		if f.Role != mailstead.FolderNone || f.NoSelect {
			continue
		}
		parent, name := splitPath(f)
		n, ok := t[foldName(name)]
		if !ok || given[n.role] || (parent != "" && parent != "INBOX" && !folders[parent]) {
			continue
		}
		if _, found := best[n.role]; !found || n.rank < ranks[n.role] {
			best[n.role], ranks[n.role] = i, n.rank
		}
	}
	for role, i := range best {
		list[i].Role = role
	}
}

// splitPath parts a folder's own name from its parent's path.
func splitPath(f mailstead.RemoteFolder) (parent, name string) {
	if f.Delimiter == "" {
		return "", f.Path
	}
	if i := strings.LastIndex(f.Path, f.Delimiter); i >= 0 {
		return f.Path[:i], f.Path[i+len(f.Delimiter):]
	}
	return "", f.Path
}
