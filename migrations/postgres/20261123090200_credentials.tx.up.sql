-- Tokens and PINs of restaurants, sealed. Written by onboarding alone, which knows no
-- other table: hence no foreign key to restaurants.
-- credential_ref is the name that events carry in place of the secret.
-- claim_key is unique so that two workers cannot both be the one that stores what a
-- single-use code was exchanged for; NULL where no code was exchanged.
-- data_key is the restaurant's own key, wrapped; destroying it destroys the secrets.
CREATE TABLE whatsapp_credentials (
    credential_ref     TEXT        PRIMARY KEY,
    restaurant_id      UUID        NOT NULL,
    claim_key          TEXT        UNIQUE,
    data_key           TEXT        NOT NULL DEFAULT '',
    user_access_token  TEXT, -- sealed
    token_type         TEXT,
    token_expires_at   TIMESTAMPTZ, -- NULL: Meta named no end
    meta_user_id       TEXT,
    business_id        TEXT,
    waba_id            TEXT,
    phone_number_id    TEXT,
    registration_pin   TEXT, -- sealed
    discovery_attempts INTEGER     DEFAULT 0,
    creation_strategy  TEXT,
    polling_status     TEXT,
    created_at         TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    updated_at         TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

--bun:split

-- All credentials of one restaurant: the newest is used, and all go when it is deleted.
CREATE INDEX whatsapp_credentials_restaurant ON whatsapp_credentials (restaurant_id, created_at);

--bun:split

-- Whose an account is, when Meta names only the account.
CREATE INDEX whatsapp_credentials_waba ON whatsapp_credentials (waba_id);

--bun:split

-- Whose a number is: a phone number belongs to one restaurant.
CREATE INDEX whatsapp_credentials_phone_number ON whatsapp_credentials (phone_number_id);
