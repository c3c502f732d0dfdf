// Package sqlite opens the store on an SQLite database of its own file.
//
// All writing goes through one goroutine with one connection:
//
//  1. steps wait in a queue;
//  2. the writer begins a transaction and runs every step that waits, each in a
//     savepoint of its own: one that fails takes back only itself;
//  3. one COMMIT, which waits for the disk (synchronous=FULL), answers them all.
//
// So many small steps share the price of one fsync, and none is answered before
// it is durable. Reading has its own connections and never waits for writing
// (WAL). A lock file keeps a second process out.
package sqlite
