-- +goose Up
-- What was said to a bank while registering there, secrets masked.
CREATE TABLE exchanges (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  bank TEXT NOT NULL,
  seq BIGINT NOT NULL,
  step TEXT NOT NULL,
  exchange TEXT NOT NULL,
  PRIMARY KEY (workspace, bank, seq)
);

-- Append-only; each row's mac covers the one before it.
CREATE TABLE audit_log (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  mac BYTEA NOT NULL,
  PRIMARY KEY (workspace, seq)
);

-- Which warnings about a certificate were given already.
CREATE TABLE certificate_alarms (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  certificate TEXT NOT NULL,
  days BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace, certificate, days)
);

CREATE TABLE payments (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  id TEXT NOT NULL,
  bank TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  status TEXT NOT NULL,
  detail TEXT NOT NULL,
  bank_id TEXT NOT NULL,
  bank_code TEXT NOT NULL,
  message TEXT NOT NULL,
  created_by TEXT NOT NULL,
  redirect TEXT NOT NULL,
  state_hash BYTEA,
  journey BYTEA,
  grant_sealed BYTEA,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX payments_key ON payments (workspace, idempotency_key);
CREATE UNIQUE INDEX payments_state ON payments (state_hash) WHERE state_hash IS NOT NULL;
CREATE INDEX payments_newest ON payments (workspace, created DESC, id DESC);
