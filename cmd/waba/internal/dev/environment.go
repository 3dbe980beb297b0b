package dev

import (
	"net/url"
	"strings"

	"github.com/waba-platform/onboarding/cmd/waba/internal/keys"
	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/service"
	auditlog "github.com/waba-platform/onboarding/services/auditlog/app"
	gateway "github.com/waba-platform/onboarding/services/gateway/app"
	onboarding "github.com/waba-platform/onboarding/services/onboarding/app"
)

// Config is what the environment says about the one process alone.
type Config struct {
	LazySync bool `env:"WABA_ALLOW_LAZY_SYNC" envDefault:"false" doc:"The embedded NATS server does not sync each write, and waba migrate takes one that does not: faster, and a power cut loses what it has acknowledged."`
}

// configs are those of the process and of the services in it.
type configs struct {
	dev        Config
	process    service.Config
	streams    service.StreamConfig
	gateway    gateway.Config
	onboarding onboarding.Config
	auditlog   auditlog.Config
}

// load reads the configuration of everything: what the flags and the environment
// set, else what works here. Callers on loopback need no credential unless one is
// configured.
func load(o Options, at Addresses, f folder, files keys.Files) (configs, error) {
	var c configs
	c.gateway.Dev = o.Getenv("WABA_API_KEYS_FILE") == "" && o.Getenv("WABA_OIDC_ISSUER") == ""
	getenv := config.Overlay(override(o), defaults(o, at, f, files))
	return c, config.Load(getenv, &c.dev, &c.process, &c.streams, &c.gateway, &c.onboarding, &c.auditlog)
}

// override returns a getenv in which the flags stand above the environment.
func override(o Options) func(string) string {
	flags := map[string]string{"HTTP_ADDR": string(o.HTTP), "ADMIN_ADDR": string(o.Admin)}
	if o.Graph != "" {
		flags["META_GRAPH_API_BASE"] = o.Graph
	}
	return func(name string) string {
		if value, set := flags[name]; set {
			return value
		}
		return o.Getenv(name)
	}
}

// defaults is what works with what runs here.
func defaults(o Options, at Addresses, f folder, files keys.Files) map[string]string {
	values := map[string]string{
		"API_BASE_URL":              at.HTTP,
		"DATABASE_URL":              "sqlite://" + f.database(),
		"NATS_URL":                  "nats://" + string(o.NATS),
		"WABA_KEYRING_FILE":         files.Keyring,
		"WABA_SEAL_PUBLIC_KEY_FILE": files.SealPublic,
		"WABA_SIGNING_KEY_FILE":     files.Signing,
		"WABA_LOG_FORMAT":           "text",
		"WABA_LOG_LEVEL":            "warn",
	}
	if graph := simulated(o, at); graph != "" {
		values["META_GRAPH_API_BASE"] = graph
		values["META_OAUTH_DIALOG_BASE"] = graph
		values["FACEBOOK_APP_ID"] = metasim.DefaultAppID
		values["FACEBOOK_APP_SECRET"] = metasim.DefaultAppSecret
		values["WHATSAPP_VERIFY_TOKEN"] = metasim.DefaultVerifyToken
	}
	return values
}

// elsewhere says whether the bus is one that runs elsewhere.
func (o Options) elsewhere() bool {
	return o.Getenv("NATS_URL") != "" || o.Getenv("NATS_URL_FILE") != ""
}

// simulated returns the address of the simulated Meta: our own, or one that runs
// apart on loopback; empty for Meta itself.
func simulated(o Options, at Addresses) string {
	if at.Simulator != "" {
		return at.Simulator
	}
	graph, err := url.Parse(o.graph())
	if err != nil || graph.Host == "" || !isLoopback(graph.Hostname()) {
		return ""
	}
	return o.graph()
}

// withoutUser returns the addresses of a list without users and passwords.
func withoutUser(list string) string {
	var shown []string
	for address := range strings.SplitSeq(list, ",") {
		if u, err := url.Parse(strings.TrimSpace(address)); err == nil {
			u.User = nil
			shown = append(shown, u.String())
		}
	}
	return strings.Join(shown, ",")
}
