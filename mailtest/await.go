package mailtest

import (
	"testing"
	"time"
)

// Await polls until done reports true and fails the test if that takes longer
// than 30 seconds. What says in a few words what is waited for.
func Await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(startTimeout); !done(); time.Sleep(pollInterval) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v still waiting: %s", startTimeout, what)
		}
	}
}
