package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/mailstead/mailstead"
)

// fileLock is held as long as the file is open: the system takes it back from a
// process that dies.
type fileLock struct{ f *os.File }

func takeLock(path string) (*fileLock, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &fileLock{f}, nil
	}
	err = errors.Join(err, f.Close())
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "store.locked", Op: "sqlite.Open", Err: err,
			Text: "Another Mailstead process is using this data directory. Stop it first, or choose another directory.",
		}
	}
	return nil, fmt.Errorf("lock database: %w", err)
}

// locked reports whether a process holds the lock at path, without taking it.
func locked(path string) (bool, error) {
	f, err := os.Open(filepath.Clean(path))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open lock file: %w", err)
	}
	// Closing the file gives the lock back at once.
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if cerr := f.Close(); cerr != nil {
		return false, cerr
	}
	if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) {
		return false, fmt.Errorf("look at lock: %w", err)
	}
	return err != nil, nil
}

// release gives the lock back; the file stays, so that everybody locks the same.
func (l *fileLock) release() error { return l.f.Close() }
