//go:build soak && realservers

package main_test

import (
	"os"
	"strconv"
	"testing"
)

// The long loop; SOAK_KILLS and SOAK_MESSAGES change its length.
const (
	manyKills    = 60
	manyMessages = 500
)

// TestSoakOfKills kills the service in every scene on both databases.
func TestSoakOfKills(t *testing.T) {
	kills, messages := setting(t, "SOAK_KILLS", manyKills), setting(t, "SOAK_MESSAGES", manyMessages)
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Run("a mailbox", func(t *testing.T) { mailbox(t, kills, messages, database(t)...).run(t) })
			for name, scene := range scenes {
				t.Run(name, func(t *testing.T) { scene(t, kills, messages, database(t)...).run(t) })
			}
		})
	}
}

// setting reads a number from the environment.
func setting(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is not a number above zero", name, text)
	}
	return n
}
