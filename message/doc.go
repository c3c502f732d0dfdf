// Package message reads and writes mails: RFC 5322 headers, MIME bodies,
// character sets, HTML made safe, quotes, automatic replies and bounces.
//
// Reading takes these steps, the same for Index and for Read, so that a list and
// an opened mail never disagree:
//
//  1. scan: the header block becomes fields (header.go), the body a tree of
//     parts that are slices of the mail's bytes (part.go). Every limit of limits.go
//     holds here: the cost grows with the size of the mail and with nothing else.
//  2. decode: encoded words, addresses, dates, media types and character sets
//     become plain UTF-8 (word.go, address.go, date.go, media.go, charset.go).
//     What is broken is repaired as mail programs do and noted as a defect.
//  3. choose: parts become text, HTML and attachments (body.go).
//
// Index stops at what a list, a thread and a search need and decodes no
// attachment. Nothing here returns an error for odd mail: a mail without anything
// like a header is called unreadable, and its bytes are still the caller's.
//
// Writing goes the other way: Write checks everything that ends in a header and
// lets go-mail put the parts together (write.go).
package message
