//go:build race

package main_test

// buildFlags let the program look for races, like the tests that start it.
var buildFlags = []string{"-race"}

// mostIdle is how many megabytes an idle service may take.
const mostIdle = 320
