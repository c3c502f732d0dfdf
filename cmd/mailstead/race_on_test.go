//go:build race

package main_test

// buildFlags let the program look for races, like the tests that start it.
var buildFlags = []string{"-race"}
