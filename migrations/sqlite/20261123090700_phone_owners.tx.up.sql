-- Whose a phone number is: it belongs to one restaurant, and of two that ask for it
-- at once one gets it. Written by onboarding alone.
-- run_started_at names the restaurant's latest run that has asked for it: what an older
-- run leaves behind does not take it from a newer one.
-- ready_at is when the restaurant was connected with it; NULL: a run is under way to
-- that, and the number is free again when it ends otherwise.
CREATE TABLE onboarding_phone_owners (
    phone_number_id TEXT        PRIMARY KEY,
    restaurant_id   TEXT        NOT NULL,
    run_started_at  TIMESTAMP   NOT NULL,
    ready_at        TIMESTAMP
);

--bun:split

-- All numbers of one restaurant: what its runs no longer need is released.
CREATE INDEX onboarding_phone_owners_restaurant ON onboarding_phone_owners (restaurant_id);

--bun:split

-- The restaurants that are connected keep their numbers; of several with one number the
-- first does.
INSERT INTO onboarding_phone_owners (phone_number_id, restaurant_id, run_started_at, ready_at)
SELECT phone_number_id, restaurant_id, created_at, ready_at
FROM whatsapp_business_integrations
WHERE is_active AND phone_number_id <> '' AND ready_at IS NOT NULL
ORDER BY ready_at, restaurant_id
ON CONFLICT (phone_number_id) DO NOTHING;
