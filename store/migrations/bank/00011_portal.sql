-- +goose Up

-- The bank's portal lists consents newest first: all of them, by status, by the
-- TPP's name, and by their last change. Pages are ranges of these.
CREATE INDEX consents_created ON consents (created, id);
CREATE INDEX consents_status ON consents (status, created, id);
CREATE INDEX consents_tpp ON consents (tpp_name, created, id);
CREATE INDEX consents_updated ON consents (updated, id);
-- Counts tell the expired from the authorised.
CREATE INDEX consents_expiry ON consents (status, expires);
CREATE INDEX as_clients_created ON as_clients (created, id);
