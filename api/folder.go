package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/inbox"
)

// Inbox reads stored mail.
type Inbox interface {
	Folders(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) ([]mailstead.Folder, error)
	Messages(ctx context.Context, actor mailstead.Actor, q mailstead.MessageQuery) ([]mailstead.Message, error)
	Open(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID) (inbox.Opened, error)
	Raw(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID) ([]byte, error)
	SetFlags(ctx context.Context, actor mailstead.Actor, ids []mailstead.MessageID, set, mask mailstead.Flags) error
	Sync(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) error
	Export(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, format inbox.ExportFormat) (*inbox.Export, error)
}

func (h *Handler) folderRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/accounts/{id}/folders", id: "listFolders", tag: "Mail",
		summary: "List the folders of an account",
		about:   "Folders as the account's server has them, with how many messages are stored here and how many the server holds.",
		errors:  []int{http.StatusNotFound},
	}, h.listFolders)
	add(h, route{
		method: http.MethodGet, path: "/accounts/{id}/messages", id: "listMessages", tag: "Mail",
		summary: "List or search the messages of an account",
		about:   "Newest first. A search finds messages that hold all its words in subject, names, addresses or text; a word matches a beginning.",
		errors:  []int{http.StatusNotFound},
	}, h.listMessages)
}

func (h *Handler) listFolders(ctx context.Context, actor mailstead.Actor, in *AccountPath) (*listOutput[mailstead.Folder], error) {
	folders, err := h.c.Inbox.Folders(ctx, actor, in.ID)
	return listOf(folders), err
}

type listMessagesInput struct {
	AccountPath
	PageParams
	Folder mailstead.FolderID `query:"folder" minimum:"0" doc:"Only this folder; 0 means all of the account." example:"3"`
	Q      string             `query:"q" maxLength:"200" doc:"Words to search for." example:"invoice rossi"`
	Unread bool               `query:"unread" doc:"Only messages that were not read."`
}

func (h *Handler) listMessages(ctx context.Context, actor mailstead.Actor, in *listMessagesInput) (*pageOutput[mailstead.Message], error) {
	q := mailstead.MessageQuery{
		AccountID: in.ID, FolderID: in.Folder, Search: in.Q, UnreadOnly: in.Unread, Limit: in.Limit + 1,
	}
	if err := decodeCursor(in.Cursor, &q.Before); err != nil {
		return nil, err
	}
	messages, err := h.c.Inbox.Messages(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	return pageOf(messages, in.Limit, func(m mailstead.Message) any {
		return mailstead.MessagePosition{ReceivedAt: m.ReceivedAt, ID: m.ID}
	}), nil
}
