-- +goose Up
-- What a connection's consent is for, and the account it asks about.
ALTER TABLE connections ADD COLUMN purpose TEXT NOT NULL DEFAULT 'accounts';
ALTER TABLE connections ADD COLUMN about TEXT NOT NULL DEFAULT '';
