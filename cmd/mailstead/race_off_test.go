//go:build !race

package main_test

// buildFlags are those of the program that the tests start.
var buildFlags []string

// mostIdle is how many megabytes an idle service may take.
const mostIdle = 80
