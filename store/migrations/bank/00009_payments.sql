-- +goose Up

-- Consents of payments, variable recurring payments and confirmation of funds,
-- and the payments that came of them. What nothing searches for is in document.
CREATE TABLE payment_consents (
    id        TEXT   PRIMARY KEY,
    kind      TEXT   NOT NULL,
    client_id TEXT   NOT NULL,
    customer  TEXT   NOT NULL,
    state     TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    document  TEXT   NOT NULL
);
CREATE INDEX payment_consents_customer ON payment_consents (customer, created);

-- due is when the next money moves, 0 for never. debit, in minor units, is what
-- one execution takes.
CREATE TABLE payment_orders (
    id         TEXT   PRIMARY KEY,
    consent_id TEXT   NOT NULL REFERENCES payment_consents (id),
    state      TEXT   NOT NULL,
    debit      BIGINT NOT NULL CHECK (debit >= 0),
    created    BIGINT NOT NULL,
    due        BIGINT NOT NULL DEFAULT 0,
    document   TEXT   NOT NULL
);
CREATE INDEX payment_orders_consent ON payment_orders (consent_id, created);
CREATE INDEX payment_orders_due ON payment_orders (due) WHERE due > 0;

CREATE TABLE payment_keys (
    client_id TEXT   NOT NULL,
    endpoint  TEXT   NOT NULL,
    key       TEXT   NOT NULL,
    digest    TEXT   NOT NULL,
    resource  TEXT   NOT NULL,
    used      BIGINT NOT NULL,
    PRIMARY KEY (client_id, endpoint, key)
);

CREATE TABLE payment_files (
    consent_id TEXT  PRIMARY KEY REFERENCES payment_consents (id),
    media      TEXT  NOT NULL,
    content    BYTEA NOT NULL
);
