// Package demo is a small world of mail for trying Mailstead out: mail servers in
// this process, mailboxes with believable business mail at example domains, and
// addresses that provoke what goes wrong in real life.
//
//  1. Start makes an authority and its certificates, starts the servers on free
//     ports of 127.0.0.1. A mailbox is filled at its first use, the same each time.
//  2. Place leads the servers' names (imap.demo.example) to those ports; nothing
//     outside this process can be reached by them, and nothing else leads there.
//  3. Mail sent to a mailbox of the demo arrives in it; to an unknown address of
//     its domain it is refused; mail to anywhere else is taken and goes nowhere.
//  4. New mail arrives from time to time, if asked for.
//
// Everything lives in memory: what arrived since the start is gone at the next one.
package demo
