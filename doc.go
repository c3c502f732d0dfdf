// Package mailstead is the vocabulary of Mailstead: e-mail accounts for business
// software.
//
// It holds the nouns (Account, Server, Provider, Folder, Message, Draft,
// OutgoingMessage, User, Assignment, Event), their validation, the pure rules
// (who sends: ResolveSender) and the few ports with more than one implementation
// (SourceDriver, SenderDriver). It does no input or output: everything that
// touches a network, a disk or a clock lives in the packages around it, which
// know each other only through the words in this one.
package mailstead
