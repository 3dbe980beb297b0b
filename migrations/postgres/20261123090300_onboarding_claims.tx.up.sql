-- A timed claim before every call to Meta that cannot be undone. Written by onboarding
-- alone. claim_key is unique: of two workers at one step, one gets to call Meta.
-- expires_at is when the call must have ended: before it others wait, after it they
-- look at what Meta has before they repeat anything.
CREATE TABLE onboarding_claims (
    claim_key     TEXT        PRIMARY KEY,
    restaurant_id UUID        NOT NULL,
    claimed_at    TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    expires_at    TIMESTAMPTZ NOT NULL
);

--bun:split

-- All claims of one restaurant, which go when it is deleted.
CREATE INDEX onboarding_claims_restaurant ON onboarding_claims (restaurant_id);
