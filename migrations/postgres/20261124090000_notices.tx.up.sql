-- What Meta has sent by itself about an account, a number or a business that no
-- restaurant is known for: it waits for its restaurant. Written by onboarding alone.
-- body_id names the webhook, and change_index the change in it: each waits once.
-- What Meta did not name is empty.
CREATE TABLE onboarding_notices (
    body_id         TEXT        NOT NULL,
    change_index    INTEGER     NOT NULL,
    field           TEXT        NOT NULL,
    event           TEXT        NOT NULL DEFAULT '',
    detail          TEXT        NOT NULL DEFAULT '',
    waba_id         TEXT        NOT NULL DEFAULT '',
    business_id     TEXT        NOT NULL DEFAULT '',
    phone_number_id TEXT        NOT NULL DEFAULT '',
    happened_at     TIMESTAMPTZ,
    received_at     TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (body_id, change_index)
);

--bun:split

CREATE INDEX onboarding_notices_waba ON onboarding_notices (waba_id);

--bun:split

CREATE INDEX onboarding_notices_business ON onboarding_notices (business_id);

--bun:split

CREATE INDEX onboarding_notices_phone_number ON onboarding_notices (phone_number_id);

--bun:split

-- The oldest are forgotten.
CREATE INDEX onboarding_notices_received ON onboarding_notices (received_at);

--bun:split

-- Whose a business is, when Meta names only the business.
CREATE INDEX whatsapp_credentials_business ON whatsapp_credentials (business_id);

--bun:split

-- For whom a person has authorized us, when Meta names only the person.
CREATE INDEX whatsapp_credentials_meta_user ON whatsapp_credentials (meta_user_id);
