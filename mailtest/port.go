package mailtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePort returns a TCP port of the loopback addresses that nothing listens on
// and that no other test of this machine gets while this test runs. It lies
// below the ports that the kernel gives to outgoing connections.
func FreePort(t testing.TB) int {
	t.Helper()
	port, release, err := takePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return port
}

// takePort reserves a port until release is called or the process ends. The
// reservation is a socket in Linux' abstract namespace, which leaves no file.
func takePort() (port int, release func(), err error) {
	for range 1000 {
		port := 20_000 + rand.IntN(12_000)
		lock, err := net.Listen("unix", "@mailstead-test-port-"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		if portIsFree(port) {
			return port, func() { lock.Close() }, nil
		}
		lock.Close()
	}
	return 0, nil, fmt.Errorf("no free port between 20000 and 32000")
}

func portIsFree(port int) bool {
	// The unspecified address stands for every loopback address.
	l, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}
