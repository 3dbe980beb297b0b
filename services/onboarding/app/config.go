// Package app is the onboarding service: it runs every restaurant's onboarding
// through the state machine, and is the only one that calls Meta.
package app

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// Config is what an operator can set.
type Config struct {
	AppID         string      `env:"FACEBOOK_APP_ID,required" doc:"Our app's id at Meta."`
	AppSecret     seal.Secret `env:"FACEBOOK_APP_SECRET,required" secret:"true" doc:"Our app's secret at Meta."`
	APIVersion    string      `env:"META_API_VERSION" envDefault:"v22.0" doc:"Version of the Graph API."`
	GraphBase     string      `env:"META_GRAPH_API_BASE" envDefault:"https://graph.facebook.com" doc:"The Graph API. https, except on loopback."`
	InsecureGraph string      `env:"WABA_ALLOW_INSECURE_GRAPH" doc:"'test' allows a plain-http Graph API that is not on loopback."`
	Pin           seal.Secret `env:"META_PHONE_REGISTRATION_PIN" secret:"true" doc:"Six digits: this two-step PIN for every number. Unset: a random one per number."`

	Strategies      []string      `env:"WABA_STRATEGIES" envDefault:"client_whatsapp_applications,whatsapp_business_accounts,applications,official_meta_flow" doc:"Creation strategies to try, in order; 'none' tries none."`
	StrategyTimeout time.Duration `env:"WABA_STRATEGY_TIMEOUT" envDefault:"30s" doc:"How long one strategy is tried again after transient errors."`
	PollInterval    time.Duration `env:"WABA_POLL_INTERVAL" envDefault:"3s" doc:"Between two polls."`
	PollMaxAttempts int           `env:"WABA_POLL_MAX_ATTEMPTS" envDefault:"10" doc:"Polls for an account that should show, 1 to 100."`
	PollTimeout     time.Duration `env:"WABA_POLL_TIMEOUT" envDefault:"5m" doc:"All polls together."`
	RetryAfter      time.Duration `env:"WABA_RETRY_AFTER" envDefault:"5m" doc:"After awaiting_waba_creation, before a retry is allowed and comes by itself."`
	KeyringFile     string        `env:"WABA_KEYRING_FILE" doc:"Keys that open what the gateway seals, and that seal tokens at rest. Made by 'waba keys generate'."`
	SealKeyFile     string        `env:"WABA_SEAL_PUBLIC_KEY_FILE" doc:"File with the public key to which codes and tokens are sealed."`
}

// Validate reports every mistake at once.
func (c Config) Validate() error {
	var errs []error
	if err := checkGraph(c.GraphBase, c.InsecureGraph); err != nil {
		errs = append(errs, err)
	}
	if !meta.IsVersion(c.APIVersion) {
		errs = append(errs, fmt.Errorf("META_API_VERSION is not like %s", meta.Versions[0]))
	}
	if pin := c.Pin; !pin.IsZero() && !meta.IsPin(pin) {
		errs = append(errs, errors.New("META_PHONE_REGISTRATION_PIN is not six digits"))
	}
	if c.PollMaxAttempts < 1 || c.PollMaxAttempts > 100 {
		errs = append(errs, fmt.Errorf("WABA_POLL_MAX_ATTEMPTS is %d, not from 1 to 100", c.PollMaxAttempts))
	}
	for name, d := range map[string]time.Duration{
		"WABA_STRATEGY_TIMEOUT": c.StrategyTimeout, "WABA_POLL_INTERVAL": c.PollInterval,
		"WABA_POLL_TIMEOUT": c.PollTimeout, "WABA_RETRY_AFTER": c.RetryAfter,
	} {
		if d <= 0 {
			errs = append(errs, fmt.Errorf("%s is %s, not more than 0", name, d))
		}
	}
	if _, err := c.strategies(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Warnings returns what works, but should be changed, in words for a person.
func (c Config) Warnings(now time.Time, lang errcode.Lang) []string {
	say := func(pt, en string) string {
		if lang == errcode.English {
			return en
		}
		return pt
	}
	var warnings []string
	if !c.Pin.IsZero() {
		warnings = append(warnings, say("META_PHONE_REGISTRATION_PIN é um só PIN para todos os números: quem o descobre pode tomar qualquer um deles",
			"META_PHONE_REGISTRATION_PIN is one PIN for every number: who learns it can take any of them"))
	}
	switch state, end := meta.VersionAt(c.APIVersion, now); {
	case !end.IsZero():
		verb := say("termina", "ends")
		if state == meta.VersionEnded {
			verb = say("terminou", "ended")
		}
		warnings = append(warnings, fmt.Sprintf(say("META_API_VERSION %s %s em %s", "META_API_VERSION %s %s on %s"), c.APIVersion, verb, end.Format(time.DateOnly)))
	case state == meta.VersionUnknown && c.APIVersion != "":
		warnings = append(warnings, fmt.Sprintf(say("META_API_VERSION %s não é conhecida por esta versão do programa, que foi escrita para %s a %s",
			"META_API_VERSION %s is not known to this program, which was written for %s to %s"), c.APIVersion, meta.Versions[0], meta.Versions[len(meta.Versions)-1]))
	}
	if c.InsecureGraph == "test" {
		warnings = append(warnings, say("WABA_ALLOW_INSECURE_GRAPH=test: tokens podem viajar sem criptografia",
			"WABA_ALLOW_INSECURE_GRAPH=test: tokens may travel unencrypted"))
	}
	return warnings
}

// manualURL is where a person makes an account by hand.
const manualURL = "https://business.facebook.com/settings/whatsapp-business-accounts"

func (c Config) policy() machine.Policy {
	strategies, _ := c.strategies() // validated
	return machine.Policy{
		Strategies:      strategies,
		StrategyTimeout: c.StrategyTimeout,
		PollInterval:    c.PollInterval,
		PollMaxAttempts: c.PollMaxAttempts,
		PollTimeout:     c.PollTimeout,
		RetryAfter:      c.RetryAfter,
		Limits:          machine.UsualLimitWaits,
		Edition:         machine.PresentEdition,
		ManualURL:       manualURL,
	}
}

func (c Config) strategies() ([]event.Strategy, error) {
	known := []event.Strategy{event.StrategyClient, event.StrategyAccounts, event.StrategyApps, event.StrategyOfficial}
	var strategies []event.Strategy
	for _, name := range c.Strategies {
		strategy := event.Strategy(strings.TrimSpace(name))
		switch {
		case strategy == "none" && len(c.Strategies) == 1:
			return nil, nil
		case !slices.Contains(known, strategy):
			return nil, fmt.Errorf("WABA_STRATEGIES has an unknown strategy; known are %v, or 'none' alone", known)
		case slices.Contains(strategies, strategy):
			return nil, fmt.Errorf("WABA_STRATEGIES has %s twice", strategy)
		}
		strategies = append(strategies, strategy)
	}
	return strategies, nil
}

// checkGraph checks where the Graph API is. insecure is WABA_ALLOW_INSECURE_GRAPH.
func checkGraph(graph, insecure string) error {
	base, err := url.Parse(graph)
	switch {
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return errors.New("META_GRAPH_API_BASE is no plain URL")
	case base.Scheme == "https":
		return nil
	case base.Scheme != "http":
		return errors.New("META_GRAPH_API_BASE is not https")
	case isLoopback(base.Hostname()), insecure == "test":
		return nil
	}
	return errors.New("META_GRAPH_API_BASE is not https, and not on loopback; a test network sets WABA_ALLOW_INSECURE_GRAPH=test")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
