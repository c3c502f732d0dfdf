package api_test

import (
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/inbox"
	"github.com/mailstead/mailstead/message"
)

// hostileMail tries what mail tries: scripts, remote pictures, active attachments,
// file names that climb.
const hostileMail = "From: Eve <eve@example.com>\r\nTo: anna@example.com\r\nSubject: Hi\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" +
	`<p onclick="steal()">Hello</p><script>alert(1)</script><img src="https://evil.example/pixel.png">` +
	`<img src="cid:logo"><img src="cid:page"><img src="cid:none"><form action="https://evil.example"><input></form>` +
	"\r\n" +
	"--b\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Disposition: inline; filename=logo.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n" +
	"--b\r\nContent-Type: image/svg+xml\r\nContent-ID: <page>\r\nContent-Disposition: attachment; filename=\"page.svg\"\r\n\r\n<svg onload=alert(1)>\r\n" +
	"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename*=utf-8''..%2F..%2Frechnung%E2%80%AElmth%C3%BC.html\r\n\r\n<script>alert(1)</script>\r\n" +
	"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"a\\\"; filename=evil.exe\"\r\n\r\n%PDF\r\n" +
	"--b--\r\n"

func openHostile(t *testing.T, b *bench) {
	t.Helper()
	m, err := message.Read([]byte(hostileMail))
	if err != nil {
		t.Fatal(err)
	}
	b.opened = inbox.Opened{Message: mailstead.Message{AccountID: 7, FolderID: 3, Headers: m.Headers}, Mail: m}
}

func TestReadMessage(t *testing.T) {
	b := newBench(t)
	openHostile(t, b)
	m := answer[api.MessageDetail](t, b.do(call{path: "/messages/118", cookie: annaCookie}), http.StatusOK)
	if m.ID != 118 || m.Subject != "Hi" || !strings.Contains(m.Text, "Hello") || !m.HasHTML || m.RemoteImages != 1 || len(m.Attachments) != 4 {
		t.Errorf("message = %+v", m)
	}
}

func TestReadMessageWithoutItsBody(t *testing.T) {
	b := newBench(t)
	b.opened = inbox.Opened{Message: mailstead.Message{State: mailstead.MessageTooLarge, Defect: "Too large."}}
	w := b.do(call{path: "/messages/118", cookie: annaCookie})
	m := answer[api.MessageDetail](t, w, http.StatusOK)
	if m.State != mailstead.MessageTooLarge || m.Defect == "" || m.HasHTML || !strings.Contains(w.Body.String(), `"attachments":[]`) {
		t.Errorf("message = %s", w.Body)
	}
	for _, path := range []string{"/messages/118/html", "/messages/118/attachments/0"} {
		if p := problem(t, b.do(call{path: path, cookie: annaCookie})); p.Status != http.StatusNotFound {
			t.Errorf("%s: status = %d, want 404", path, p.Status)
		}
	}
}

func TestShownHTMLCanDoNothing(t *testing.T) {
	for _, remote := range []bool{false, true} {
		path := "/messages/118/html"
		if remote {
			path += "?remote=true"
		}
		b := newBench(t)
		openHostile(t, b)
		w := b.do(call{path: path, cookie: annaCookie})
		page := w.Body.String()
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Fatalf("status %d, type %q", w.Code, w.Header().Get("Content-Type"))
		}
		for _, bad := range []string{"<script", "onclick", "<form", "<input", "svg", "cid:"} {
			if strings.Contains(page, bad) {
				t.Errorf("remote=%v: the page holds %q: %s", remote, bad, page)
			}
		}
		if !strings.Contains(page, "data:image/png;base64,iVBORw0KGgo=") {
			t.Errorf("the mail's own picture is missing: %s", page)
		}
		if got := strings.Contains(page, "evil.example/pixel.png"); got != remote {
			t.Errorf("remote=%v: the remote picture is there: %v", remote, got)
		}
		policy := w.Header().Values("Content-Security-Policy")
		if len(policy) != 1 {
			t.Fatalf("policies = %q, want one", policy)
		}
		for _, want := range []string{"sandbox ", "default-src 'none'", "style-src 'unsafe-inline'", "frame-ancestors 'self'", "form-action 'none'"} {
			if !strings.Contains(policy[0], want) {
				t.Errorf("policy = %q, want %q in it", policy[0], want)
			}
		}
		if strings.Contains(policy[0], "allow-scripts") || strings.Contains(policy[0], "allow-same-origin") || strings.Contains(policy[0], "https:") != remote {
			t.Errorf("remote=%v: policy = %q", remote, policy[0])
		}
	}
}

func TestDownloads(t *testing.T) {
	tests := []struct {
		path, wantType, wantName, wantBody string
	}{
		{"/messages/118/raw", "message/rfc822", "message-118.eml", "Subject: x\r\n\r\n<script>alert(1)</script>"},
		{"/messages/118/attachments/0", "image/png", "logo.png", "\x89PNG\r\n\x1a\n"},
		{"/messages/118/attachments/1", "application/octet-stream", "page.svg", "<svg onload=alert(1)>"},
		{"/messages/118/attachments/2", "application/octet-stream", "", "<script>alert(1)</script>"},
		{"/messages/118/attachments/3", "application/pdf", "", "%PDF"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			b := newBench(t)
			openHostile(t, b)
			w := b.do(call{path: tt.path, cookie: annaCookie})
			if w.Code != http.StatusOK || w.Body.String() != tt.wantBody || w.Header().Get("Content-Type") != tt.wantType {
				t.Errorf("status %d, type %q, body %q; want type %q, body %q", w.Code, w.Header().Get("Content-Type"), w.Body, tt.wantType, tt.wantBody)
			}
			kind, params, err := mime.ParseMediaType(w.Header().Get("Content-Disposition"))
			if err != nil || kind != "attachment" {
				t.Fatalf("Content-Disposition = %q (%v), want an attachment", w.Header().Get("Content-Disposition"), err)
			}
			name := params["filename"]
			if name == "" || (tt.wantName != "" && name != tt.wantName) || strings.ContainsAny(name, "/\\") || mailstead.HasControl(name) {
				t.Errorf("file name = %q, want %q", name, tt.wantName)
			}
			if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox;") {
				t.Errorf("policy = %q, want a sandbox", got)
			}
			if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("X-Content-Type-Options = %q", got)
			}
		})
	}
	b := newBench(t)
	openHostile(t, b)
	if p := problem(t, b.do(call{path: "/messages/118/attachments/4", cookie: annaCookie})); p.Status != http.StatusNotFound {
		t.Errorf("an attachment too far: status = %d, want 404", p.Status)
	}
}

func TestActiveMediaTypesAreNotNamed(t *testing.T) {
	tests := map[string]string{
		"image/png": "image/png", "audio/mpeg": "audio/mpeg", "text/plain; charset=utf-8": "text/plain", "application/pdf": "application/pdf",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"text/html": "", "TEXT/HTML": "", "application/xhtml+xml": "", "image/svg+xml": "", "text/xml": "", "application/xml": "",
		"text/javascript": "", "application/ecmascript": "", "application/x-shockwave-flash": "", "application/vnd.x+xml": "",
		"multipart/related": "", "message/rfc822": "", "": "", "nonsense": "", "image/png\r\nX: y": "", "application/wasm": "",
	}
	for given, want := range tests {
		if want == "" {
			want = "application/octet-stream"
		}
		b := newBench(t)
		openHostile(t, b)
		b.opened.Mail.Attachments[0].MediaType = given
		w := b.do(call{path: "/messages/118/attachments/0", cookie: annaCookie})
		if got := w.Header().Get("Content-Type"); got != want || len(w.Header().Values("X")) > 0 {
			t.Errorf("%q is sent as %q, want %q", given, got, want)
		}
	}
}

func TestMarks(t *testing.T) {
	b := newBench(t)
	w := b.do(call{method: "PUT", path: "/messages/118/flags", body: `{"seen":true,"flagged":false}`, cookie: annaCookie})
	if w.Code != http.StatusNoContent {
		t.Fatalf("status = %d: %s", w.Code, w.Body)
	}
	if want := (mailstead.Flags{Seen: true}); b.set != want {
		t.Errorf("set = %+v, want %+v", b.set, want)
	}
	if want := (mailstead.Flags{Seen: true, Flagged: true}); b.mask != want {
		t.Errorf("mask = %+v, want %+v", b.mask, want)
	}
}

func TestManyMarks(t *testing.T) {
	b := newBench(t)
	w := b.do(call{method: "PUT", path: "/messages/flags", body: `{"ids":[118,117],"seen":false}`, cookie: annaCookie})
	if w.Code != http.StatusNoContent {
		t.Fatalf("status = %d: %s", w.Code, w.Body)
	}
	if want := []mailstead.MessageID{118, 117}; !slices.Equal(b.marked, want) {
		t.Errorf("ids = %v, want %v", b.marked, want)
	}
	if b.set != (mailstead.Flags{}) || b.mask != (mailstead.Flags{Seen: true}) {
		t.Errorf("set, mask = %+v, %+v, want the mark of reading to be taken away", b.set, b.mask)
	}
}

func TestDraft(t *testing.T) {
	b := newBench(t)
	for query, want := range map[string]mailstead.DraftKind{"": "reply", "?kind=forward": "forward", "?kind=reply_all": "reply_all"} {
		d := answer[mailstead.Draft](t, b.do(call{path: "/messages/118/draft" + query, cookie: annaCookie}), http.StatusOK)
		if d.Kind != want || d.ParentID != 118 {
			t.Errorf("%q: draft = %+v, want a %s of 118", query, d, want)
		}
	}
}
