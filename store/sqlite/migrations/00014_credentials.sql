-- +goose Up
-- When each password was entered, 0 where that is not known, and how many days those
-- of a provider work, 0 for always.
ALTER TABLE account_secrets ADD COLUMN set_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE providers ADD COLUMN password_days INTEGER NOT NULL DEFAULT 0;
CREATE INDEX oauth_grants_refreshed ON oauth_grants (refreshed_at, account_id);

-- What accounts and apps sign in with and what ends soon, as people were told of it.
-- Either account_id or app_id is NULL.
CREATE TABLE warnings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
  app_id INTEGER REFERENCES oauth_apps (id) ON DELETE CASCADE,
  reason TEXT NOT NULL,
  ends_at INTEGER NOT NULL,
  warn INTEGER NOT NULL,
  told_at INTEGER NOT NULL,
  CHECK ((account_id IS NULL) <> (app_id IS NULL))
);
CREATE UNIQUE INDEX warnings_account ON warnings (account_id);
CREATE UNIQUE INDEX warnings_app ON warnings (app_id);

-- A notice tells of a stop or of a warning.
CREATE TABLE notices_of_both (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stop_id INTEGER REFERENCES stops (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  read_at INTEGER NOT NULL,
  mail TEXT NOT NULL,
  mail_due_at INTEGER NOT NULL,
  mailed_at INTEGER NOT NULL,
  batch INTEGER NOT NULL,
  warning_id INTEGER REFERENCES warnings (id) ON DELETE CASCADE,
  CHECK ((stop_id IS NULL) <> (warning_id IS NULL))
);
INSERT INTO notices_of_both (id, stop_id, user_id, kind, created_at, read_at, mail, mail_due_at, mailed_at, batch)
  SELECT id, stop_id, user_id, kind, created_at, read_at, mail, mail_due_at, mailed_at, batch FROM notices;
DROP TABLE notices;
ALTER TABLE notices_of_both RENAME TO notices;
CREATE UNIQUE INDEX notices_stop ON notices (stop_id, user_id);
CREATE UNIQUE INDEX notices_warning ON notices (warning_id, user_id);
CREATE INDEX notices_user ON notices (user_id, id);
CREATE INDEX notices_mail ON notices (mail, mail_due_at) WHERE mail IN ('pending', 'gathered');
CREATE INDEX notices_mailed ON notices (user_id, mailed_at) WHERE mailed_at <> 0;
