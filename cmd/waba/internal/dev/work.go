package dev

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/service"
	"github.com/waba-platform/onboarding/pkg/telemetry"
	auditlog "github.com/waba-platform/onboarding/services/auditlog/app"
	gateway "github.com/waba-platform/onboarding/services/gateway/app"
	onboarding "github.com/waba-platform/onboarding/services/onboarding/app"
)

// How long each part may take to stop; together no more than stopWithin. The gateway
// answers who waits at once, so that what it does not need is onboarding's: a call at
// Meta may be under way, which is cut in the end.
const (
	gatewayDrain    = 4 * time.Second
	auditlogCatchUp = 500 * time.Millisecond
	auditlogDrain   = 500 * time.Millisecond
	endpointDrain   = 250 * time.Millisecond
	cutWithin       = 500 * time.Millisecond

	onboardingUntil = stopWithin - auditlogCatchUp - auditlogDrain - endpointDrain - cutWithin // since the stop began
)

// work runs the services until ctx ends or one of them does.
func (p *process) work(ctx context.Context, ready func(Ready)) (err error) {
	ended := make(chan *running, 8)
	var services []*running // in the order in which they stop
	defer func() { err = errors.Join(err, p.stop(ctx, services)) }()

	for _, part := range []struct {
		name string
		run  func(context.Context) (func(context.Context) error, error)
	}{
		{"simulator", p.simulator},
		{bus.UserAuditlog, p.auditlog},
		{bus.UserOnboarding, p.onboarding},
		{bus.UserGateway, p.gateway},
		{"admin", p.admin},
	} {
		run, err := part.run(ctx)
		if err != nil {
			return err
		}
		if run != nil {
			services = append([]*running{start(ctx, part.name, run, ended)}, services...)
		}
	}
	answers := make(chan error, 1)
	go func() { answers <- p.answers(ctx) }()
	for {
		select {
		case <-ctx.Done():
			if p.options.Stopping != nil {
				p.options.Stopping()
			}
			return nil
		case service := <-ended:
			return service.failure()
		case err := <-answers:
			if err != nil {
				return err
			}
			if err := p.announce(ready); err != nil {
				return err
			}
			answers = nil
		}
	}
}

// stop stops the services in order; each has its time, and all together have
// stopWithin.
func (p *process) stop(ctx context.Context, services []*running) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	began := time.Now()
	cut := time.AfterFunc(onboardingUntil, func() { close(p.giveUp) })
	defer cut.Stop()
	errs := []error{removeReady(p.options.ReadyFile)}
	for _, s := range services {
		patience := endpointDrain + 100*time.Millisecond
		switch s.name {
		case bus.UserGateway:
			patience = gatewayDrain
		case bus.UserOnboarding:
			patience = onboardingUntil + cutWithin - time.Since(began)
		case bus.UserAuditlog:
			p.catchUp(ctx)
			patience = auditlogDrain
		}
		errs = append(errs, s.stop(patience))
		if s.name == bus.UserOnboarding {
			p.unfinished = !cut.Stop()
		}
	}
	return errors.Join(errs...)
}

// catchUp gives the audit log a moment to write what was decided last. What it
// does not reach waits on the bus for the next start.
func (p *process) catchUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, auditlogCatchUp)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		if done, err := caughtUp(ctx, p.owner, bus.UserAuditlog); done || err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

func (p *process) simulator(context.Context) (func(context.Context) error, error) {
	if p.meta == nil {
		return nil, nil
	}
	return func(ctx context.Context) error {
		return service.ServeHTTP(ctx, p.listeners.simulator, p.meta, endpointDrain)
	}, nil
}

func (p *process) auditlog(ctx context.Context) (func(context.Context) error, error) {
	js, err := p.broker.connect(ctx, bus.UserAuditlog)
	if err != nil {
		return nil, err
	}
	if err := p.rebuild(ctx); err != nil {
		return nil, err
	}
	deps := auditlog.Deps{JetStream: js, DB: p.db, Logger: p.logger.With("service", bus.UserAuditlog), Gap: &p.gap}
	return func(ctx context.Context) error { return auditlog.Run(ctx, p.cfg.auditlog, deps) }, nil
}

// rebuild has the rows written again that the database has lost. A bus elsewhere may
// have another audit log, with another database: there it is for a person to say.
func (p *process) rebuild(ctx context.Context) (err error) {
	if p.broker.server == nil {
		return nil
	}
	if p.missing, err = auditlog.Missing(ctx, p.owner, p.db); err != nil || p.missing == 0 {
		return err
	}
	return auditlog.Rewind(ctx, p.owner)
}

func (p *process) onboarding(ctx context.Context) (func(context.Context) error, error) {
	js, err := p.broker.connect(ctx, bus.UserOnboarding)
	if err != nil {
		return nil, err
	}
	deps := onboarding.Deps{
		JetStream: js, DB: p.db, Keyring: p.keyring, Logger: p.logger.With("service", bus.UserOnboarding), GiveUp: p.giveUp,
	}
	return func(ctx context.Context) error { return onboarding.Run(ctx, p.cfg.onboarding, deps) }, nil
}

func (p *process) gateway(ctx context.Context) (func(context.Context) error, error) {
	js, err := p.broker.connect(ctx, bus.UserGateway)
	if err != nil {
		return nil, err
	}
	deps := gateway.Deps{
		JetStream: js, DB: p.db, Listener: p.listeners.http,
		Logger: p.logger.With("service", bus.UserGateway), Telemetry: p.telemetry,
	}
	return func(ctx context.Context) error { return gateway.Run(ctx, p.cfg.gateway, deps) }, nil
}

func (p *process) admin(context.Context) (func(context.Context) error, error) {
	handler := p.telemetry.Admin(append([]telemetry.Check{
		service.BusCheck(p.owner),
		service.DatabaseCheck(p.db),
		{Name: "gateway", Run: func(ctx context.Context) error { return answersAt(ctx, p.at.HTTP) }},
		onboarding.CheckVersion(p.cfg.onboarding, time.Now),
	}, auditlog.Checks(auditlog.Deps{JetStream: p.owner, Gap: &p.gap})...)...)
	return func(ctx context.Context) error {
		return service.ServeHTTP(ctx, p.listeners.admin, handler, endpointDrain)
	}, nil
}

// answers waits until everything that listens answers.
func (p *process) answers(ctx context.Context) error {
	for _, address := range []string{p.at.HTTP, p.at.Admin + "/healthz"} {
		if err := answersAt(ctx, address); err != nil {
			return err
		}
	}
	if p.at.Simulator == "" {
		return nil
	}
	return answersAt(ctx, p.at.Simulator+"/_simulator/state") // which stands in no ledger
}

// asking is a client that leaves no connection behind.
var asking = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

// answersAt says whether an address answers, whatever it answers. The listener is
// open already: who asks too early is kept waiting, not refused.
func answersAt(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	answer, err := asking.Do(request)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	return answer.Body.Close()
}

// announce says that everything answers.
func (p *process) announce(ready func(Ready)) error {
	path, _ := strings.CutPrefix(p.cfg.process.DatabaseURL.Reveal(), "sqlite://")
	r := Ready{
		Addresses:    p.at,
		Database:     path,
		DatabaseKind: "SQLite",
		Open:         p.cfg.gateway.Dev,
		Embedded:     p.broker.server != nil,
		Missing:      p.missing,
		Warnings:     p.cfg.onboarding.Warnings(time.Now(), p.options.Lang),
	}
	if database.KindOf(p.db) == database.PostgreSQL {
		r.DatabaseKind, r.Database = "PostgreSQL", withoutUser(path)
	}
	if p.options.ReadyFile != "" {
		if err := p.at.write(p.options.ReadyFile); err != nil {
			return err
		}
	}
	ready(r)
	return nil
}
