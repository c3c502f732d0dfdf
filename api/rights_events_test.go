package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

// follow opens the event stream as somebody, from the beginning.
func (w *rightsWorld) follow(t *testing.T, who string) <-chan frame {
	t.Helper()
	r := w.by(t, who)
	header := map[string]string{"Cookie": "mailstead_session=" + r.cookie}
	if r.token != "" {
		header = map[string]string{"Authorization": "Bearer " + r.token}
	}
	frames := follow(t, w.bench, "?after=0", header)
	next(t, frames) // the position
	return frames
}

// story names the events about Anna's account.
func (w *rightsWorld) story(events []mailstead.Event) []string {
	var out []string
	for _, e := range events {
		if e.AccountID == w.boxes["anna"] && !slices.Contains(out, string(e.Type)) {
			out = append(out, string(e.Type))
		}
	}
	slices.Sort(out)
	return out
}

func TestEventsAreForThoseWhoMayReadThem(t *testing.T) {
	w := newRightsWorld(t)
	w.newOutgoing("anna")
	about := []string{"account.connected", "account.updated"}
	mail := []string{"account.connected", "account.updated", "load.done", "messages.new", "outgoing.state"}
	if rec := w.as("anna", call{method: "PATCH", path: "/accounts/" + w.boxes["anna"].String(), body: `{"note":"x"}`}); rec.Code != http.StatusOK {
		t.Fatalf("status %d", rec.Code)
	}
	want := map[string][]string{"ada": mail, "ada/everything": mail, "anna": mail, "anna/mail:read": mail, "eve": nil, "ada/mail:read": nil}
	for _, m := range members {
		want[m] = about
		if strings.Contains(m, "read") {
			want[m] = mail
		}
	}
	letters := strings.ReplaceAll(rowsOf("streamEvents")[0].want, " ", "")
	for i, roles := range w.rolesByLetter() {
		for j := range roles {
			who := roles[j].who()
			_, told := want[who]
			if told != (letters[i] == 'A') {
				t.Errorf("the table says %c of %s", letters[i], roles[j].name)
			}
			if letters[i] == 'F' {
				w.refused(t, who, 'F', call{path: "/events?after=0"})
				w.refused(t, who, 'F', call{path: "/events/list"})
			}
		}
	}
	for who, want := range want {
		t.Run(who, func(t *testing.T) {
			list := read[api.EventPage](t, w, who, "/events/list?limit=500").Items
			if diff := cmp.Diff(w.story(list), want); diff != "" {
				t.Errorf("events of Anna's account (-got +want):\n%s", diff)
			}
			for _, e := range list {
				if !strings.HasPrefix(who, "ada") && e.AccountID != w.boxes["anna"] && e.AccountID != w.boxes[w.by(t, who).person()] {
					t.Errorf("event %d is about account %d", e.ID, e.AccountID)
				}
			}
			frames := w.follow(t, who)
			for _, e := range list {
				if f, ok := next(t, frames); !ok || f.id != fmt.Sprint(e.ID) {
					t.Fatalf("the stream gives event %q, the list %d", f.id, e.ID)
				}
			}
		})
	}
}

// drain reads what the stream has to say so far: up to the event that a change of
// the person's own account makes.
func (w *rightsWorld) drain(t *testing.T, who string, frames <-chan frame) []mailstead.Event {
	t.Helper()
	note := w.fresh()
	path := "/accounts/" + w.boxes[w.by(t, who).person()].String()
	if rec := w.as(w.by(t, who).person(), call{method: "PATCH", path: path, body: `{"note":"` + note + `"}`}); rec.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	last := read[api.EventPage](t, w, "ada", "/events/list?limit=500").Items
	end := last[len(last)-1].ID
	var out []mailstead.Event
	for {
		f, ok := next(t, frames)
		if !ok {
			t.Fatal("the stream ended")
		}
		var e mailstead.Event
		if err := json.Unmarshal([]byte(f.data), &e); err != nil {
			t.Fatal(err)
		}
		if e.ID >= end {
			return out
		}
		out = append(out, e)
	}
}

func TestAnOpenStreamFollowsTheRights(t *testing.T) {
	w := newRightsWorld(t)
	streams := map[string]<-chan frame{}
	for _, who := range []string{"eve", "shared-read", "shared-send", "profile-read"} {
		streams[who] = w.follow(t, who)
		w.drain(t, who, streams[who])
	}
	w.newOutgoing("anna")
	for who, want := range map[string][]string{"eve": nil, "shared-send": nil, "shared-read": {"outgoing.state"}, "profile-read": {"outgoing.state"}} {
		if diff := cmp.Diff(w.story(w.drain(t, who, streams[who])), want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", who, diff)
		}
	}
	w.change("profile-read", `{"profile_ids":[]}`)
	w.newOutgoing("anna")
	if got := w.story(w.drain(t, "profile-read", streams["profile-read"])); got != nil {
		t.Errorf("who left the profile got %v", got)
	}
	for _, who := range []string{"shared-read", "eve"} {
		w.drain(t, who, streams[who])
	}
	w.change("shared-read", `{"disabled":true}`)
	w.newOutgoing("anna")
	if f, ok := next(t, streams["shared-read"]); ok {
		t.Errorf("who was switched off got %+v", f)
	}
	w.newOutgoing("anna")
	if got := w.story(w.drain(t, "eve", streams["eve"])); got != nil {
		t.Errorf("Eve got %v", got)
	}
}
