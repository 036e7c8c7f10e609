-- +goose Up
-- Where a TPP wants its events. One row for each client: a subscription takes
-- the place of a callback URL.
CREATE TABLE event_subscriptions (
  id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES as_clients (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  callback_url TEXT NOT NULL,
  version TEXT NOT NULL,
  event_types TEXT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX event_subscriptions_client ON event_subscriptions (client_id);

-- The outbox: one row for each event and TPP, written with what the event tells
-- of. due is when to push it next, 0 for never; claiming it moves due ahead.
CREATE TABLE event_notifications (
  jti TEXT PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES as_clients (id) ON DELETE CASCADE,
  type TEXT NOT NULL,
  scope TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  txn TEXT NOT NULL,
  at BIGINT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  due BIGINT NOT NULL,
  ended BIGINT NOT NULL,
  fault TEXT NOT NULL,
  fault_description TEXT NOT NULL
);
CREATE INDEX event_notifications_waiting ON event_notifications (client_id, at, jti) WHERE state = 'waiting';
CREATE INDEX event_notifications_due ON event_notifications (client_id, due, at, jti) WHERE due > 0;
CREATE INDEX event_notifications_at ON event_notifications (at);

CREATE TABLE event_deliveries (
  jti TEXT NOT NULL REFERENCES event_notifications (jti) ON DELETE CASCADE,
  attempt BIGINT NOT NULL,
  at BIGINT NOT NULL,
  took BIGINT NOT NULL,
  status BIGINT NOT NULL,
  fault TEXT NOT NULL,
  PRIMARY KEY (jti, attempt)
);
