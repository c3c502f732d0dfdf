-- +goose Up
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor_id INTEGER NOT NULL,
  actor_name TEXT NOT NULL,
  operator BOOLEAN NOT NULL,
  token_id INTEGER NOT NULL,
  action TEXT NOT NULL,
  object_kind TEXT NOT NULL,
  object_id TEXT NOT NULL,
  object_name TEXT NOT NULL,
  changes TEXT NOT NULL
);
-- The newest first is the order of ids.
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_object ON audit (object_kind, object_id, id);
CREATE INDEX audit_actor ON audit (actor_id, id);
CREATE INDEX audit_operator ON audit (id) WHERE operator;
CREATE INDEX audit_action ON audit (action, id);
