-- +goose Up
-- The second half of round trips: mails that are looked for in a mailbox. due_at is
-- 0 for those that are looked for no longer.
CREATE TABLE arrivals (
  outgoing_id INTEGER PRIMARY KEY REFERENCES outgoing (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL,
  state TEXT NOT NULL,
  message_id INTEGER NOT NULL,
  folder TEXT NOT NULL,
  arrived_at INTEGER NOT NULL,
  missed_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL
);
CREATE INDEX arrivals_due ON arrivals (due_at, outgoing_id) WHERE due_at <> 0;

-- Times in which the mail of an account was not read. told_at and end_told_at are
-- when people were told of its beginning and its end, ended_at is 0 while it lasts.
CREATE TABLE stops (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  began_at INTEGER NOT NULL,
  told_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  end_told_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX stops_open ON stops (account_id) WHERE ended_at = 0;
CREATE INDEX stops_account ON stops (account_id);
CREATE INDEX stops_untold ON stops (id) WHERE told_at = 0;
CREATE INDEX stops_live ON stops (id) WHERE end_told_at = 0;
CREATE INDEX stops_ended ON stops (ended_at) WHERE end_told_at <> 0;
INSERT INTO stops (account_id, began_at, told_at, ended_at, end_told_at)
  SELECT id, in_checked_at, 0, 0, 0 FROM accounts
  WHERE deleted_at = 0 AND in_enabled AND in_protocol <> '' AND in_success_at <> 0 AND in_health_state IN ('retrying', 'trouble');

CREATE TABLE notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stop_id INTEGER NOT NULL REFERENCES stops (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  read_at INTEGER NOT NULL,
  mail TEXT NOT NULL,
  mail_due_at INTEGER NOT NULL,
  mailed_at INTEGER NOT NULL,
  batch INTEGER NOT NULL
);
CREATE UNIQUE INDEX notices_stop ON notices (stop_id, user_id);
CREATE INDEX notices_user ON notices (user_id, id);
CREATE INDEX notices_mail ON notices (mail, mail_due_at) WHERE mail IN ('pending', 'gathered');
CREATE INDEX notices_mailed ON notices (user_id, mailed_at) WHERE mailed_at <> 0;
