// Package fakemail holds mail servers that run in this process and break on
// demand: the demo shows them, tests use them where no real server is needed.
//
// They listen on free ports of 127.0.0.1, keep everything in memory and forget
// it when they close. How they break is chosen while they run, so that a failure
// and its end can be watched.
package fakemail
