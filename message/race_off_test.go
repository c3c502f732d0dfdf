//go:build !race

package message_test

// overhead is how many times more memory a program needs that looks for races.
const overhead = 1
