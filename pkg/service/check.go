package service

import (
	"context"
	"net"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/telemetry"
)

// BusCheck is the readiness check of the bus: the log of decisions answers.
func BusCheck(js jetstream.JetStream) telemetry.Check {
	return telemetry.Check{Name: "bus", Run: func(ctx context.Context) error {
		return bus.Check(ctx, js, bus.Log)
	}}
}

// DatabaseCheck is the readiness check of the database: it answers.
func DatabaseCheck(db *bun.DB) telemetry.Check {
	return telemetry.Check{Name: "database", Run: db.PingContext}
}

// Listen listens where a variable says. Its error is a [*ListenError].
func Listen(ctx context.Context, variable string, addr config.Addr) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", string(addr))
	if err != nil {
		return nil, &ListenError{Variable: variable, Addr: addr, Err: err}
	}
	return listener, nil
}
