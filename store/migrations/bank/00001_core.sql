-- +goose Up

-- Who can log in at the bank.
CREATE TABLE customers (
    id            TEXT   PRIMARY KEY,
    login         TEXT   NOT NULL UNIQUE,
    name          TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    failures      BIGINT NOT NULL DEFAULT 0 CHECK (failures >= 0),
    locked_until  BIGINT NOT NULL DEFAULT 0
);

-- What is known of an account and seldom changes. Internal accounts of the bank
-- are rows too: the books do not tell them apart.
CREATE TABLE accounts (
    id           TEXT    PRIMARY KEY,
    currency     TEXT    NOT NULL CHECK (length(currency) = 3),
    type         TEXT    NOT NULL,
    usage        TEXT    NOT NULL,
    product      TEXT    NOT NULL,
    nickname     TEXT    NOT NULL,
    holder       TEXT    NOT NULL,
    opened       TEXT    NOT NULL,
    closed       BOOLEAN NOT NULL,
    credit_limit BIGINT  NOT NULL CHECK (credit_limit >= 0)
);

CREATE TABLE account_identifiers (
    account_id TEXT   NOT NULL REFERENCES accounts (id),
    position   BIGINT NOT NULL,
    scheme     TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    secondary  TEXT   NOT NULL,
    PRIMARY KEY (account_id, position)
);
CREATE INDEX account_identifiers_value ON account_identifiers (value, scheme);

CREATE TABLE account_holders (
    customer_id TEXT   NOT NULL REFERENCES customers (id),
    position    BIGINT NOT NULL,
    account_id  TEXT   NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (customer_id, account_id)
);
CREATE INDEX account_holders_account ON account_holders (account_id);

-- Where an account stands: the row that a posting locks. Kept apart from
-- accounts because it is narrow and changes all the time.
CREATE TABLE positions (
    account_id  TEXT   PRIMARY KEY REFERENCES accounts (id),
    booked      BIGINT NOT NULL, -- sum of booked entries, minor units
    pending_in  BIGINT NOT NULL CHECK (pending_in >= 0),
    pending_out BIGINT NOT NULL CHECK (pending_out <= 0),
    seq         BIGINT NOT NULL, -- the last entry's
    last_booked BIGINT NOT NULL  -- microseconds
);

-- The journal.
CREATE TABLE movements (
    id     TEXT   PRIMARY KEY,
    at     BIGINT NOT NULL,
    status TEXT   NOT NULL CHECK (status IN ('booked', 'pending', 'released'))
);

-- The primary key is the order of the statement: a page is one range of it.
CREATE TABLE entries (
    account_id       TEXT   NOT NULL REFERENCES accounts (id),
    booked_at        BIGINT NOT NULL,
    seq              BIGINT NOT NULL,
    movement_id      TEXT   NOT NULL REFERENCES movements (id),
    leg              BIGINT NOT NULL,
    currency         TEXT   NOT NULL,
    amount           BIGINT NOT NULL,
    balance_after    BIGINT NOT NULL, -- 0 until booked
    status           TEXT   NOT NULL CHECK (status IN ('booked', 'pending', 'released')),
    value_date       TEXT   NOT NULL, -- '' is the booking date
    information      TEXT   NOT NULL,
    bank_code        TEXT   NOT NULL,
    proprietary_code TEXT   NOT NULL,
    detail           TEXT   NOT NULL, -- JSON: reference, counterparty, merchant, exchange; '' for none
    PRIMARY KEY (account_id, booked_at, seq)
);
CREATE UNIQUE INDEX entries_movement ON entries (movement_id, leg);

-- Which data were loaded as a whole.
CREATE TABLE loads (
    name TEXT   PRIMARY KEY,
    at   BIGINT NOT NULL
);

-- Account-access consents. The status is as last decided: that a consent has
-- expired is told by its expiry.
CREATE TABLE consents (
    id              TEXT   PRIMARY KEY,
    client_id       TEXT   NOT NULL,
    organisation_id TEXT   NOT NULL,
    tpp_name        TEXT   NOT NULL,
    status          TEXT   NOT NULL CHECK (status IN ('awaiting_authorisation', 'authorised', 'rejected', 'revoked')),
    permissions     TEXT   NOT NULL, -- JSON
    expires         BIGINT NOT NULL, -- 0 is never
    booked_from     BIGINT NOT NULL, -- 0 is no limit
    booked_to       BIGINT NOT NULL, -- 0 is no limit
    customer_id     TEXT   NOT NULL, -- '' until authorised
    accounts        TEXT   NOT NULL, -- JSON
    created         BIGINT NOT NULL,
    updated         BIGINT NOT NULL,
    deleted         BIGINT NOT NULL  -- when the TPP deleted it, 0 is not
);
CREATE INDEX consents_client ON consents (client_id, created);
CREATE INDEX consents_customer ON consents (customer_id, created);
