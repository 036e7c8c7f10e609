-- +goose Up
-- Keys, certificates and secrets, all sealed by package vault.
CREATE TABLE vault_items (
    workspace TEXT   NOT NULL, -- empty for what belongs to the whole database
    kind      TEXT   NOT NULL,
    name      TEXT   NOT NULL,
    sealed    BYTEA  NOT NULL,
    created   BIGINT NOT NULL,
    updated   BIGINT NOT NULL,
    PRIMARY KEY (workspace, kind, name)
);
