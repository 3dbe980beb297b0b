DROP TABLE onboarding_claims;
