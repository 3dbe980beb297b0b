package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/cmd/waba/internal/dev"
	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/service"
	"github.com/waba-platform/onboarding/pkg/telemetry"
)

// migrateConfig says what is migrated; what is unset is left alone.
type migrateConfig struct {
	NATSURL          string      `env:"NATS_URL" secret:"true"`
	NATSCreds        string      `env:"NATS_CREDS"`
	NATSNKeySeedFile string      `env:"NATS_NKEY_SEED_FILE"`
	DatabaseURL      seal.Secret `env:"DATABASE_URL"`

	Streams service.StreamConfig
	Sync    syncConfig
	Dev     dev.Config // whether a bus that does not sync is taken
}

// Validate reports every mistake at once.
func (c migrateConfig) Validate() error {
	if c.NATSURL == "" && c.DatabaseURL.IsZero() {
		return errors.New("NATS_URL and DATABASE_URL are not set: there is nothing to migrate")
	}
	return nil
}

// How long the database may take to be migrated, and the bus to be there and to
// answer: a user without the rights gets no answer at all.
const (
	databaseWithin = 10 * time.Minute
	busWithin      = 30 * time.Second
)

func newMigrate(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: t.say("Cria e atualiza o banco e os streams", "Makes and updates the database and the streams"),
		Long: t.say("Cria e atualiza o banco (DATABASE_URL) e os streams e consumidores (NATS_URL, WABA_STREAM_REPLICAS); sem mais nada, é waba migrate up. O que não está definido não é tocado. Pode ser executado de novo, e por vários processos ao mesmo tempo. Com NATS_SYS_CREDS, recusa um NATS que não grava no disco antes de confirmar.",
			"Makes and updates the database (DATABASE_URL) and the streams and consumers (NATS_URL, WABA_STREAM_REPLICAS); by itself it is waba migrate up. What is not set is left alone. It may be run again, and by several processes at once. With NATS_SYS_CREDS it refuses a bus that acknowledges before it has synced to disk."),
		Args: t.noArgs,
		RunE: t.run(t.migrateUp), // a job that says "migrate" migrates
	}
	cmd.AddCommand(newMigrateUp(t), newMigrateStatus(t), newMigrateDown(t))
	return cmd
}

func newMigrateUp(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use:     "up",
		Short:   t.say("Aplica o que falta", "Applies what is missing"),
		Example: "  DATABASE_URL=sqlite://waba.db waba migrate up",
		Args:    t.noArgs,
		RunE:    t.run(t.migrateUp),
	}
}

func (t *terminal) migrateUp(cmd *cobra.Command, _ []string) error {
	return t.withTargets(cmd.Context(), func(ctx context.Context, at targets) error {
		if err := t.checkSync(ctx, at); err != nil {
			return err
		}
		if at.db != nil {
			ctx, cancel := context.WithTimeout(ctx, databaseWithin)
			defer cancel()
			done, err := migrations.Up(ctx, at.db)
			if err != nil {
				return err
			}
			t.printMigrated(t.say("aplicada", "applied"), done)
		}
		if at.js == nil {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, busWithin)
		defer cancel()
		if err := bus.Migrate(ctx, at.js, at.replicas); err != nil {
			return err
		}
		_, err := fmt.Fprintf(t.out, t.say("streams e consumidores: em dia, %d réplica(s)\n", "streams and consumers: up to date, %d replica(s)\n"), at.replicas)
		return err
	})
}

func newMigrateStatus(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "status",
		Short:   t.say("Mostra o que está aplicado e o que falta", "Shows what is applied and what is missing"),
		Example: "  DATABASE_URL=sqlite://waba.db waba migrate status -o json",
		Args:    t.noArgs,
	}
	output := t.formatFlag(cmd)
	cmd.RunE = t.run(func(cmd *cobra.Command, _ []string) error {
		return t.withTargets(cmd.Context(), func(ctx context.Context, at targets) error {
			ctx, cancel := context.WithTimeout(ctx, busWithin)
			defer cancel()
			parts, err := at.status(ctx)
			if err != nil {
				return err
			}
			if *output == asJSON {
				return t.printJSON(parts)
			}
			rows := [][]string{{t.say("TIPO", "KIND"), t.say("NOME", "NAME"), t.say("ESTADO", "STATE"), t.say("QUANDO", "WHEN")}}
			for _, p := range parts {
				rows = append(rows, []string{p.Kind, p.Name, t.partState(p.State), when(p.AppliedAt)})
			}
			return printTable(t.out, rows...)
		})
	})
	return cmd
}

func newMigrateDown(t *terminal) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "down",
		Short:   t.say("Desfaz no banco o último up, com os dados", "Takes the last up of the database back, data included"),
		Example: "  DATABASE_URL=sqlite://waba.db waba migrate down --yes",
		Args:    t.noArgs,
		RunE: t.run(func(cmd *cobra.Command, _ []string) error {
			if !yes {
				return &failure{
					exit: exitUsage,
					what: t.say("isto apaga tabelas e seus dados", "this drops tables with their data"),
					next: t.say("confirme com --yes", "confirm with --yes"),
				}
			}
			return t.withTargets(cmd.Context(), func(ctx context.Context, at targets) error {
				if at.db == nil {
					return &config.Error{Mistakes: []string{"DATABASE_URL is not set"}}
				}
				ctx, cancel := context.WithTimeout(ctx, databaseWithin)
				defer cancel()
				done, err := migrations.Down(ctx, at.db)
				if err != nil {
					return err
				}
				t.printMigrated(t.say("desfeita", "taken back"), done)
				return nil
			})
		}),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, t.say("confirma que os dados podem ser apagados", "confirms that the data may be deleted"))
	return cmd
}

func (t *terminal) printMigrated(verb string, done []migrations.Migration) {
	if len(done) == 0 {
		_, _ = fmt.Fprintln(t.out, t.say("banco: nada a fazer", "database: nothing to do"))
	}
	for _, m := range done {
		_, _ = fmt.Fprintf(t.out, "%s %s_%s\n", verb, m.Name, m.Comment)
	}
}

// targets is what is migrated; either may be nil.
type targets struct {
	db       *bun.DB
	js       jetstream.JetStream
	system   *nats.Conn // as a user of the system account; nil: none is configured
	replicas int
	lazySync bool // a bus that does not sync each write is taken
}

func (t *terminal) withTargets(ctx context.Context, do func(context.Context, targets) error) (err error) {
	var cfg migrateConfig
	if err := config.Load(t.getenv, &cfg); err != nil {
		return err
	}
	at := targets{replicas: cfg.Streams.Replicas, lazySync: cfg.Dev.LazySync}
	if !cfg.DatabaseURL.IsZero() {
		if at.db, err = database.Open(ctx, cfg.DatabaseURL.Reveal()); err != nil {
			return &service.OpenError{Part: service.PartDatabase, Err: err}
		}
		defer func() { err = errors.Join(err, at.db.Close()) }()
	}
	if cfg.NATSURL != "" {
		connect, cancel := context.WithTimeout(ctx, busWithin)
		defer cancel()
		options := bus.ConnectOptions{
			URL: cfg.NATSURL, CredsFile: cfg.NATSCreds, NKeySeedFile: cfg.NATSNKeySeedFile, Service: bus.UserMigrate,
			Logger:  telemetry.NewLogger(t.err, telemetry.LogConfig{Format: telemetry.LogText, Level: slog.LevelWarn}),
			Options: []nats.Option{nats.NoCallbacksAfterClientClose()},
		}
		if cfg.anonymous() {
			options.Options = append(options.Options, anyInbox())
		}
		conn, js, err := bus.Connect(connect, options)
		if err != nil {
			return &service.OpenError{Part: service.PartBus, Err: err}
		}
		defer conn.Close()
		at.js = js
		if at.system, err = cfg.connectSystem(connect); err != nil {
			return err
		}
		if at.system != nil {
			defer at.system.Close()
		}
	}
	return do(ctx, at)
}

// part is a migration or a stream, and whether it is there.
type part struct {
	Kind      string    `json:"kind"`
	Name      string    `json:"name"`
	State     partState `json:"state"`
	AppliedAt time.Time `json:"applied_at,omitzero"`
}

// partState says whether a part is there.
type partState string

// The states of a part.
const (
	partApplied partState = "applied"
	partMissing partState = "missing"
	partUnknown partState = "unknown" // applied by a newer build
)

func (t *terminal) partState(s partState) string {
	switch s {
	case partApplied:
		return t.say("aplicada", "applied")
	case partMissing:
		return t.say("falta", "missing")
	case partUnknown:
	}
	return t.say("de uma versão mais nova", "of a newer version")
}

func (at targets) status(ctx context.Context) ([]part, error) {
	parts := []part{}
	if at.db != nil {
		list, err := migrations.Status(ctx, at.db)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			p := part{Kind: "migration", Name: m.Name + "_" + m.Comment, State: partApplied, AppliedAt: m.AppliedAt}
			switch {
			case !m.Known():
				p.Name, p.State = m.Name, partUnknown
			case m.AppliedAt.IsZero():
				p.State = partMissing
			}
			parts = append(parts, p)
		}
	}
	if at.js == nil {
		return parts, nil
	}
	for _, stream := range bus.Streams(at.replicas) {
		p := part{Kind: "stream", Name: stream.Name, State: partApplied}
		found, err := at.js.Stream(ctx, stream.Name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			p.State = partMissing
		case err != nil:
			return nil, fmt.Errorf("stream %s: %w", stream.Name, err)
		default:
			p.AppliedAt = found.CachedInfo().Created
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// when prints a time, or nothing for none.
func when(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Local().Format(time.DateTime)
}
