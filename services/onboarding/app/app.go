package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/telemetry"
)

// Deps is what the process gives to the service. The service closes none of it.
type Deps struct {
	JetStream jetstream.JetStream
	DB        *bun.DB
	Keyring   *seal.Keyring
	Logger    *slog.Logger
	Telemetry *telemetry.Telemetry
}

// Run works until ctx ends, then lets the steps in hand finish.
func Run(ctx context.Context, cfg Config, deps Deps) error {
	return errors.New("not yet")
}
