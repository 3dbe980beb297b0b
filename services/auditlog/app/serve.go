package app

import (
	"context"
	"errors"
	"io"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/service"
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
		Name:        "auditlog",
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
	deps := Deps{JetStream: process.JetStream, DB: process.DB, Logger: process.Logger, Gap: &Gap{}}
	return process.Run(ctx, func(ctx context.Context) error { return Run(ctx, own, deps) }, Checks(deps)...)
}
