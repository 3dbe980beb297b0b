module github.com/waba-platform/onboarding/pkg

go 1.26.0
