-- +goose Up

-- What belongs to an account beside its books: beneficiaries, direct debits,
-- standing orders, scheduled payments, offers. The primary key is the order in
-- which they are shown: a read is one range of it.
CREATE TABLE account_information (
    account_id TEXT   NOT NULL REFERENCES accounts (id),
    kind       TEXT   NOT NULL CHECK (kind IN ('beneficiary', 'direct_debit', 'standing_order', 'scheduled_payment', 'offer')),
    position   BIGINT NOT NULL,
    id         TEXT   NOT NULL,
    document   TEXT   NOT NULL, -- JSON
    PRIMARY KEY (account_id, kind, position)
);
CREATE UNIQUE INDEX account_information_id ON account_information (id, account_id);

-- Who a customer is, beyond their login.
CREATE TABLE parties (
    customer_id TEXT PRIMARY KEY REFERENCES customers (id),
    document    TEXT NOT NULL -- JSON
);

-- A row for each month of an account that is over: summed up once, because
-- nothing is ever booked into it again. Sums are minor units.
CREATE TABLE statements (
    account_id TEXT   NOT NULL REFERENCES accounts (id),
    started    BIGINT NOT NULL, -- microseconds
    ended      BIGINT NOT NULL, -- microseconds; the first instant after it
    opening    BIGINT NOT NULL,
    closing    BIGINT NOT NULL,
    credits    BIGINT NOT NULL CHECK (credits >= 0),
    debits     BIGINT NOT NULL CHECK (debits <= 0),
    fees       BIGINT NOT NULL,
    interest   BIGINT NOT NULL,
    PRIMARY KEY (account_id, started),
    CHECK (opening + credits + debits = closing)
);

-- The version of the API that a consent was asked through; '' for any.
ALTER TABLE consents ADD COLUMN version TEXT NOT NULL DEFAULT '';
