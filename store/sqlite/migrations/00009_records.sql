-- +goose Up
CREATE TABLE record_types (
  key TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  link_by_hand BOOLEAN NOT NULL
) WITHOUT ROWID;
INSERT INTO record_types (key, name, url, link_by_hand) VALUES
  ('request', 'Request', '', TRUE), ('contact', 'Contact', '', TRUE), ('company', 'Company', '', TRUE);

-- A record that was made here has no key of the business application. mails counts
-- the links that stand.
CREATE TABLE records (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL REFERENCES record_types (key),
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  url TEXT NOT NULL,
  mails INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX records_key ON records (type, key) WHERE key <> '';
CREATE INDEX records_name ON records (name_key, id);
CREATE INDEX records_type_name ON records (type, name_key, id);

-- The words that a record is found by.
CREATE TABLE record_words (
  record_id INTEGER NOT NULL REFERENCES records (id),
  word TEXT NOT NULL,
  PRIMARY KEY (record_id, word)
) WITHOUT ROWID;
CREATE INDEX record_words_word ON record_words (word, record_id);

-- A mail that is linked is copied out of its mailbox, and counts as a reference to
-- its bytes: nothing that happens to the mailbox takes it away. So account_id names
-- an account that may be gone, and address_key keeps its address.
CREATE TABLE linked_mails (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  blob_hash BLOB NOT NULL,
  account_id INTEGER NOT NULL,
  mailbox TEXT NOT NULL,
  address_key TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  size INTEGER NOT NULL,
  subject TEXT NOT NULL,
  from_list TEXT NOT NULL,
  to_list TEXT NOT NULL,
  cc_list TEXT NOT NULL,
  reply_to_list TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  internet_message_id TEXT NOT NULL,
  in_reply_to TEXT NOT NULL,
  reference_ids TEXT NOT NULL,
  snippet TEXT NOT NULL,
  has_attachments BOOLEAN NOT NULL,
  state TEXT NOT NULL,
  defect TEXT NOT NULL
);
CREATE UNIQUE INDEX linked_mails_blob ON linked_mails (blob_hash);
CREATE INDEX linked_mails_address ON linked_mails (address_key, id);

-- removed_at is 0 while the link stands.
CREATE TABLE record_links (
  record_id INTEGER NOT NULL REFERENCES records (id),
  mail_id INTEGER NOT NULL REFERENCES linked_mails (id),
  received_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  linked_by INTEGER NOT NULL,
  linked_at INTEGER NOT NULL,
  removed_by INTEGER NOT NULL,
  removed_at INTEGER NOT NULL,
  PRIMARY KEY (record_id, mail_id)
) WITHOUT ROWID;
CREATE INDEX record_links_page ON record_links (record_id, received_at DESC, mail_id DESC) WHERE removed_at = 0;
CREATE INDEX record_links_mail ON record_links (mail_id, record_id);
CREATE INDEX record_links_removed ON record_links (removed_at) WHERE removed_at <> 0;
