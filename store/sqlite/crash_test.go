package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

// The test binary is also the program that is killed: with these variables it
// does the named work on the database until it dies.
const (
	childWork = "STORE_CHILD_WORK"
	childPath = "STORE_CHILD_PATH"
)

func TestMain(m *testing.M) {
	if work := os.Getenv(childWork); work != "" {
		fmt.Fprintln(os.Stderr, child(context.Background(), work, os.Getenv(childPath)))
		os.Exit(3)
	}
	os.Exit(m.Run())
}

func child(ctx context.Context, work, path string) error {
	db, err := sqlite.Open(ctx, path, store.Options{Now: time.Now})
	if err != nil {
		return err
	}
	switch work {
	case "hold":
		fmt.Println("open")
		_, err = io.Copy(io.Discard, os.Stdin)
		return err
	case "submit":
		return childSubmit(ctx, db)
	case "sync":
		return childSync(ctx, db)
	case "fill":
		return childFill(ctx, db)
	}
	return errors.New("unknown work " + work)
}

// childSubmit submits mails from many goroutines and prints each id once it was
// answered for; after 400 it kills itself.
func childSubmit(ctx context.Context, db *store.DB) error {
	account := mailstead.AccountID(1)
	answers := make(chan string, 1000)
	for range 16 {
		go func() {
			for {
				m := &mailstead.OutgoingMessage{AccountID: account, State: mailstead.OutgoingQueued, DueAt: time.Now()}
				if _, err := db.SubmitOutgoing(ctx, m); err != nil {
					answers <- "error " + err.Error()
					return
				}
				answers <- m.ID.String()
			}
		}()
	}
	for n := 0; ; n++ {
		// One write a line: nothing waits in a buffer of ours when the end comes.
		if _, err := os.Stdout.WriteString(<-answers + "\n"); err != nil {
			return err
		}
		if n == 400 {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
}

// batchSize is how many messages childSync stores in one step.
const batchSize = 40

// childSync stores batches of messages, removes and changes some, until it is
// killed. It prints the last UID of each batch that was answered for.
func childSync(ctx context.Context, db *store.DB) error {
	f, err := db.Folder(ctx, 1)
	if err != nil {
		return err
	}
	for uid := f.Cursor.Next; ; {
		b := mailstead.SyncBatch{AccountID: f.AccountID, FolderID: f.ID, RemoteTotal: -1, Announce: true, At: time.Now()}
		for range batchSize {
			uid++
			b.Messages = append(b.Messages, mailstead.NewMessage{
				Message: mailstead.Message{
					UID: uid, ReceivedAt: time.Now(), Headers: mailstead.Headers{Subject: "s"},
					Blob: mailstead.BlobRef{Hash: mailstead.HashBlob([]byte{byte(uid)}), Stored: 1, Size: 1},
				},
				SearchText: "word " + strings.Repeat(fmt.Sprintf("x%d ", uid), 50),
			})
		}
		b.Cursor.Next = uid
		if _, err := db.ApplySync(ctx, b); err != nil {
			return err
		}
		if _, err := fmt.Printf("%d\n", uid); err != nil {
			return err
		}
	}
}

// childFill writes until the file may not grow, then is given room again. It
// prints what went wrong, or that all was well.
func childFill(ctx context.Context, db *store.DB) error {
	// Without this the limit's signal would end the process.
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	full := limit
	full.Cur = 1 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		return err
	}
	errs := make(chan error)
	for i := range 8 {
		go func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("%d-%d-%s", i, n, strings.Repeat("x", 1000))
				if err := db.CreateProfile(ctx, &mailstead.Profile{Name: name}, audited); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	for range 8 {
		err := <-errs
		if mailstead.KindOf(err) != mailstead.KindInternal {
			return err
		}
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := db.CreateProfile(ctx, &mailstead.Profile{Name: "after"}, audited); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	list, err := db.Profiles(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("well %d\n", len(list))
	return db.Close()
}

// start runs this program as a child that does the work.
func start(t *testing.T, work, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childWork+"="+work, childPath+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// prepare makes a database with one account and one folder, both with id 1.
func prepare(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := sqlite.Open(t.Context(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	a := &mailstead.Account{Key: "k", Name: "a", Incoming: &mailstead.Side{Server: mailstead.Server{Protocol: mailstead.IMAP}}}
	if _, err := db.ConnectAccount(t.Context(), mailstead.Connected{Audit: audited, Account: a}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.SyncFolders(t.Context(), a.ID, []mailstead.RemoteFolder{{Path: "INBOX"}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnotherProcessIsKeptOut(t *testing.T) {
	path := prepare(t)
	cmd, out := start(t, "hold", path)
	if !out.Scan() {
		t.Fatal("the child did not open the database")
	}
	_, err := sqlite.Open(t.Context(), path, options)
	if mailstead.CodeOf(err) != "store.locked" {
		t.Errorf("got %v, want code store.locked", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for out.Scan() {
	}
	_ = cmd.Wait()
	// A process that was killed leaves no lock behind.
	open(t, path, options)
}

func TestWhatWasAnsweredSurvivesKill(t *testing.T) {
	path := prepare(t)
	cmd, out := start(t, "submit", path)
	var answered []mailstead.OutgoingID
	for out.Scan() {
		var id mailstead.OutgoingID
		if _, err := fmt.Sscan(out.Text(), &id); err != nil {
			t.Fatalf("child said %q", out.Text())
		}
		answered = append(answered, id)
	}
	_ = cmd.Wait()
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
		t.Fatalf("got child %v, want it killed", cmd.ProcessState)
	}
	if len(answered) < 400 {
		t.Fatalf("got %d answers, want 400", len(answered))
	}
	db := open(t, path, options)
	for _, id := range answered {
		if _, _, err := db.Outgoing(t.Context(), id); err != nil {
			t.Errorf("mail %d was answered for: %v", id, err)
		}
	}
	raw := beside(t, path)
	mails := number(t.Context(), t, raw, "SELECT count(*) FROM outgoing")
	events := number(t.Context(), t, raw, "SELECT count(*) FROM events")
	if mails != events || mails < int64(len(answered)) {
		t.Errorf("got %d mails and %d events, want as many of both and at least %d", mails, events, len(answered))
	}
	whole(t, path)
}

func TestFullDiskFailsStepsUntilThereIsRoom(t *testing.T) {
	path := prepare(t)
	_, out := start(t, "fill", path)
	var stored int
	if !out.Scan() {
		t.Fatal("the child said nothing")
	}
	if _, err := fmt.Sscanf(out.Text(), "well %d", &stored); err != nil || stored < 10 {
		t.Fatalf("child said %q", out.Text())
	}
	for out.Scan() {
	}
	got := profiles(t, open(t, path, options))
	if len(got) != stored || !got["after"] {
		t.Errorf("got %d profiles, want %d", len(got), stored)
	}
	whole(t, path)
}

func TestKillInTheMiddleOfBatchesLeavesWholeBatches(t *testing.T) {
	path := prepare(t)
	for round := range 5 {
		cmd, out := start(t, "sync", path)
		var answered int64
		for range 3 + 2*round {
			if !out.Scan() {
				t.Fatal("the child ended by itself")
			}
		}
		// Wherever it is by now, that is where it dies.
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for more := true; more; more = out.Scan() {
			if _, err := fmt.Sscan(out.Text(), &answered); err != nil {
				t.Fatalf("child said %q", out.Text())
			}
		}
		_ = cmd.Wait()
		checkBatches(t, path, answered)
	}
}

func checkBatches(t *testing.T, path string, answered int64) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	f, err := db.Folder(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	raw := beside(t, path)
	ctx := t.Context()
	rows := number(ctx, t, raw, "SELECT count(*) FROM messages")
	if rows%batchSize != 0 || rows != int64(f.Total) || rows != int64(f.Cursor.Next) || rows < answered {
		t.Errorf("got %d rows, total %d, cursor %d, want whole batches of %d up to %d or more", rows, f.Total, f.Cursor.Next, batchSize, answered)
	}
	for what, query := range map[string]string{
		"references": "SELECT coalesce(sum(refs), 0) FROM blobs",
		"indexed":    `SELECT count(*) FROM message_search WHERE message_search MATCH '"1·word"'`,
		"events":     fmt.Sprintf("SELECT count(*) * %d FROM events", batchSize),
	} {
		if got := number(ctx, t, raw, query); got != rows {
			t.Errorf("%s: got %d, want %d", what, got, rows)
		}
	}
	whole(t, path)
}

// whole asks SQLite itself whether the file and the word index are sound.
func whole(t *testing.T, path string) {
	t.Helper()
	var verdict string
	if err := beside(t, path).QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity: got %q, %v, want ok", verdict, err)
	}
	execute(t, path, "INSERT INTO message_search (message_search) VALUES ('integrity-check')")
}
