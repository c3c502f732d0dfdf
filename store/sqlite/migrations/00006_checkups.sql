-- +goose Up
CREATE TABLE checkups (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  started_by INTEGER NOT NULL,
  scheduled BOOLEAN NOT NULL,
  state TEXT NOT NULL,
  total INTEGER NOT NULL,
  ok INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL
);
CREATE INDEX checkups_open ON checkups (id) WHERE state = 'running';

CREATE TABLE checkup_results (
  checkup_id INTEGER NOT NULL REFERENCES checkups (id),
  account_id INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  side TEXT NOT NULL,
  code TEXT NOT NULL,
  cause TEXT NOT NULL,
  action TEXT NOT NULL,
  took INTEGER NOT NULL,
  tested_at INTEGER NOT NULL,
  PRIMARY KEY (checkup_id, account_id)
) WITHOUT ROWID;
CREATE INDEX checkup_results_verdict ON checkup_results (checkup_id, verdict, account_id);
