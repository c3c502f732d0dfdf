package outbox_test

import (
	"testing"

	"github.com/mailstead/mailstead"
)

func TestRetryDoesNotWaitForThePauseOfItsAccount(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	f.smtp.SetBusy(true)
	first, other := f.submit("ben@example.com"), f.submit("ben@example.com")
	f.start()
	f.waitDue(first.ID, 1)
	f.settled()
	// One more try, which fails, begins the pause anew: the others go on waiting.
	n := f.smtp.Connections()
	if _, err := f.service.Retry(t.Context(), f.anna, first.ID); err != nil {
		t.Fatal(err)
	}
	f.waitDue(first.ID, 2)
	f.settled()
	if got := f.smtp.Connections() - n; got != 1 {
		t.Errorf("connected %d times for one retry, want once", got)
	}
	f.smtp.SetBusy(false)
	if _, err := f.service.Retry(t.Context(), f.anna, first.ID); err != nil {
		t.Fatal(err)
	}
	f.wait(first.ID, mailstead.OutgoingAccepted)
	if got := f.get(other.ID); got.State != mailstead.OutgoingQueued {
		t.Errorf("the mail that nobody retried is %s, want it to wait for its time", got.State)
	}
}
