module github.com/waba-platform/onboarding/metasim

go 1.26.0
