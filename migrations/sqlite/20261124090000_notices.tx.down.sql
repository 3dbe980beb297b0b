DROP INDEX whatsapp_credentials_meta_user;

--bun:split

DROP INDEX whatsapp_credentials_business;

--bun:split

DROP TABLE onboarding_notices;
