-- +goose Up
CREATE TABLE keyring (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  wrapped BLOB NOT NULL,
  key_check BLOB NOT NULL
);

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL,
  role TEXT NOT NULL,
  disabled BOOLEAN NOT NULL,
  default_account_id INTEGER NOT NULL,
  password_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (email_key);

CREATE TABLE sessions (
  hash BLOB PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);
CREATE INDEX tokens_user ON tokens (user_id);

CREATE TABLE profiles (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL
);
CREATE UNIQUE INDEX profiles_name ON profiles (name);

CREATE TABLE user_profiles (
  user_id INTEGER NOT NULL REFERENCES users (id),
  profile_id INTEGER NOT NULL REFERENCES profiles (id),
  PRIMARY KEY (user_id, profile_id)
) WITHOUT ROWID;
CREATE INDEX user_profiles_profile ON user_profiles (profile_id);

CREATE TABLE accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_key TEXT NOT NULL,
  owner_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  address TEXT NOT NULL,
  note TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  in_protocol TEXT NOT NULL,
  in_host TEXT NOT NULL,
  in_port INTEGER NOT NULL,
  in_security TEXT NOT NULL,
  in_login TEXT NOT NULL,
  in_enabled BOOLEAN NOT NULL,
  in_secret TEXT NOT NULL,
  in_health_state TEXT NOT NULL,
  in_health_code TEXT NOT NULL,
  in_health_text TEXT NOT NULL,
  in_health_action TEXT NOT NULL,
  in_checked_at INTEGER NOT NULL,
  in_success_at INTEGER NOT NULL,
  out_protocol TEXT NOT NULL,
  out_host TEXT NOT NULL,
  out_port INTEGER NOT NULL,
  out_security TEXT NOT NULL,
  out_login TEXT NOT NULL,
  out_enabled BOOLEAN NOT NULL,
  out_secret TEXT NOT NULL,
  out_health_state TEXT NOT NULL,
  out_health_code TEXT NOT NULL,
  out_health_text TEXT NOT NULL,
  out_health_action TEXT NOT NULL,
  out_checked_at INTEGER NOT NULL,
  out_success_at INTEGER NOT NULL,
  load_period TEXT NOT NULL,
  signature TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX accounts_key ON accounts (account_key);
CREATE INDEX accounts_owner ON accounts (owner_id);

CREATE TABLE account_secrets (
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  field TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account_id, field)
) WITHOUT ROWID;

CREATE TABLE assignments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  user_id INTEGER NOT NULL,
  profile_id INTEGER NOT NULL,
  system BOOLEAN NOT NULL,
  rights TEXT NOT NULL,
  priority INTEGER NOT NULL,
  CHECK (CASE WHEN user_id <> 0 THEN 1 ELSE 0 END + CASE WHEN profile_id <> 0 THEN 1 ELSE 0 END + CASE WHEN system THEN 1 ELSE 0 END = 1)
);
CREATE UNIQUE INDEX assignments_target ON assignments (account_id, user_id, profile_id);
CREATE UNIQUE INDEX assignments_system ON assignments (system) WHERE system;
CREATE INDEX assignments_user ON assignments (user_id) WHERE user_id <> 0;
CREATE INDEX assignments_profile ON assignments (profile_id) WHERE profile_id <> 0;

CREATE TABLE domains (
  name TEXT PRIMARY KEY,
  provider_id TEXT NOT NULL,
  source TEXT NOT NULL,
  incoming TEXT NOT NULL,
  outgoing TEXT NOT NULL,
  username TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE folders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  path TEXT NOT NULL,
  delimiter TEXT NOT NULL,
  role TEXT NOT NULL,
  total INTEGER NOT NULL,
  unread INTEGER NOT NULL,
  remote_total INTEGER NOT NULL,
  uid_validity INTEGER NOT NULL,
  next_uid INTEGER NOT NULL,
  low_uid INTEGER NOT NULL,
  load_done BOOLEAN NOT NULL,
  mod_seq INTEGER NOT NULL,
  synced_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX folders_path ON folders (account_id, path);

CREATE TABLE blobs (
  hash BLOB PRIMARY KEY,
  pack INTEGER NOT NULL,
  pack_offset INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  size INTEGER NOT NULL,
  refs INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL,
  folder_id INTEGER NOT NULL REFERENCES folders (id),
  uid INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  size INTEGER NOT NULL,
  blob_hash BLOB,
  subject TEXT NOT NULL,
  from_list TEXT NOT NULL,
  to_list TEXT NOT NULL,
  cc_list TEXT NOT NULL,
  reply_to_list TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  internet_message_id TEXT NOT NULL,
  in_reply_to TEXT NOT NULL,
  reference_ids TEXT NOT NULL,
  thread_key TEXT NOT NULL,
  snippet TEXT NOT NULL,
  has_attachments BOOLEAN NOT NULL,
  state TEXT NOT NULL,
  defect TEXT NOT NULL
);
CREATE UNIQUE INDEX messages_uid ON messages (folder_id, uid);
CREATE INDEX messages_account_page ON messages (account_id, received_at DESC, id DESC);
CREATE INDEX messages_folder_page ON messages (folder_id, received_at DESC, id DESC);
CREATE INDEX messages_account_unread ON messages (account_id, received_at DESC, id DESC) WHERE flags & 1 = 0;
CREATE INDEX messages_folder_unread ON messages (folder_id, received_at DESC, id DESC) WHERE flags & 1 = 0;
CREATE INDEX messages_internet_id ON messages (account_id, internet_message_id);
CREATE INDEX messages_thread ON messages (account_id, thread_key);

-- The index of words keeps no text of its own. The words come folded, made of
-- letters and digits alone, so the plainest tokenizer finds them again.
CREATE VIRTUAL TABLE message_search USING fts5 (
  words, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
);
-- Room for a whole batch: what does not fit is written, and merged, in pieces.
INSERT INTO message_search (message_search, rank) VALUES ('hashsize', 8388608);
-- +goose StatementBegin
CREATE TRIGGER messages_unindex AFTER DELETE ON messages BEGIN
  DELETE FROM message_search WHERE rowid = old.id;
END;
-- +goose StatementEnd

CREATE TABLE outgoing (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipients TEXT NOT NULL,
  internet_message_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  parent_id INTEGER NOT NULL,
  blob_hash BLOB,
  size INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  body_complete BOOLEAN NOT NULL,
  error_code TEXT NOT NULL,
  error_text TEXT NOT NULL,
  error_action TEXT NOT NULL,
  reply TEXT NOT NULL,
  sent_copy TEXT NOT NULL,
  sent_copy_attempts INTEGER NOT NULL,
  sent_copy_due_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX outgoing_idempotency ON outgoing (user_id, idempotency_key) WHERE idempotency_key <> '';
CREATE INDEX outgoing_account ON outgoing (account_id, state, due_at, id);
CREATE INDEX outgoing_account_page ON outgoing (account_id, id);
CREATE INDEX outgoing_user_page ON outgoing (user_id, id);
CREATE INDEX outgoing_open ON outgoing (id) WHERE state IN ('queued', 'held', 'sending', 'unknown');
CREATE INDEX outgoing_unknown ON outgoing (due_at, id) WHERE state = 'unknown';
CREATE INDEX outgoing_sent_copy ON outgoing (sent_copy_due_at, id) WHERE sent_copy = 'pending';

CREATE TABLE outgoing_attempts (
  outgoing_id INTEGER NOT NULL REFERENCES outgoing (id),
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  code TEXT NOT NULL,
  reply TEXT NOT NULL,
  PRIMARY KEY (outgoing_id, number)
) WITHOUT ROWID;

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  account_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  data TEXT NOT NULL
);
