package dev

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/uptrace/bun"
	"golang.org/x/sync/errgroup"

	"github.com/waba-platform/onboarding/cmd/waba/internal/keys"
	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/service"
	"github.com/waba-platform/onboarding/pkg/telemetry"
	auditlog "github.com/waba-platform/onboarding/services/auditlog/app"
	onboarding "github.com/waba-platform/onboarding/services/onboarding/app"
)

// process is everything that is open. close ends it, also when only a part is.
type process struct {
	options Options
	folder  folder
	at      Addresses
	cfg     configs

	logger    *slog.Logger
	telemetry *telemetry.Telemetry
	keyring   *seal.Keyring
	db        *bun.DB
	broker    *broker
	owner     jetstream.JetStream // makes streams and sees consumers
	meta      *metasim.Server     // nil: another Graph API is used
	missing   uint64              // decisions that had no row at the start
	gap       auditlog.Gap

	giveUp     chan struct{} // closed when calls at Meta are cut
	unfinished bool          // one was

	listeners struct{ http, admin, simulator net.Listener }
	closers   []func(context.Context) error // in the order of opening
}

func (p *process) closing(closer func(context.Context) error) { p.closers = append(p.closers, closer) }

// close closes what open opened, the last first.
func (p *process) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	var errs []error
	for len(p.closers) > 0 {
		last := len(p.closers) - 1
		errs = append(errs, p.closers[last](ctx))
		p.closers = p.closers[:last]
	}
	return errors.Join(errs...)
}

func (p *process) open(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		p.openFolder, p.openListeners, p.configure, p.openTelemetry, p.openParts,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) openFolder(context.Context) error {
	lock, err := lockFolder(string(p.folder))
	if err != nil {
		return err
	}
	p.closing(func(context.Context) error { return lock.Close() })
	if err := removeReady(p.options.ReadyFile); err != nil {
		return err
	}
	if p.options.Reset {
		return p.folder.reset()
	}
	return nil
}

func (p *process) openListeners(ctx context.Context) error {
	if err := checkLoopback("--nats", p.options.NATS); err != nil {
		return err
	}
	for _, l := range []struct {
		flag string
		addr *config.Addr
		to   *net.Listener
		url  *string
		need bool
	}{
		{"--http", &p.options.HTTP, &p.listeners.http, &p.at.HTTP, true},
		{"--admin", &p.options.Admin, &p.listeners.admin, &p.at.Admin, true},
		{"--simulator", &p.options.Simulator, &p.listeners.simulator, &p.at.Simulator, p.options.graph() == ""},
	} {
		if !l.need {
			continue
		}
		listener, err := listen(ctx, l.flag, *l.addr)
		if err != nil {
			return err
		}
		p.closing(func(context.Context) error {
			if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
				return err
			}
			return nil
		})
		*l.to, *l.url, *l.addr = listener, urlOf(listener), config.Addr(listener.Addr().String())
	}
	return nil
}

func (p *process) configure(context.Context) error {
	files := keys.In(p.folder.keys())
	if !exists(files.Keyring) && p.folder.hasData() {
		return &keys.UnpairedError{Files: files, Lost: true}
	}
	files, err := keys.Complete(p.folder.keys())
	if err != nil {
		return err
	}
	if p.cfg, err = load(p.options, p.at, p.folder, files); err != nil {
		return err
	}
	p.logger = telemetry.NewLogger(p.options.Stderr, p.cfg.process.Log)
	p.keyring, err = onboarding.OpenKeyring(p.cfg.onboarding)
	return err
}

func (p *process) openTelemetry(ctx context.Context) error {
	started, err := telemetry.Start(ctx, telemetry.Options{
		Service: "waba-dev", Version: p.options.Version, Logger: p.logger,
	})
	if err != nil {
		return err
	}
	started.InstallGlobals()
	p.telemetry = started
	p.closing(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		return started.Shutdown(ctx)
	})
	return nil
}

// openParts opens what takes time, side by side.
func (p *process) openParts(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { return p.openBus(ctx) })
	group.Go(func() error { return p.openDatabase(ctx) })
	group.Go(p.openMeta)
	err := group.Wait()
	p.closing(func(context.Context) error {
		var errs []error
		if p.meta != nil {
			errs = append(errs, p.meta.Close())
		}
		if p.broker != nil {
			errs = append(errs, p.broker.close())
		}
		if p.db != nil {
			errs = append(errs, p.db.Close())
		}
		return errors.Join(errs...)
	})
	return err
}

func (p *process) openBus(ctx context.Context) (err error) {
	cfg := p.cfg.process
	if p.options.elsewhere() {
		p.broker = &broker{options: bus.ConnectOptions{
			URL: cfg.NATSURL, CredsFile: cfg.NATSCreds, NKeySeedFile: cfg.NATSNKeySeedFile, Logger: p.logger,
		}}
		p.at.NATS = withoutUser(cfg.NATSURL)
	} else {
		if p.broker, err = startServer(ctx, p.options, p.folder, p.cfg.dev.LazySync, p.logger.With("service", "nats")); err != nil {
			return err
		}
		p.broker.options.Logger = p.logger
		p.at.NATS = p.broker.server.URL()
	}
	ctx, cancel := context.WithTimeout(ctx, busWithin)
	defer cancel()
	if p.owner, err = p.broker.connect(ctx, bus.UserMigrate); err != nil {
		return &service.OpenError{Part: service.PartBus, Err: err}
	}
	return bus.Migrate(ctx, p.owner, p.cfg.streams.Replicas)
}

// busWithin is how long a bus elsewhere may take to be there.
const busWithin = 15 * time.Second

func (p *process) openDatabase(ctx context.Context) error {
	db, err := database.Open(ctx, p.cfg.process.DatabaseURL.Reveal())
	if err != nil {
		return &service.OpenError{Part: service.PartDatabase, Err: err}
	}
	p.db = db
	_, err = migrations.Up(ctx, db)
	return err
}

func (p *process) openMeta() error {
	if p.listeners.simulator == nil {
		return nil
	}
	meta, err := metasim.New(metasim.Options{
		AppID:     p.cfg.onboarding.AppID,
		AppSecret: p.cfg.onboarding.AppSecret.Reveal(),
		Dir:       p.folder.simulator(),

		WebhookURL: p.at.HTTP + "/api/whatsapp/webhook",
		Logger:     p.logger.With("service", "simulator"),
	})
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	p.meta = meta
	return nil
}
