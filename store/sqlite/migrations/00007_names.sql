-- +goose Up
-- The names that a server without UIDs gives its mails (POP3's unique-ids), with
-- the UIDs that they got here.
CREATE TABLE message_names (
  folder_id INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  uid INTEGER NOT NULL,
  PRIMARY KEY (folder_id, name)
) WITHOUT ROWID;
CREATE UNIQUE INDEX message_names_uid ON message_names (folder_id, uid);
