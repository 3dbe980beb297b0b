-- One row for each restaurant that any event was about. Written by auditlog, first
-- in every batch, so that the rows which refer to it find it.
-- id is the restaurant's id everywhere: in subjects, in the API, in the other tables.
-- name comes from restaurant_name when a caller gives it, else it stays empty;
-- updated_at is when it was given.
CREATE TABLE restaurants (
    id         UUID        PRIMARY KEY,
    name       TEXT        NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);
