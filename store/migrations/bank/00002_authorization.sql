-- +goose Up
CREATE TABLE as_clients (
  id TEXT PRIMARY KEY,
  org_id TEXT NOT NULL,
  software_id TEXT NOT NULL,
  name TEXT NOT NULL,
  metadata TEXT NOT NULL,
  statement TEXT NOT NULL,
  created BIGINT NOT NULL
);
CREATE UNIQUE INDEX as_clients_software ON as_clients (org_id, software_id);

CREATE TABLE as_records (
  kind TEXT NOT NULL,
  hash BYTEA NOT NULL,
  client_id TEXT NOT NULL REFERENCES as_clients (id) ON DELETE CASCADE,
  consent_id TEXT NOT NULL,
  family TEXT NOT NULL,
  grant_type TEXT NOT NULL,
  scope TEXT NOT NULL,
  subject TEXT NOT NULL,
  thumbprint TEXT NOT NULL,
  data BYTEA,
  spent BOOLEAN NOT NULL,
  expires BIGINT NOT NULL,
  PRIMARY KEY (kind, hash)
);
CREATE INDEX as_records_family ON as_records (family) WHERE family <> '';
CREATE INDEX as_records_consent ON as_records (consent_id) WHERE consent_id <> '';
CREATE INDEX as_records_client ON as_records (client_id);
CREATE INDEX as_records_expires ON as_records (expires);

CREATE TABLE as_nonces (
  scope TEXT NOT NULL,
  id TEXT NOT NULL,
  expires BIGINT NOT NULL,
  PRIMARY KEY (scope, id)
);
CREATE INDEX as_nonces_expires ON as_nonces (expires);
