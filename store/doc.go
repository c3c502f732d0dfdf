// Package store keeps everything that Mailstead knows but the bytes of mails:
// users, accounts, folders, the rows of messages, the outbox and the events.
//
// One method is one business step is one transaction:
//
//  1. a method of DB asks its Engine for a transaction (Engine.Write);
//  2. it runs its queries there, the same for both databases: bun for models,
//     statements with bound parameters where speed counts;
//  3. the events of the step are inserted last, under a lock, so that their ids
//     become visible in their order;
//  4. after the commit Options.Committed is called when events were stored.
//
// What differs between the databases (opening, migrations, locks, search) is in
// store/sqlite and store/postgres behind Engine. No rule of the product lives
// here: a method stores what the step says.
//
// Errors: a missing thing is KindNotFound, a broken uniqueness KindConflict;
// everything else says what was tried. Deleted accounts cannot be seen by any
// method, though their rows stay.
package store
