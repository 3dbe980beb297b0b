// Command auditlog writes every event into the database, once.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/service"
	"github.com/waba-platform/onboarding/services/auditlog/app"
)

// version is set by the linker.
var version = "dev"

func main() {
	if err := run(); err != nil {
		fmt.Fprint(os.Stderr, service.Report("auditlog", err))
		os.Exit(service.ExitCode(err))
	}
}

// run is main with defers that run and an error that can be returned.
func run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var (
		common service.Config
		own    app.Config
	)
	if err := config.Load(os.Getenv, &common, &own); err != nil {
		return err
	}
	process, err := service.Open(ctx, service.Options{
		Name:        "auditlog",
		Version:     version,
		Config:      common,
		Stderr:      os.Stderr,
		CheckSchema: migrations.Check,
		SchemaAhead: migrations.ErrNewer,
		Streams:     app.Streams,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.Close(ctx)) }()
	deps := app.Deps{JetStream: process.JetStream, DB: process.DB, Logger: process.Logger}
	return process.Run(ctx, func(ctx context.Context) error { return app.Run(ctx, own, deps) }, app.Checks(deps)...)
}
