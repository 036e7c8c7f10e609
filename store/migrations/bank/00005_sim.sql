-- +goose Up
-- What the simulators of other banks keep: registrations, tokens, consents,
-- payments, as documents of their own.
CREATE TABLE sim_rows (
  sim TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  owner TEXT NOT NULL,
  document TEXT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (sim, kind, id)
);
CREATE INDEX sim_rows_owner ON sim_rows (sim, kind, owner, seq);
