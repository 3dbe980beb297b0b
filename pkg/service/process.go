// Package service is what every service process stands on: its configuration,
// logs, telemetry, bus, database and the operator's endpoints, opened and closed
// in the right order.
package service

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/uptrace/bun"
	"golang.org/x/sync/errgroup"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/telemetry"
)

// How long a process may take to come up, and to go down once its work has ended.
const (
	openWithin  = 30 * time.Second
	closeWithin = 10 * time.Second
	adminDrain  = time.Second
)

// Options say which service it is, and what it needs to find.
type Options struct {
	Name    string // as in "gateway"
	Version string
	Config  Config
	Stderr  io.Writer // logs go here

	// CheckSchema says whether the database has the schema that this build needs.
	// An error that wraps SchemaAhead is logged only: columns are only ever added,
	// so a build works with a schema that is newer than itself.
	CheckSchema func(context.Context, *bun.DB) error
	SchemaAhead error
	Streams     []string // that must exist on the bus
}

// Process is an open process. [Process.Close] ends it.
type Process struct {
	Logger    *slog.Logger
	Telemetry *telemetry.Telemetry
	Conn      *nats.Conn
	JetStream jetstream.JetStream
	DB        *bun.DB

	admin   net.Listener
	closers []func(context.Context) error // in the order of opening
}

// Open opens what a service stands on, or nothing: logs, telemetry (also for
// libraries, see [telemetry.Telemetry.InstallGlobals]), the operator's address,
// the bus and the database, see [OpenError]. It changes neither streams nor schema, and says which
// command makes what is missing.
func Open(ctx context.Context, options Options) (*Process, error) {
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	p := &Process{
		Logger: telemetry.NewLogger(options.Stderr, options.Config.Log).With("service", options.Name),
	}
	for _, open := range []func(context.Context, Options) error{p.openTelemetry, p.openAdmin, p.openBus, p.openDatabase} {
		if err := open(ctx, options); err != nil {
			return nil, errors.Join(err, p.Close(ctx))
		}
	}
	p.Logger.InfoContext(ctx, "process is open", "version", options.Version, "admin_addr", p.AdminAddr(),
		"database", database.KindOf(p.DB))
	return p, nil
}

// AdminAddr returns where the operator's endpoints listen.
func (p *Process) AdminAddr() string { return p.admin.Addr().String() }

// Run does the work, with the operator's endpoints beside it, until it ends;
// whichever of the two fails ends the other. From the end of ctx on /readyz
// answers 503, so that nothing new is sent here while the work comes to its end.
func (p *Process) Run(ctx context.Context, work func(context.Context) error, checks ...telemetry.Check) error {
	group, working := errgroup.WithContext(ctx)
	checks = append([]telemetry.Check{
		{Name: "running", Run: func(context.Context) error { return working.Err() }},
		BusCheck(p.JetStream),
		DatabaseCheck(p.DB),
	}, checks...)
	handler := p.Telemetry.Admin(checks...)

	// The endpoints outlive the work, so that whoever asks sees it drain.
	endpoints, stop := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error { return ServeHTTP(endpoints, p.admin, handler, adminDrain) })
	group.Go(func() error {
		defer stop()
		return work(working)
	})
	return group.Wait()
}

// Close closes what Open opened, the last first, within ten seconds, also when
// ctx has ended: what ends the work must not end the exporting of its traces.
func (p *Process) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	var errs []error
	for len(p.closers) > 0 {
		last := len(p.closers) - 1
		errs = append(errs, p.closers[last](ctx))
		p.closers = p.closers[:last]
	}
	return errors.Join(errs...)
}

func (p *Process) closing(closer func(context.Context) error) {
	p.closers = append(p.closers, closer)
}

func (p *Process) openTelemetry(ctx context.Context, options Options) error {
	started, err := telemetry.Start(ctx, telemetry.Options{
		Service: "waba-" + options.Name, Version: options.Version, Logger: p.Logger,
	})
	if err != nil {
		return err
	}
	started.InstallGlobals()
	p.Telemetry = started
	p.closing(started.Shutdown)
	return nil
}

func (p *Process) openAdmin(ctx context.Context, options Options) error {
	listener, err := Listen(ctx, "ADMIN_ADDR", options.Config.AdminAddr)
	if err != nil {
		return err
	}
	p.admin = listener
	p.closing(func(context.Context) error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return nil
}

func (p *Process) openBus(ctx context.Context, options Options) error {
	conn, js, err := bus.Connect(ctx, bus.ConnectOptions{
		URL:          options.Config.NATSURL,
		CredsFile:    options.Config.NATSCreds,
		NKeySeedFile: options.Config.NATSNKeySeedFile,
		Service:      options.Name,
		Logger:       p.Logger,
		Options:      []nats.Option{nats.NoCallbacksAfterClientClose()}, // closing is no loss
	})
	if err != nil {
		return &OpenError{Part: PartBus, Err: err}
	}
	p.Conn, p.JetStream = conn, js
	p.closing(func(context.Context) error {
		conn.Close()
		return nil
	})
	return bus.Check(ctx, js, options.Streams...)
}

func (p *Process) openDatabase(ctx context.Context, options Options) error {
	db, err := database.Open(ctx, options.Config.DatabaseURL.Reveal())
	if err != nil {
		return &OpenError{Part: PartDatabase, Err: err}
	}
	p.DB = db
	p.closing(func(context.Context) error { return db.Close() })
	if options.CheckSchema == nil {
		return nil
	}
	err = options.CheckSchema(ctx, db)
	if err != nil && options.SchemaAhead != nil && errors.Is(err, options.SchemaAhead) {
		p.Logger.WarnContext(ctx, "database is ahead of this build", "error", err)
		return nil
	}
	return err
}
