module github.com/waba-platform/onboarding/services/gateway

go 1.26.0

require (
	github.com/waba-platform/onboarding/pkg v0.0.0
	github.com/waba-platform/onboarding/migrations v0.0.0
)

replace (
	github.com/waba-platform/onboarding/pkg => ../../pkg
	github.com/waba-platform/onboarding/migrations => ../../migrations
)
