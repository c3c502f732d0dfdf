-- +goose Up
-- What lists of accounts are filtered and sorted by. The keys and the words are
-- folded in Go: those of accounts that are here already are filled in when the
-- database is opened.
ALTER TABLE accounts ADD COLUMN name_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN address_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN domain TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN state_rank BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN last_success BIGINT NOT NULL DEFAULT 0;
-- How many assignments an account has; the triggers below count.
ALTER TABLE accounts ADD COLUMN assigned BIGINT NOT NULL DEFAULT 0;
-- The users who preferred a deleted account, as JSON.
ALTER TABLE accounts ADD COLUMN default_of TEXT COLLATE "C" NOT NULL DEFAULT '[]';
UPDATE accounts SET assigned = (SELECT count(*) FROM assignments AS asg WHERE asg.account_id = accounts.id);

CREATE INDEX accounts_name ON accounts (name_key, id) WHERE deleted_at = 0;
CREATE INDEX accounts_address ON accounts (address_key, id) WHERE deleted_at = 0;
CREATE INDEX accounts_state ON accounts (state_rank, name_key, id) WHERE deleted_at = 0;
CREATE INDEX accounts_success ON accounts (last_success, id) WHERE deleted_at = 0;
CREATE INDEX accounts_provider ON accounts (provider_id, name_key, id) WHERE deleted_at = 0;
CREATE INDEX accounts_domain ON accounts (domain, name_key, id) WHERE deleted_at = 0;
CREATE INDEX accounts_owner_name ON accounts (owner_id, name_key, id) WHERE deleted_at = 0;
-- Each filter that many accounts may pass, in each order.
CREATE INDEX accounts_state_address ON accounts (state_rank, address_key, id) WHERE deleted_at = 0;
CREATE INDEX accounts_state_success ON accounts (state_rank, last_success, id) WHERE deleted_at = 0;
CREATE INDEX accounts_state_created ON accounts (state_rank, id) WHERE deleted_at = 0;
CREATE INDEX accounts_provider_address ON accounts (provider_id, address_key, id) WHERE deleted_at = 0;
CREATE INDEX accounts_provider_success ON accounts (provider_id, last_success, id) WHERE deleted_at = 0;
CREATE INDEX accounts_provider_created ON accounts (provider_id, id) WHERE deleted_at = 0;
CREATE INDEX accounts_domain_address ON accounts (domain, address_key, id) WHERE deleted_at = 0;
CREATE INDEX accounts_domain_success ON accounts (domain, last_success, id) WHERE deleted_at = 0;
CREATE INDEX accounts_domain_created ON accounts (domain, id) WHERE deleted_at = 0;
CREATE INDEX accounts_provider_state ON accounts (provider_id, state_rank, name_key, id) WHERE deleted_at = 0;
CREATE INDEX accounts_domain_state ON accounts (domain, state_rank, name_key, id) WHERE deleted_at = 0;
CREATE INDEX accounts_unassigned ON accounts (name_key, id) WHERE deleted_at = 0 AND owner_id = 0 AND assigned = 0;
CREATE INDEX accounts_unfilled ON accounts (id) WHERE name_key = '';
CREATE INDEX accounts_deleted ON accounts (deleted_at, id) WHERE deleted_at <> 0;
CREATE INDEX users_default_account ON users (default_account_id) WHERE default_account_id <> 0;

-- The words that an account is found by.
CREATE TABLE account_words (
  account_id BIGINT NOT NULL REFERENCES accounts (id),
  word TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (account_id, word)
);
CREATE INDEX account_words_word ON account_words (word, account_id);

-- +goose StatementBegin
CREATE FUNCTION count_assignments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE accounts SET assigned = assigned + 1 WHERE id = NEW.account_id;
  ELSE
    UPDATE accounts SET assigned = assigned - 1 WHERE id = OLD.account_id;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER assignments_counted AFTER INSERT OR DELETE ON assignments
  FOR EACH ROW EXECUTE FUNCTION count_assignments();
