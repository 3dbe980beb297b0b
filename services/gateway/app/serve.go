package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/service"
	"github.com/waba-platform/onboarding/services/gateway/internal/live"
)

// Serve is the process: it reads its configuration with getenv, opens what the
// service stands on and runs it until ctx ends. A wrong configuration is a
// [*config.Error].
func Serve(ctx context.Context, getenv func(string) string, stderr io.Writer, version string) (err error) {
	var (
		common service.Config
		own    Config
	)
	if err := config.Load(getenv, &common, &own); err != nil {
		return err
	}
	process, err := service.Open(ctx, service.Options{
		Name:        "gateway",
		Version:     version,
		Config:      common,
		Stderr:      stderr,
		CheckSchema: migrations.Check,
		SchemaAhead: migrations.ErrNewer,
		Streams:     Streams,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.Close(ctx)) }()
	feed, err := live.OpenFeed(ctx, process.JetStream, process.Logger)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	listener, err := service.Listen(ctx, "HTTP_ADDR", own.HTTPAddr)
	if err != nil {
		return err
	}
	deps := Deps{
		JetStream: process.JetStream, DB: process.DB, Listener: listener, Feed: feed,
		Logger: process.Logger, Telemetry: process.Telemetry,
	}
	process.Logger.InfoContext(ctx, "gateway listens", "http_addr", listener.Addr().String())
	return process.Run(ctx, func(ctx context.Context) error { return Run(ctx, own, deps) }, Checks(own, feed)...)
}
