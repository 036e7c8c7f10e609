-- +goose Up
CREATE TABLE workspaces (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  event_seq BIGINT NOT NULL DEFAULT 0,
  created BIGINT NOT NULL
);

CREATE TABLE users (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX users_email ON users (email);

CREATE TABLE sessions (
  hash BYTEA PRIMARY KEY,
  workspace TEXT NOT NULL,
  user_id TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  FOREIGN KEY (workspace, user_id) REFERENCES users (workspace, id) ON DELETE CASCADE
);
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE api_keys (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  hash BYTEA NOT NULL,
  hint TEXT NOT NULL,
  created BIGINT NOT NULL,
  last_used BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);

CREATE TABLE events (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  seq BIGINT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  at BIGINT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (workspace, seq)
);

CREATE TABLE registrations (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  bank TEXT NOT NULL,
  status TEXT NOT NULL,
  progress TEXT NOT NULL,
  step TEXT NOT NULL,
  message TEXT NOT NULL,
  needs TEXT NOT NULL,
  updated BIGINT NOT NULL,
  PRIMARY KEY (workspace, bank)
);

CREATE TABLE connections (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  id TEXT NOT NULL,
  bank TEXT NOT NULL,
  status TEXT NOT NULL,
  consent_id TEXT NOT NULL,
  permissions TEXT NOT NULL,
  expires BIGINT NOT NULL,
  message TEXT NOT NULL,
  created_by TEXT NOT NULL,
  redirect TEXT NOT NULL,
  state_hash BYTEA,
  journey BYTEA,
  grant_sealed BYTEA,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  last_sync BIGINT NOT NULL,
  lease_holder TEXT NOT NULL,
  lease_until BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX connections_state ON connections (state_hash) WHERE state_hash IS NOT NULL;

CREATE TABLE accounts (
  workspace TEXT NOT NULL REFERENCES workspaces (id),
  id TEXT NOT NULL,
  bank TEXT NOT NULL,
  identity_key TEXT NOT NULL,
  connection TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  detail TEXT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX accounts_identity ON accounts (workspace, bank, identity_key);

CREATE TABLE balances (
  workspace TEXT NOT NULL,
  account TEXT NOT NULL,
  type TEXT NOT NULL,
  amount TEXT NOT NULL,
  currency TEXT NOT NULL,
  at BIGINT NOT NULL,
  credit_lines TEXT NOT NULL,
  fetched BIGINT NOT NULL,
  PRIMARY KEY (workspace, account, type),
  FOREIGN KEY (workspace, account) REFERENCES accounts (workspace, id) ON DELETE CASCADE
);

CREATE TABLE transactions (
  workspace TEXT NOT NULL,
  account TEXT NOT NULL,
  match_key TEXT NOT NULL,
  id TEXT NOT NULL,
  digest TEXT NOT NULL,
  status TEXT NOT NULL,
  sort_date TEXT NOT NULL,
  booking_date TEXT NOT NULL,
  amount TEXT NOT NULL,
  currency TEXT NOT NULL,
  search TEXT NOT NULL,
  detail TEXT NOT NULL,
  raw BYTEA,
  first_seen BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  PRIMARY KEY (workspace, account, match_key),
  FOREIGN KEY (workspace, account) REFERENCES accounts (workspace, id) ON DELETE CASCADE
);
CREATE INDEX transactions_newest ON transactions (workspace, sort_date DESC, id DESC);
CREATE INDEX transactions_of_account ON transactions (workspace, account, sort_date DESC, id DESC);
CREATE INDEX transactions_pending ON transactions (workspace, account) WHERE status = 'pending';

CREATE TABLE syncs (
  workspace TEXT NOT NULL,
  id TEXT NOT NULL,
  connection TEXT NOT NULL,
  state TEXT NOT NULL,
  accounts_total BIGINT NOT NULL,
  accounts_done BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  added BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  message TEXT NOT NULL,
  started BIGINT NOT NULL,
  finished BIGINT NOT NULL,
  PRIMARY KEY (workspace, id),
  FOREIGN KEY (workspace, connection) REFERENCES connections (workspace, id) ON DELETE CASCADE
);
CREATE INDEX syncs_newest ON syncs (workspace, connection, started DESC, id DESC);
