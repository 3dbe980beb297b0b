DROP TABLE onboarding_erasures;
