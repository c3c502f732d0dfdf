-- +goose Up
-- The providers that administrators added; their domains are rows of domains.
CREATE TABLE providers (
  id TEXT COLLATE "C" PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL,
  name_key TEXT COLLATE "C" NOT NULL,
  copy_of TEXT COLLATE "C" NOT NULL,
  country TEXT COLLATE "C" NOT NULL,
  incoming TEXT COLLATE "C" NOT NULL,
  outgoing TEXT COLLATE "C" NOT NULL,
  username TEXT COLLATE "C" NOT NULL,
  auth TEXT COLLATE "C" NOT NULL,
  app_password_url TEXT COLLATE "C" NOT NULL,
  enable_url TEXT COLLATE "C" NOT NULL,
  notes TEXT COLLATE "C" NOT NULL,
  saves_sent BOOLEAN NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX providers_name ON providers (name_key);

-- What is not offered for new connections, built in or not.
CREATE TABLE hidden_providers (
  provider_id TEXT COLLATE "C" PRIMARY KEY
);

ALTER TABLE domains ADD COLUMN state TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE domains ADD COLUMN learned_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE domains ADD COLUMN learned_at BIGINT NOT NULL DEFAULT 0;
-- It is the version of a row: 1 is what was there before.
ALTER TABLE domains ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 1;
CREATE INDEX domains_provider ON domains (provider_id) WHERE provider_id <> '';
CREATE INDEX domains_waiting ON domains (name) WHERE state = 'pending';
