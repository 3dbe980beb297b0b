module github.com/waba-platform/onboarding/cmd/waba

go 1.26.0

require (
	github.com/waba-platform/onboarding/pkg v0.0.0
	github.com/waba-platform/onboarding/migrations v0.0.0
	github.com/waba-platform/onboarding/metasim v0.0.0
	github.com/waba-platform/onboarding/services/gateway v0.0.0
	github.com/waba-platform/onboarding/services/onboarding v0.0.0
	github.com/waba-platform/onboarding/services/auditlog v0.0.0
)

replace (
	github.com/waba-platform/onboarding/pkg => ../../pkg
	github.com/waba-platform/onboarding/migrations => ../../migrations
	github.com/waba-platform/onboarding/metasim => ../../metasim
	github.com/waba-platform/onboarding/services/gateway => ../../services/gateway
	github.com/waba-platform/onboarding/services/onboarding => ../../services/onboarding
	github.com/waba-platform/onboarding/services/auditlog => ../../services/auditlog
)
