-- Requests of Meta to delete what is known of a person, that were carried out. Written
-- by onboarding, read by the page that the person is given. It names nobody.
-- erasure_id is in the code that the person has.
CREATE TABLE onboarding_erasures (
    erasure_id TEXT        PRIMARY KEY,
    done_at    TIMESTAMP NOT NULL
);
