-- +goose Up
-- The providers that administrators added; their domains are rows of domains.
CREATE TABLE providers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  copy_of TEXT NOT NULL,
  country TEXT NOT NULL,
  incoming TEXT NOT NULL,
  outgoing TEXT NOT NULL,
  username TEXT NOT NULL,
  auth TEXT NOT NULL,
  app_password_url TEXT NOT NULL,
  enable_url TEXT NOT NULL,
  notes TEXT NOT NULL,
  saves_sent BOOLEAN NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX providers_name ON providers (name_key);

-- What is not offered for new connections, built in or not.
CREATE TABLE hidden_providers (
  provider_id TEXT PRIMARY KEY
) WITHOUT ROWID;

ALTER TABLE domains ADD COLUMN state TEXT NOT NULL DEFAULT '';
ALTER TABLE domains ADD COLUMN learned_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE domains ADD COLUMN learned_at INTEGER NOT NULL DEFAULT 0;
-- It is the version of a row: 1 is what was there before.
ALTER TABLE domains ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 1;
CREATE INDEX domains_provider ON domains (provider_id) WHERE provider_id <> '';
CREATE INDEX domains_waiting ON domains (name) WHERE state = 'pending';
