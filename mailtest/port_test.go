package mailtest_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/mailstead/mailstead/mailtest"
)

func TestFreePortsAreAllDifferentAndFree(t *testing.T) {
	seen := make(map[int]bool)
	for range 100 {
		port := mailtest.FreePort(t)
		if seen[port] {
			t.Fatalf("port %d was given twice", port)
		}
		seen[port] = true
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
}
