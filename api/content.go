package api

import (
	"context"
	"encoding/base64"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

func (h *Handler) contentRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/messages/{id}/html", id: "getMessageHTML", tag: "Mail",
		summary: "Show the HTML of a message",
		about: "A page with the sanitised HTML, to be shown in an iframe: its Content-Security-Policy lets nothing run and nothing load. " +
			"Images of the mail itself are part of the page. Remote images are left out unless `remote` asks for them, because loading them tells the sender.",
		errors: []int{http.StatusNotFound}, media: "text/html",
	}, h.getMessageHTML)
	add(h, route{
		method: http.MethodGet, path: "/messages/{id}/raw", id: "getMessageRaw", tag: "Mail",
		summary: "Download a message", about: "The bytes of the mail as its server delivered them.",
		errors: []int{http.StatusNotFound, http.StatusConflict}, media: "message/rfc822",
	}, h.getMessageRaw)
	add(h, route{
		method: http.MethodGet, path: "/messages/{id}/attachments/{part}", id: "getAttachment", tag: "Mail",
		summary: "Download an attachment",
		about:   "Always as a download, never shown by the browser; media types that could run something are replaced by `application/octet-stream`.",
		errors:  []int{http.StatusNotFound}, media: "application/octet-stream",
	}, h.getAttachment)
}

// contentOutput is an answer that is not JSON.
type contentOutput struct {
	ContentType        string `header:"Content-Type" hidden:"true"`
	ContentDisposition string `header:"Content-Disposition" hidden:"true"`
	Policy             string `header:"Content-Security-Policy" hidden:"true"`
	Body               []byte
}

type htmlInput struct {
	MessagePath
	Remote bool `query:"remote" doc:"Load remote images."`
}

type htmlOutput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Policy      string `header:"Content-Security-Policy" hidden:"true"`
	Blocked     int    `header:"Mailstead-Blocked" doc:"How many remote images were left out."`
	Body        []byte
}

func (h *Handler) getMessageHTML(ctx context.Context, actor mailstead.Actor, in *htmlInput) (*htmlOutput, error) {
	o, err := h.c.Inbox.Open(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return htmlOf(o.Mail, in.Remote)
}

// htmlOf is the page of a mail, nil for one that cannot be read.
func htmlOf(m *message.Mail, remote bool) (*htmlOutput, error) {
	if m == nil || m.HTML == "" {
		return nil, &mailstead.Error{Kind: mailstead.KindNotFound, Code: "message.no_html", Text: "This message has no HTML to show."}
	}
	safe, blocked := m.SafeHTML(message.HTMLOptions{Remote: remote, CID: ownImages(m)})
	return &htmlOutput{
		Blocked:     blocked,
		ContentType: "text/html; charset=utf-8", Policy: htmlPolicy(remote),
		Body: []byte(htmlHead + safe + htmlTail),
	}, nil
}

const (
	htmlHead = `<!doctype html>
<html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><base target="_blank">
<style>:root{color-scheme:light}body{margin:16px;background:#fff;color:#222;font:16px/1.6 system-ui,sans-serif;overflow-wrap:anywhere}img{max-width:100%;height:auto}</style>
</head><body>
`
	htmlTail = "\n</body></html>\n"
)

// htmlPolicy is the Content-Security-Policy of mail that is shown. The page has no
// origin, no script, no form; a link opens in a window of its own. Only our own
// pages may frame it.
func htmlPolicy(remote bool) string {
	images := "data:"
	if remote {
		images += " https: http:"
	}
	return "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src " + images +
		"; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
}

// maxOwnImages bounds the bytes of a mail's own images in its page.
const maxOwnImages = 8 << 20

// ownImages answers cid: references (RFC 2392) with the image itself: a sandboxed
// page has no cookie to fetch it with.
func ownImages(m *message.Mail) func(contentID string) string {
	left := maxOwnImages
	return func(contentID string) string {
		for i := range m.Attachments {
			a := &m.Attachments[i]
			if contentID == "" || a.ContentID != contentID || !isPicture(a.MediaType) || a.Size > int64(left) {
				continue
			}
			_, data, err := m.Part(a.Part)
			if err != nil || len(data) > left {
				return ""
			}
			left -= len(data)
			return "data:" + a.MediaType + ";base64," + base64.StdEncoding.EncodeToString(data)
		}
		return ""
	}
}

func isPicture(mediaType string) bool {
	switch mediaType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

func (h *Handler) getMessageRaw(ctx context.Context, actor mailstead.Actor, in *MessagePath) (*contentOutput, error) {
	data, err := h.c.Inbox.Raw(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return download("message-"+in.ID.String()+".eml", "message/rfc822", data), nil
}

type attachmentInput struct {
	MessagePath
	Part int `path:"part" minimum:"0" maximum:"100000" doc:"The number of the attachment in the message." example:"0"`
}

func (h *Handler) getAttachment(ctx context.Context, actor mailstead.Actor, in *attachmentInput) (*contentOutput, error) {
	o, err := h.c.Inbox.Open(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return attachmentOf(o.Mail, in.Part)
}

// attachmentOf is one file of a mail, nil for one that cannot be read.
func attachmentOf(m *message.Mail, part int) (*contentOutput, error) {
	if m == nil || part >= len(m.Attachments) {
		return nil, mailstead.NotFound("attachment")
	}
	a, data, err := m.Part(part)
	if err != nil {
		return nil, err
	}
	name := a.Name
	if name == "" {
		name = "attachment-" + strconv.Itoa(part)
	}
	return download(name, passiveType(a.MediaType), data), nil
}

// download is an answer that browsers save and never show.
func download(name, mediaType string, data []byte) *contentOutput {
	clean := strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || mailstead.HasControl(string(r)) {
			return '_'
		}
		return r
	}, name)
	return &contentOutput{
		ContentType: mediaType,
		// It writes names beyond ASCII as RFC 2231 says.
		ContentDisposition: mime.FormatMediaType("attachment", map[string]string{"filename": clean}),
		Policy:             "sandbox; default-src 'none'; frame-ancestors 'none'",
		Body:               data,
	}
}

// passiveType returns a media type that no browser runs: the given one when it is
// known to be harmless, else the one of plain bytes.
func passiveType(mediaType string) string {
	const bytes = "application/octet-stream"
	mt, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return bytes
	}
	major, minor, _ := strings.Cut(mt, "/")
	switch {
	case strings.HasSuffix(minor, "xml") || strings.Contains(minor, "script") || strings.Contains(minor, "html"):
		return bytes
	case major == "image" || major == "audio" || major == "video":
		return mt
	case mt == "text/plain" || mt == "text/csv" || mt == "text/calendar" || mt == "application/pdf" || mt == "application/zip":
		return mt
	case major == "application" && (strings.HasPrefix(minor, "vnd.") || minor == "msword"):
		return mt
	default:
		return bytes
	}
}
