package service

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/telemetry"
)

// Config is what every service reads, beside its own.
type Config struct {
	NATSURL          string      `env:"NATS_URL,required" secret:"true" doc:"The bus: nats://host:port, or several separated by commas."`
	NATSCreds        string      `env:"NATS_CREDS" doc:"File with the credentials of this service on the bus."`
	NATSNKeySeedFile string      `env:"NATS_NKEY_SEED_FILE" doc:"File with the NKey seed of this service on the bus, in place of NATS_CREDS."`
	DatabaseURL      seal.Secret `env:"DATABASE_URL,required" doc:"postgres://… in production, or sqlite://path."`
	AdminAddr        config.Addr `env:"ADMIN_ADDR" envDefault:"127.0.0.1:9090" doc:"Where /healthz, /readyz and /metrics listen. Not for the public."`

	Log telemetry.LogConfig
}

// Validate reports every mistake at once. It opens no file and no connection.
func (c Config) Validate() error {
	var errs []error
	for address := range strings.SplitSeq(c.NATSURL, ",") {
		if address = strings.TrimSpace(address); address != "" && !isBusURL(address) {
			errs = append(errs, errors.New("NATS_URL is not nats://host:port, tls://host:port or a list of these"))
			break
		}
	}
	if c.NATSCreds != "" && c.NATSNKeySeedFile != "" {
		errs = append(errs, errors.New("NATS_CREDS and NATS_NKEY_SEED_FILE are both set"))
	}
	if database := c.DatabaseURL.Reveal(); database != "" && !isDatabaseURL(database) {
		errs = append(errs, errors.New("DATABASE_URL is not postgres://… or sqlite://path"))
	}
	return errors.Join(errs...)
}

// StreamConfig is what is to be known to make the streams.
type StreamConfig struct {
	Replicas int `env:"WABA_STREAM_REPLICAS" envDefault:"1" doc:"Replicas of each stream: 1, or 3 in production."`
}

// Validate reports every mistake at once.
func (c StreamConfig) Validate() error {
	switch c.Replicas {
	case 1, 3, 5:
		return nil
	}
	return errors.New("WABA_STREAM_REPLICAS is not 1, 3 or 5")
}

func isBusURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	switch u.Scheme {
	case "nats", "tls", "ws", "wss":
		return true
	}
	return false
}

func isDatabaseURL(text string) bool {
	for _, scheme := range []string{"postgres://", "postgresql://", "sqlite://"} {
		if rest, ok := strings.CutPrefix(text, scheme); ok {
			return rest != ""
		}
	}
	return false
}

// ExitCode is what a process ends with after an error: 0 when there is none, 78
// when its configuration is wrong, else 1.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if _, wrong := errors.AsType[*config.Error](err); wrong {
		return config.ExitCode
	}
	return 1
}

// Report returns what to print of an error: one line for each mistake of a
// configuration, else one line.
func Report(name string, err error) string {
	var out strings.Builder
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(&out, "%s: %s\n", name, line)
	}
	return out.String()
}
