package imap_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/provider/imap"
)

// watch opens INBOX of a script whose server greets with caps.
func watch(t *testing.T, c imap.Config, caps string, answers ...answer) (*script, mailstead.Watcher) {
	t.Helper()
	s := &script{greeting: "* PREAUTH [CAPABILITY " + caps + "] hi\n", answers: signedIn(answers...)}
	src, err := quickDriver(t, c, nil).Open(t.Context(), scriptAccess(serve(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	if _, err := src.Select(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	w, ok := src.(mailstead.Watcher)
	if !ok {
		t.Fatal("not a Watcher")
	}
	return s, w
}

func TestWaitHears(t *testing.T) {
	for _, news := range []string{"* 4 EXISTS", "* 2 EXPUNGE", "* 2 FETCH (FLAGS (\\Seen))", "* VANISHED 102", "* 4 exists"} {
		t.Run(news, func(t *testing.T) {
			_, w := watch(t, imap.Config{}, "IMAP4rev1 IDLE",
				answer{command: "IDLE", text: "* OK Still here\n* 3 EXISTS\n* 3 RECENT\n+ idling\n* OK Still here\n* FLAGS ()\ngarbage\n" + news + "\n"},
				answer{command: "DONE", text: "a2 OK done\n", once: true},
			)
			if changed, err := w.Wait(t.Context()); !changed || err != nil {
				t.Errorf("got %v, %v", changed, err)
			}
		})
	}
}

func TestWaitStartsAnew(t *testing.T) {
	started := make(chan struct{}, 100)
	idle := answer{command: "IDLE", do: func(c net.Conn, _ string) {
		_, _ = c.Write([]byte("+ idling\r\n"))
		select {
		case started <- struct{}{}:
		default:
		}
	}}
	s, w := watch(t, imap.Config{IdleRestart: 30 * time.Millisecond}, "IMAP4rev1 IDLE", idle)
	// The server ends every IDLE with the tag that it began with.
	s.mu.Lock()
	s.answers = append(s.answers, answer{command: "DONE", do: func(c net.Conn, _ string) {
		s.mu.Lock()
		line := s.lines[len(s.lines)-2]
		s.mu.Unlock()
		tag, _, _ := strings.Cut(line, " ")
		_, _ = c.Write([]byte(tag + " OK done\r\n"))
	}})
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for range 3 {
			<-started
		}
		cancel()
	}()
	if changed, err := w.Wait(ctx); changed || err != nil {
		t.Errorf("got %v, %v; the client said %q", changed, err, s.said())
	}
}

func TestWaitWithoutIDLE(t *testing.T) {
	for name, c := range map[string]struct {
		caps   string
		answer answer
	}{
		"not offered": {caps: "IMAP4rev1", answer: answer{command: "IDLE", text: "+ idling\n"}},
		"refused":     {caps: "IMAP4rev1 IDLE", answer: answer{command: "IDLE", text: "TAG BAD what?\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, w := watch(t, imap.Config{PollInterval: 5 * time.Millisecond}, c.caps,
				answer{command: "NOOP", text: "TAG OK nothing\n", once: true},
				answer{command: "NOOP", text: "* 4 EXISTS\nTAG OK something\n"},
				c.answer,
			)
			if changed, err := w.Wait(t.Context()); !changed || err != nil {
				t.Errorf("got %v, %v; the client said %q", changed, err, s.said())
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if changed, err := w.Wait(ctx); changed || err != nil {
				t.Errorf("context at its end: got %v, %v", changed, err)
			}
		})
	}
}

func TestWaitTellsOfLostConnections(t *testing.T) {
	for name, text := range map[string]string{
		"closed":          "+ idling\nCLOSE\n",
		"goodbye":         "+ idling\n* BYE Session invalidated - AccessTokenExpired\nCLOSE\n",
		"closed at once":  "CLOSE\n",
		"never confirmed": "",
		"refused":         "TAG NO [UNAVAILABLE] no\n",
		"endless line":    "+ idling\n" + strings.Repeat("x", 3<<20),
	} {
		t.Run(name, func(t *testing.T) {
			_, w := watch(t, imap.Config{}, "IMAP4rev1 IDLE", answer{command: "IDLE", text: text})
			if changed, err := w.Wait(t.Context()); changed || mailstead.KindOf(err) != mailstead.KindTemporary {
				t.Errorf("got %v, %v", changed, err)
			}
		})
	}
	t.Run("silence after the restart", func(t *testing.T) {
		_, w := watch(t, imap.Config{IdleRestart: 20 * time.Millisecond}, "IMAP4rev1 IDLE", answer{command: "IDLE", text: "+ idling\n"})
		if changed, err := w.Wait(t.Context()); changed || mailstead.CodeOf(err) != "net.timeout" {
			t.Errorf("got %v, %v", changed, err)
		}
	})
	t.Run("ended by the server", func(t *testing.T) {
		s, w := watch(t, imap.Config{}, "IMAP4rev1 IDLE",
			answer{command: "IDLE", text: "+ idling\nTAG OK enough\n", once: true},
			answer{command: "IDLE", text: "+ idling\n* 4 EXISTS\n"},
			answer{command: "DONE", text: "a3 OK done\n", once: true},
		)
		if changed, err := w.Wait(t.Context()); !changed || err != nil {
			t.Errorf("got %v, %v; the client said %q", changed, err, s.said())
		}
		if said := s.said(); slices.Index(said, "DONE") != len(said)-1 {
			t.Errorf("the client said %q", said)
		}
	})
}

func TestWaitNeedsAFolder(t *testing.T) {
	s := &script{greeting: "* PREAUTH [CAPABILITY IMAP4rev1 IDLE] hi\n"}
	src, err := quickDriver(t, imap.Config{}, nil).Open(t.Context(), scriptAccess(serve(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := src.(mailstead.Watcher).Wait(t.Context()); err == nil {
		t.Error("got no error")
	}
	if _, err := src.UIDs(t.Context(), mailstead.UIDWindow{}); err == nil {
		t.Error("UIDs: got no error")
	}
	if err := src.Fetch(t.Context(), []mailstead.UID{1}, 0, nil); err == nil {
		t.Error("Fetch: got no error")
	}
}
