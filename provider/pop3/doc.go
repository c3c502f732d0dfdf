// Package pop3 reads mailboxes by POP3 (RFC 1939). Driver is a
// mailstead.SourceDriver; what it opens is a mailstead.Maildrop. Nothing is ever
// deleted or changed on the server: no command that could is in this package.
//
// The process of a connection:
//
//  1. dial: package dial resolves, guards, connects and, where the server's
//     security is tls, protects.
//  2. greeting: a server of another protocol is told apart here.
//  3. capabilities (CAPA, RFC 2449), and for the security starttls the upgrade
//     (STLS, RFC 2595), which is demanded: without it nothing goes on.
//  4. sign-in by AUTH (RFC 5034) with the best mechanism that both know, else by
//     USER and PASS, and never without encryption unless the account was permitted to.
//  5. LIST and UIDL: which mails there are. The server shows the mailbox as it
//     was at the sign-in, until QUIT.
//  6. RETR, and TOP where only the header is asked for.
//
// POP3 tells no dates. A mail arrived when its topmost Received field says so, and
// the beginning of a load period is found by halving, as mails lie in the order of
// their arrival.
//
// Layers, from below: reader knows lines, multi-line answers and their limits;
// reply takes one answer apart; conn sends commands; session is the mailbox. One
// goroutine, the caller's, writes and reads.
package pop3
