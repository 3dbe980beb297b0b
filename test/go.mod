module github.com/waba-platform/onboarding/test

go 1.26.0

require (
	github.com/waba-platform/onboarding/metasim v0.0.0
	github.com/waba-platform/onboarding/migrations v0.0.0
	github.com/waba-platform/onboarding/pkg v0.0.0
	github.com/waba-platform/onboarding/services/auditlog v0.0.0
	github.com/waba-platform/onboarding/services/gateway v0.0.0
	github.com/waba-platform/onboarding/services/onboarding v0.0.0
)

require (
	github.com/compose-spec/compose-go/v2 v2.16.2 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/nats-io/nats.go v1.55.0 // indirect
	github.com/nats-io/nkeys v0.4.16 // indirect
	github.com/nats-io/nuid v1.0.1 // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace (
	github.com/waba-platform/onboarding/metasim => ../metasim
	github.com/waba-platform/onboarding/migrations => ../migrations
	github.com/waba-platform/onboarding/pkg => ../pkg
	github.com/waba-platform/onboarding/services/auditlog => ../services/auditlog
	github.com/waba-platform/onboarding/services/gateway => ../services/gateway
	github.com/waba-platform/onboarding/services/onboarding => ../services/onboarding
)
