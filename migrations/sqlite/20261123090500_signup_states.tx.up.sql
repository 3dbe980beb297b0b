-- Where each restaurant stands: the status document of its last decision, with what
-- lists filter by in columns of its own. A read table: written by auditlog from events,
-- rebuilt by replaying them.
-- restaurant_id is the key because a restaurant stands in one place.
-- last_stream_seq is the decision that was applied last: a row only moves forward.
CREATE TABLE whatsapp_signup_states (
    restaurant_id     TEXT        PRIMARY KEY REFERENCES restaurants (id),
    integration_id    TEXT        NOT NULL,
    run               INTEGER     NOT NULL DEFAULT 0,
    status            TEXT        NOT NULL,
    stage             TEXT        NOT NULL,
    creation_strategy TEXT,
    polling_attempts  INTEGER     NOT NULL DEFAULT 0,
    error_code        TEXT,
    error_message     TEXT,
    next_action       TEXT        CHECK (json_valid(next_action)),
    document          TEXT        NOT NULL DEFAULT '{}' CHECK (json_valid(document)),
    last_stream_seq   INTEGER     NOT NULL DEFAULT 0,
    created_at        TIMESTAMP   NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00', 'now')),
    updated_at        TIMESTAMP   NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'))
);

--bun:split

-- The list, newest first. restaurant_id makes the order total, so that a cursor is exact.
CREATE INDEX whatsapp_signup_states_newest ON whatsapp_signup_states (created_at, restaurant_id);

--bun:split

-- The same list, of one status.
CREATE INDEX whatsapp_signup_states_status ON whatsapp_signup_states (status, created_at, restaurant_id);

--bun:split

-- The same list, at one stage.
CREATE INDEX whatsapp_signup_states_stage ON whatsapp_signup_states (stage, created_at, restaurant_id);

--bun:split

-- The same list, by the strategy that found or made the account.
CREATE INDEX whatsapp_signup_states_strategy ON whatsapp_signup_states (creation_strategy, created_at, restaurant_id);

--bun:split

-- The same list, by error. Most rows have none.
CREATE INDEX whatsapp_signup_states_error ON whatsapp_signup_states (error_code, created_at, restaurant_id) WHERE error_code IS NOT NULL;
