package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/service"
)

func newEvents(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "events",
		Short: t.say("Lê os eventos direto do barramento", "Reads the events straight from the bus"),
		Args:  t.noArgs,
		RunE:  t.run(func(cmd *cobra.Command, _ []string) error { return cmd.Help() }),
	}
	cmd.AddCommand(newEventsTail(t), newEventsReplay(t))
	return cmd
}

// busConfig says where the bus is, for tools: they only read.
type busConfig struct {
	URL          string `env:"NATS_URL" envDefault:"nats://127.0.0.1:4222" secret:"true"`
	Creds        string `env:"NATS_CREDS"`
	NKeySeedFile string `env:"NATS_NKEY_SEED_FILE"`
}

// toolConnectWithin is how long a tool waits for the bus: a person sits there.
const toolConnectWithin = 3 * time.Second

// withBus runs a tool with a connection to the bus.
func (t *terminal) withBus(ctx context.Context, address string, do func(context.Context, jetstream.JetStream) error) error {
	var cfg busConfig
	if err := config.Load(t.getenv, &cfg); err != nil {
		return err
	}
	if address != "" {
		cfg.URL = address
	}
	connect, cancel := context.WithTimeout(ctx, toolConnectWithin)
	defer cancel()
	conn, js, err := bus.Connect(connect, bus.ConnectOptions{
		URL: cfg.URL, CredsFile: cfg.Creds, NKeySeedFile: cfg.NKeySeedFile, Service: bus.UserReader,
		Options: []nats.Option{nats.NoCallbacksAfterClientClose()},
	})
	if err != nil && ctx.Err() == nil && connect.Err() != nil {
		return &failure{
			exit: exitFailed, cause: err,
			what: t.say("o barramento não responde em ", "the bus does not answer at ") + withoutUser(cfg.URL),
			next: t.say("inicie com waba dev, ou use --nats com o endereço", "start it with waba dev, or use --nats with its address"),
		}
	}
	if err != nil {
		return &service.OpenError{Part: service.PartBus, Err: err}
	}
	defer conn.Close()
	err = do(ctx, js)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return &failure{
			exit: exitNotFound, cause: err,
			what: t.say("o barramento ainda não tem streams", "the bus has no streams yet"), next: "waba migrate up",
		}
	}
	return err
}

func natsFlag(t *terminal, cmd *cobra.Command) *string {
	return cmd.Flags().String("nats", "", t.say("endereço do barramento (NATS_URL; sem ela, nats://127.0.0.1:4222)", "address of the bus (NATS_URL; without it, nats://127.0.0.1:4222)"))
}

// parseSince reads a duration such as 5m, a time, or "all".
func (t *terminal) parseSince(text string, now time.Time) (since, error) {
	if text == "" {
		return since{}, nil
	}
	if text == "all" {
		return since{all: true}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return since{at: now.Add(-ago)}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return since{at: at}, nil
	}
	return since{}, usagef("%s", fmt.Sprintf(t.say("--since não serve: use 10m, %s ou all", "--since is wrong: use 10m, %s or all"), now.UTC().Format(time.RFC3339)))
}
