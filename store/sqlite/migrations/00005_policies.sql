-- +goose Up
-- The rules of the one row are JSON: they are read and written whole.
CREATE TABLE policies (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  rules TEXT NOT NULL,
  updated_at INTEGER NOT NULL
);

ALTER TABLE users ADD COLUMN own_accounts TEXT NOT NULL DEFAULT '';

-- closed_at is 0 while the link may be used.
CREATE TABLE password_links (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  hash BLOB NOT NULL,
  created_by INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  closed_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX password_links_hash ON password_links (hash);
CREATE INDEX password_links_account ON password_links (account_id, id);
CREATE UNIQUE INDEX password_links_open ON password_links (account_id) WHERE closed_at = 0;
