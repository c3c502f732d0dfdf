-- +goose Up
-- account_id is 0 where the precedence decides who sends.
CREATE TABLE templates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  module TEXT NOT NULL,
  module_key TEXT NOT NULL,
  active BOOLEAN NOT NULL,
  is_default BOOLEAN NOT NULL,
  account_id INTEGER NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  note TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX templates_name ON templates (name_key);
CREATE UNIQUE INDEX templates_default ON templates (module_key) WHERE is_default;
CREATE INDEX templates_account ON templates (account_id, name_key);
