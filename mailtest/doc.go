// Package mailtest is the test kit: it starts real mail servers and databases
// for one test, or for one test process, and breaks connections on purpose.
//
// Every launcher works the same way:
//
//  1. It makes a scratch directory with a short name, as the paths of Unix
//     sockets are limited to 107 bytes.
//  2. It picks free ports on a loopback address. Nothing listens elsewhere, and
//     nothing of the machine's own configuration is read.
//  3. It starts the server in the foreground, in a process group of its own, and
//     waits until the server greets.
//  4. At the end of the test it stops that process by its id, waits until the
//     whole group is gone and removes the directory. A watchdog does the same if
//     the test process itself is killed.
//  5. When the test failed, the end of the server's log is shown with it.
//
// Only test files import this package. Tests that need a real server carry the
// build tag realservers.
package mailtest
