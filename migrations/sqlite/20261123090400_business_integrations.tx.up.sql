-- What each restaurant is connected to. A read table: written by auditlog from events,
-- rebuilt by replaying them.
-- id is the integration id, stable for the restaurant; restaurant_id is unique because
-- a restaurant has one integration.
-- last_stream_seq is the decision that was applied last: a row only moves forward.
CREATE TABLE whatsapp_business_integrations (
    id                   TEXT        PRIMARY KEY,
    restaurant_id        TEXT        NOT NULL UNIQUE REFERENCES restaurants (id),
    business_account_id  TEXT, -- the WABA
    business_id          TEXT,
    phone_number_id      TEXT,
    display_phone_number TEXT,
    connection_status    TEXT        NOT NULL,
    is_active            BOOLEAN     NOT NULL DEFAULT false,
    strategy             TEXT,
    run                  INTEGER     NOT NULL DEFAULT 0,
    last_stream_seq      INTEGER     NOT NULL DEFAULT 0,
    ready_at             TIMESTAMP,
    created_at           TIMESTAMP   NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00', 'now')),
    updated_at           TIMESTAMP   NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'))
);

--bun:split

-- Which integrations use an account: Meta's webhooks name the account.
CREATE INDEX whatsapp_business_integrations_account ON whatsapp_business_integrations (business_account_id);

--bun:split

-- Which integration uses a number: Meta's webhooks name the number.
CREATE INDEX whatsapp_business_integrations_phone_number ON whatsapp_business_integrations (phone_number_id);
