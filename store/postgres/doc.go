// Package postgres opens the store on a PostgreSQL database.
//
// A step is a transaction of its own on a pool of connections:
//
//  1. bun's queries carry their arguments in their text and are sent as they are;
//     bound statements are prepared once a connection;
//  2. rows that a step changes are locked first, always in the same order; should
//     two steps wait for each other nevertheless, the loser is run again;
//  3. events are inserted last, under an advisory lock that is held until after
//     the commit, so that nobody sees event 8 before event 7.
//
// Migrations are guarded by an advisory lock of the session: two processes that
// start together migrate one after the other.
package postgres
