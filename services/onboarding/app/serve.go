package app

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/errcode"
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
	keyring, err := OpenKeyring(own)
	if err != nil {
		return err
	}
	process, err := service.Open(ctx, service.Options{
		Name:        "onboarding",
		Version:     version,
		Config:      common,
		Stderr:      stderr,
		CheckSchema: migrations.Check,
		SchemaAhead: migrations.ErrNewer,
		Streams:     []string{bus.Log, bus.In, bus.Timers, bus.Webhooks, bus.Secrets, bus.Dead},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.Close(ctx)) }()
	for _, warning := range own.Warnings(time.Now(), errcode.English) { // as all of the log
		process.Logger.WarnContext(ctx, "configuration", "warning", warning)
	}
	deps := Deps{JetStream: process.JetStream, DB: process.DB, Keyring: keyring, Logger: process.Logger}
	return process.Run(ctx, func(ctx context.Context) error { return Run(ctx, own, deps) }, append(Checks(deps), CheckVersion(own, time.Now))...)
}
