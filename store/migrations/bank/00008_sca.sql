-- +goose Up

-- A client's secret, with client_secret_basic: its SHA-256 only.
ALTER TABLE as_clients ADD COLUMN secret_hash BYTEA;

-- What a customer has open at the bank that no TPP began: a visit, an enrolled
-- phone, something that waits for the phone.
CREATE TABLE as_sessions (
  kind TEXT NOT NULL,
  hash BYTEA NOT NULL,
  customer_id TEXT NOT NULL,
  data BYTEA,
  spent BOOLEAN NOT NULL,
  expires BIGINT NOT NULL,
  PRIMARY KEY (kind, hash)
);
CREATE INDEX as_sessions_customer ON as_sessions (customer_id, kind) WHERE customer_id <> '';
CREATE INDEX as_sessions_expires ON as_sessions (expires);

-- Where a customer's second factor stands. No row: it was never used.
CREATE TABLE as_factors (
  customer_id TEXT PRIMARY KEY,
  secret TEXT NOT NULL,         -- base32; '' is none of their own
  failures BIGINT NOT NULL,
  locked_until BIGINT NOT NULL,
  strong BIGINT NOT NULL        -- when it last succeeded, 0 is never
);

-- The signing keys by their names in the vault: the youngest signs.
CREATE TABLE as_keys (
  name TEXT PRIMARY KEY,
  created BIGINT NOT NULL,
  until BIGINT NOT NULL         -- published until, 0 is for good
);

-- Organisations of the local directory. No row: active.
CREATE TABLE directory_organisations (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('Active', 'Revoked', 'Withdrawn')),
  updated BIGINT NOT NULL
);
ALTER TABLE directory_software ADD COLUMN status TEXT NOT NULL DEFAULT 'Active';
ALTER TABLE directory_software ADD COLUMN revoked_jwks TEXT NOT NULL DEFAULT '{"keys":[]}';
