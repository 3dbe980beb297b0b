DROP TABLE onboarding_phone_owners;
