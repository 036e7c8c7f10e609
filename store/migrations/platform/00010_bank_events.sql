-- +goose Up
-- Events that banks told us: an id has one effect, however often it comes.
CREATE TABLE bank_events (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  bank TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  received BIGINT NOT NULL,
  PRIMARY KEY (workspace, bank, id)
);
CREATE INDEX bank_events_received ON bank_events (received);
CREATE INDEX connections_consent ON connections (workspace, bank, consent_id);
CREATE INDEX payments_bank ON payments (workspace, bank, bank_id) WHERE bank_id <> '';
