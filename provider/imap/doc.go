// Package imap reads mailboxes by IMAP (RFC 9051, RFC 3501). Driver is a
// mailstead.SourceDriver; what it opens is also a Watcher, an Appender and a
// Flagger.
//
// The process of a connection:
//
//  1. dial: package dial resolves, guards, connects and, where the server's
//     security is tls, protects.
//  2. greeting: a server of another protocol is told apart here.
//  3. capabilities, and for the security starttls the upgrade, which is
//     demanded: without it nothing goes on (RFC 9051 section 11.1).
//  4. sign-in by the strongest mechanism that both know, else by LOGIN, and
//     never without encryption unless the account was permitted to.
//  5. ID (RFC 2971), whose answer nobody waits for.
//  6. EXAMINE: folders are opened read-only; only SetFlags opens one for
//     writing, and goes back.
//
// The protocol is spoken by this package itself. A library (go-imap) was tried
// first, behind a connection that kept from it what it chokes on: it ended the
// connection over 28 of 32 odd lines, waited for ever in 10 of 188 hostile
// conversations and grew to 2.8 GB over an endless line. But bulk fetching,
// search, mod-sequences, STARTTLS and ID had to go past it anyway, for speed or
// for limits, and what was left to it (LIST, EXAMINE, IDLE, APPEND, STORE) is
// less than what kept the two apart. Here one goroutine, the caller's, writes and
// reads, and nothing runs in the background: a watched mailbox takes 19 to 24 KB
// over TLS, where the library's took 25 to 31.
//
// Layers, from below: reader knows lines and literals and their limits; response
// and scanner take one response apart and never fail on odd ones; conn sends
// commands and matches answers; session is one file a command.
package imap
