module github.com/waba-platform/onboarding/migrations

go 1.26.0
