-- +goose Up
-- Registrations at the services where people sign in by OAuth. secret is sealed, and
-- empty for apps that have none; the lists hold one item a line.
CREATE TABLE oauth_apps (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  app_key TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  service TEXT NOT NULL,
  kind TEXT NOT NULL,
  client_id TEXT NOT NULL,
  secret BLOB NOT NULL,
  tenant TEXT NOT NULL,
  issuer TEXT NOT NULL,
  auth_url TEXT NOT NULL,
  token_url TEXT NOT NULL,
  device_url TEXT NOT NULL,
  revoke_url TEXT NOT NULL,
  user_info_url TEXT NOT NULL,
  scopes TEXT NOT NULL,
  provider_ids TEXT NOT NULL,
  active BOOLEAN NOT NULL,
  secret_expires TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX oauth_apps_name ON oauth_apps (name_key);

-- What accounts sign in with there. version counts the changes of sealed.
CREATE TABLE oauth_grants (
  account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
  app_id INTEGER NOT NULL REFERENCES oauth_apps (id),
  identity TEXT NOT NULL,
  subject TEXT NOT NULL,
  sealed BLOB NOT NULL,
  version INTEGER NOT NULL,
  granted_at INTEGER NOT NULL,
  refreshed_at INTEGER NOT NULL
);
CREATE INDEX oauth_grants_app ON oauth_grants (app_id);
