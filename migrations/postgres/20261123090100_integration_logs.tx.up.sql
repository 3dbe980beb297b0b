-- One row for each input, tick and decision, for ever. Written by auditlog alone.
-- id is the order of arrival and nothing more: a rebuilt table has other ids.
-- event_id is what makes a redelivered event a no-op.
-- restaurant_id is NULL where the message could not be decoded.
-- (stream, stream_seq) is where the event itself can be read again.
CREATE TABLE whatsapp_integration_logs (
    id            BIGSERIAL   PRIMARY KEY,
    restaurant_id UUID        REFERENCES restaurants (id),
    step          TEXT        NOT NULL CHECK (step IN (
        'oauth', 'token_exchange', 'waba_discovery', 'waba_creation',
        'polling_system', 'polling_verification', 'complete_flow',
        'phone_registration', 'phone_verification'
    )),
    strategy      TEXT,
    success       BOOLEAN     NOT NULL DEFAULT false,
    error_message TEXT,
    details       JSONB       DEFAULT '{}',
    created_at    TIMESTAMPTZ DEFAULT NOW(), -- the event's own time
    updated_at    TIMESTAMPTZ DEFAULT NOW(),
    event_id      TEXT        NOT NULL UNIQUE,
    event_type    TEXT        NOT NULL,
    stream        TEXT        NOT NULL,
    stream_seq    BIGINT      NOT NULL,
    run           INTEGER     NOT NULL DEFAULT 0,
    trace_id      TEXT        NOT NULL DEFAULT ''
);

--bun:split

-- One restaurant's story, oldest first, a page at a time; read backwards it is the
-- view's last successful step.
CREATE INDEX whatsapp_integration_logs_story ON whatsapp_integration_logs (restaurant_id, created_at, id);

--bun:split

-- The view's last error message. Failures are few, so this index is small.
CREATE INDEX whatsapp_integration_logs_failures ON whatsapp_integration_logs (restaurant_id, created_at) WHERE success = false;
