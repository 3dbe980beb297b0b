package app

import (
	"context"

	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
	"github.com/waba-platform/onboarding/services/onboarding/internal/rehearse"
)

// RehearsalConfig is what a rehearsal reads: the part of [Config] that is about
// Meta, and a token.
type RehearsalConfig struct {
	AppID         string      `env:"FACEBOOK_APP_ID,required" doc:"Our app's id at Meta."`
	AppSecret     seal.Secret `env:"FACEBOOK_APP_SECRET,required" secret:"true" doc:"Our app's secret at Meta."`
	APIVersion    string      `env:"META_API_VERSION" envDefault:"v22.0" doc:"Version of the Graph API."`
	GraphBase     string      `env:"META_GRAPH_API_BASE" envDefault:"https://graph.facebook.com" doc:"The Graph API. https, except on loopback."`
	InsecureGraph string      `env:"WABA_ALLOW_INSECURE_GRAPH" doc:"'test' allows a plain-http Graph API that is not on loopback."`
	Token         seal.Secret `env:"WABA_REHEARSE_TOKEN" secret:"true" doc:"Token of a test business with which 'waba rehearse' asks Meta. Unset: only what the app may ask is asked."`
}

// Validate implements [config.Validator].
func (c RehearsalConfig) Validate() error { return checkGraph(c.GraphBase, c.InsecureGraph) }

type (
	// Rehearsal is what a rehearsal reports.
	Rehearsal = rehearse.Report
	// RehearsalVerdict says how an answer compares with a belief.
	RehearsalVerdict = rehearse.Verdict
	// RehearsalReason says why something stays unknown.
	RehearsalReason = rehearse.Reason
)

// The verdicts of a rehearsal, and the beliefs without which the others say little.
const (
	RehearsalAgrees  = rehearse.Agrees
	RehearsalDiffers = rehearse.Differs
	RehearsalUnknown = rehearse.Unknown

	RehearsalAppCredentials = rehearse.AppCredentials
	RehearsalTokenValid     = rehearse.TokenValid
	RehearsalTokenOurs      = rehearse.TokenOurs

	RehearsalNotAccepted = rehearse.NotAccepted
)

// Rehearse asks Meta what our tables believe of it, and compares. It reads only,
// unless write is set: then it also asks for accounts to be made, which is believed
// to be refused, and subscribes the app to the webhooks of the token's account. The
// report holds no secret. When ctx ends, what was not asked yet stays unknown.
func Rehearse(ctx context.Context, cfg RehearsalConfig, write bool) (Rehearsal, error) {
	return rehearse.Run(ctx, rehearse.Options{
		Graph: meta.Config{
			Base: cfg.GraphBase, Version: cfg.APIVersion, AppID: meta.AppID(cfg.AppID), AppSecret: cfg.AppSecret,
			CallTimeout: callTimeout, AllowInsecure: cfg.InsecureGraph == "test",
		},
		Token: cfg.Token,
		Write: write,
	})
}
