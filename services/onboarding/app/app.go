package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/effect"
	"github.com/waba-platform/onboarding/services/onboarding/internal/engine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
	"github.com/waba-platform/onboarding/services/onboarding/internal/notice"
	"github.com/waba-platform/onboarding/services/onboarding/internal/vault"
)

// Deps is what the process gives to the service. The service closes none of it.
// Spans and metrics go to OpenTelemetry's global providers.
type Deps struct {
	JetStream jetstream.JetStream
	DB        *bun.DB
	Keyring   *seal.Keyring
	Logger    *slog.Logger

	// GiveUp ends the drain early when it is closed: a call at Meta is cut then, and
	// its step is resumed by the next process. Nil: the drain takes ten seconds.
	GiveUp <-chan struct{}
}

// Limits of one piece of work. A claim outlives the call that it stands for, and
// a handler outlives both.
const (
	callTimeout = 10 * time.Second
	claimLife   = 30 * time.Second
	stepLimit   = 90 * time.Second // a search makes many calls
	stepTimeout = 2 * time.Minute
)

// Run works until ctx ends, then lets the steps in hand finish. What it does not
// finish is done by the next process: a message is acknowledged only after its
// decision is durable.
func Run(ctx context.Context, cfg Config, deps Deps) error {
	graph, err := meta.New(meta.Config{
		Base: cfg.GraphBase, Version: cfg.APIVersion, AppID: meta.AppID(cfg.AppID), AppSecret: cfg.AppSecret,
		CallTimeout: callTimeout, AllowInsecure: cfg.InsecureGraph == "test", Logger: deps.Logger,
	})
	if err != nil {
		return err
	}
	defer graph.Close()
	history, err := bus.OpenHistory(ctx, deps.JetStream)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	secrets, err := bus.OpenSecrets(ctx, deps.JetStream)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	store := vault.New(deps.DB, deps.Keyring, time.Now).Remembering()
	notices := notice.NewRouter(deps.JetStream, history, store, deps.DB, time.Now, deps.Logger)
	performer := &effect.Performer{
		Graph:   graph,
		Vault:   store,
		Secrets: secrets,
		Keyring: deps.Keyring,
		AppID:   cfg.AppID,
		Pin:     cfg.Pin,
		Limit:   claimLife,

		StepLimit: stepLimit,
		Now:       time.Now,
	}
	onboarding := engine.New(deps.JetStream, history, joining{performer, notices}, cfg.policy(), time.Now, deps.Logger)
	router, err := bus.NewRouter(deps.JetStream, bus.RouterConfig{
		Timeout: stepTimeout, Logger: deps.Logger, Subscriber: bus.SubscriberConfig{GiveUp: deps.GiveUp},
	})
	if err != nil {
		return err
	}
	for _, consumer := range bus.Consumers() {
		if consumer.Service != "onboarding" {
			continue
		}
		if consumer.Stream == bus.Webhooks {
			bus.HandleRaw(router, consumer.Topic(), consumer.Topic(), notices.Handle)
		} else {
			bus.Handle(router, consumer.Topic(), consumer.Topic(), func(ctx context.Context, bell bus.Message) error {
				if !consumer.Answers(bell) {
					return nil
				}
				return onboarding.Handle(ctx, bell)
			})
		}
	}
	if err := router.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("onboarding: %w", err)
	}
	return nil
}

// joining is a performer after which a restaurant is told what Meta has sent before it
// could be found.
type joining struct {
	*effect.Performer
	notices *notice.Router
}

// Reflect implements [engine.Performer].
func (j joining) Reflect(ctx context.Context, s machine.State) error {
	if err := j.Performer.Reflect(ctx, s); err != nil {
		return err
	}
	return j.notices.Join(ctx, s.RestaurantID, notice.Identity{Waba: cmp.Or(s.WabaID, s.Made), Business: s.BusinessID, Phone: s.PhoneNumberID})
}

// unlessStopped returns the error, or nil when it is only that of being stopped.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}
