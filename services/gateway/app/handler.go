package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	nometrics "go.opentelemetry.io/otel/metric/noop"
	notraces "go.opentelemetry.io/otel/trace/noop"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/httpapi"
	"github.com/waba-platform/onboarding/services/gateway/internal/intake"
	"github.com/waba-platform/onboarding/services/gateway/internal/rows"
	"github.com/waba-platform/onboarding/services/gateway/internal/webhook"
)

// newHandler puts the API together.
func newHandler(ctx context.Context, cfg Config, deps Deps, draining <-chan struct{}) (http.Handler, error) {
	keys, err := openKeys(cfg, deps)
	if err != nil {
		return nil, err
	}
	history, err := bus.OpenHistory(ctx, deps.JetStream)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	in, err := intake.Open(ctx, deps.JetStream, history, keys.public)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	parts := httpapi.Parts{
		Keys: keys.service,
		States: auth.States{
			Key: keys.signing, Life: cfg.StateTTL, Caller: cfg.StateMode == StateCaller, Dev: cfg.Dev,
		},
		Handles:  auth.Handles{Key: keys.signing},
		Cursors:  keys.signing,
		Gate:     intake.NewGate(deps.JetStream, deps.DB),
		Intake:   in,
		Inbox:    webhook.NewInbox(deps.JetStream, cfg.AppSecret, cfg.AppSecretBefore),
		History:  history,
		Feed:     deps.Feed,
		Logger:   deps.Logger,
		Traces:   notraces.NewTracerProvider(),
		Metrics:  nometrics.NewMeterProvider(),
		Draining: draining,
	}
	if deps.Telemetry != nil {
		parts.Traces, parts.Metrics = deps.Telemetry.TracerProvider(), deps.Telemetry.MeterProvider()
	}
	if deps.DB != nil {
		parts.Rows = &rows.Reader{DB: deps.DB}
	}
	if cfg.ExposeTokens {
		parts.Reveal = deps.RevealToken
	}
	language, _ := errcode.ParseLang(cfg.Lang)
	return httpapi.New(httpapi.Settings{
		PublicURL:  strings.TrimSuffix(cfg.PublicURL, "/"),
		SyncWait:   cfg.SyncWait,
		RetryAfter: cfg.RetryAfter,
		Language:   language,
		ReturnURLs: cfg.ReturnURLs,
		Dev:        cfg.Dev,

		VerifyToken: cfg.VerifyToken,
		Dialog: httpapi.Dialog{
			Base: strings.TrimSuffix(cfg.DialogBase, "/"), Version: cfg.APIVersion, AppID: cfg.AppID,
			Scopes: cfg.Scopes, LoginConfig: cfg.LoginConfig, RedirectURI: cfg.RedirectURI,
		},
	}, parts)
}

// keys are what the configuration's files hold.
type keys struct {
	signing seal.SigningKey
	public  seal.PublicKey
	service *auth.Keys // nil: there is no key file
}

// openKeys reads the files, and reports every mistake at once.
func openKeys(cfg Config, deps Deps) (keys, error) {
	var k keys
	var mistakes []string
	mistaken := func(name string, err error) {
		if err != nil {
			mistakes = append(mistakes, name+": "+err.Error())
		}
	}
	var err error
	if err = cfg.Validate(); err != nil {
		mistakes = append(mistakes, strings.Split(err.Error(), "\n")...)
	}
	if cfg.SigningKeyFile != "" {
		k.signing, err = seal.LoadSigningKey(cfg.SigningKeyFile)
		mistaken("WABA_SIGNING_KEY_FILE", err)
	}
	if cfg.SealKeyFile != "" {
		k.public, err = seal.LoadPublicKey(cfg.SealKeyFile)
		mistaken("WABA_SEAL_PUBLIC_KEY_FILE", err)
	}
	if cfg.APIKeysFile != "" {
		k.service, err = auth.OpenKeys(cfg.APIKeysFile, deps.Logger)
		mistaken("WABA_API_KEYS_FILE", err)
	}
	if cfg.ExposeTokens && deps.RevealToken == nil {
		mistaken("WABA_EXPOSE_META_TOKENS", errors.New("cannot be used here: this gateway cannot open tokens"))
	}
	if len(mistakes) > 0 {
		return keys{}, &config.Error{Mistakes: mistakes}
	}
	return k, nil
}
