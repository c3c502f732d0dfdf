package dial_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

func connect(t *testing.T, ioTimeout time.Duration, port int) *dial.Conn {
	t.Helper()
	d := dial.New(dial.Config{Allowed: loopback, IOTimeout: ioTimeout})
	c, err := d.Connect(t.Context(), imap("127.0.0.1", port, mailstead.SecurityNone), dial.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// readAsync starts a read and returns its outcome.
func readAsync(c net.Conn) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		done <- err
	}()
	return done
}

func wait(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting after 10 s")
		return nil
	}
}

func TestReadFromSilentServerTimesOut(t *testing.T) {
	c := connect(t, 20*time.Millisecond, silentServer(t))
	err := dial.Classify("test", wait(t, readAsync(c)))
	if mailstead.CodeOf(err) != "net.timeout" || mailstead.KindOf(err) != mailstead.KindTemporary {
		t.Errorf("error = %v, want net.timeout", err)
	}
}

func TestWriteToServerThatDoesNotReadTimesOut(t *testing.T) {
	c := connect(t, 20*time.Millisecond, silentServer(t))
	var err error
	for block := make([]byte, 1<<20); err == nil; {
		_, err = c.Write(block)
	}
	if got := mailstead.CodeOf(dial.Classify("test", err)); got != "net.timeout" {
		t.Errorf("error = %v, want net.timeout", err)
	}
}

func TestDeadlineRollsWithProgress(t *testing.T) {
	const pause, limit, pieces = 50 * time.Millisecond, 200 * time.Millisecond, 8
	port := server(t, func(c net.Conn) {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for range pieces {
			<-tick.C
			_, _ = c.Write([]byte("x"))
		}
	})
	// All pieces take longer than the limit, none of them does.
	c := connect(t, limit, port)
	for i := range pieces {
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatalf("read %d: %v", i, err)
		}
	}
}

func TestSetIdle(t *testing.T) {
	t.Run("ends a pending read earlier", func(t *testing.T) {
		c := connect(t, time.Hour, silentServer(t))
		done := readAsync(c)
		c.SetIdle(10 * time.Millisecond)
		if err := wait(t, done); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("error = %v, want a timeout", err)
		}
	})
	t.Run("zero restores the default", func(t *testing.T) {
		c := connect(t, 10*time.Millisecond, silentServer(t))
		c.SetIdle(time.Hour)
		c.SetIdle(0)
		if err := wait(t, readAsync(c)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("error = %v, want a timeout", err)
		}
	})
	t.Run("does not touch a deadline of the user", func(t *testing.T) {
		c := connect(t, time.Hour, silentServer(t))
		if err := c.SetDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		c.SetIdle(time.Hour)
		if err := wait(t, readAsync(c)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("error = %v, want a timeout", err)
		}
	})
}

func TestUserDeadlineIsClearedByZero(t *testing.T) {
	c := connect(t, 10*time.Millisecond, silentServer(t))
	if err := c.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, readAsync(c)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error = %v, want the rolling deadline back", err)
	}
}

func TestBind(t *testing.T) {
	reason := errors.New("stopped by the owner")
	t.Run("ends a pending read with the cause", func(t *testing.T) {
		c := connect(t, time.Hour, silentServer(t))
		ctx, cancel := context.WithCancelCause(t.Context())
		c.Bind(ctx)
		done := readAsync(c)
		cancel(reason)
		if err := wait(t, done); !errors.Is(err, reason) {
			t.Errorf("error = %v, want the cause", err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, reason) {
			t.Errorf("write afterwards: %v, want the cause", err)
		}
	})
	t.Run("unbound it lives on", func(t *testing.T) {
		c := connect(t, time.Hour, silentServer(t))
		ctx, cancel := context.WithCancel(t.Context())
		if unbind := c.Bind(ctx); !unbind() {
			t.Error("unbind came too late")
		}
		cancel()
		if _, err := c.Write([]byte("x")); err != nil {
			t.Errorf("write: %v", err)
		}
	})
}

func TestCancelEndsHandshakeAtOnce(t *testing.T) {
	arrived := make(chan struct{})
	port := server(t, func(net.Conn) { close(arrived) })
	d := dial.New(dial.Config{Allowed: loopback})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := d.Connect(ctx, imap("127.0.0.1", port, mailstead.SecurityTLS), dial.Options{})
		done <- err
	}()
	<-arrived
	cancel()
	if err := wait(t, done); mailstead.CodeOf(err) != "net.cancelled" || !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want net.cancelled", err)
	}
}

func TestClassifyKeepsWhatIsTypedAlready(t *testing.T) {
	want := &mailstead.Error{Kind: mailstead.KindCredentials, Code: "auth.bad_credentials"}
	if got := dial.Classify("test", want); !errors.Is(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := dial.Classify("test", nil); got != nil {
		t.Errorf("got %v, want nil", got)
	}
}
