package meta

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/waba-platform/onboarding/pkg/seal"
)

// AppID names an app at Meta.
type AppID string

// DefaultCallTimeout is how long one request and its answer may take.
const DefaultCallTimeout = 15 * time.Second

// Config is what a [Client] needs. Base, Version, AppID and AppSecret are required.
type Config struct {
	Base        string        // as in "https://graph.facebook.com"; http on loopback only
	Version     string        // as in "v22.0"
	AppID       AppID         // ours
	AppSecret   seal.Secret   // ours
	CallTimeout time.Duration // of one request with its answer; 0: DefaultCallTimeout

	// AllowInsecure admits plain http and private addresses off loopback: for a
	// simulator on another machine, never for Meta.
	AllowInsecure bool

	Now     func() time.Time     // nil: time.Now; limits end by it
	Logger  *slog.Logger         // nil: discard
	Tracers trace.TracerProvider // nil: the global one
	Meters  metric.MeterProvider // nil: the global one
}

var version = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)

// withDefaults fills in what may be left out.
func (c Config) withDefaults() Config {
	c.CallTimeout = cmp.Or(c.CallTimeout, DefaultCallTimeout)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Tracers == nil {
		c.Tracers = otel.GetTracerProvider()
	}
	if c.Meters == nil {
		c.Meters = otel.GetMeterProvider()
	}
	return c
}

// validate reports every mistake at once and quotes no value.
func (c Config) validate() error {
	var errs []error
	if !version.MatchString(c.Version) {
		errs = append(errs, errors.New("version is not like v22.0"))
	}
	if c.AppID == "" {
		errs = append(errs, errors.New("app id is empty"))
	}
	if c.AppSecret.Reveal() == "" {
		errs = append(errs, errors.New("app secret is empty"))
	}
	if c.CallTimeout < 0 {
		errs = append(errs, errors.New("call timeout is negative"))
	}
	return errors.Join(errs...)
}

// parseBase accepts an address of the Graph API and says where it may be dialled.
func parseBase(text string, allowInsecure bool) (*url.URL, reach, error) {
	base, err := url.Parse(text)
	switch {
	case err != nil: // its text repeats the value
		return nil, 0, errors.New("base is no URL")
	case base.Scheme != "https" && base.Scheme != "http":
		return nil, 0, errors.New("base is neither https nor http")
	case base.Hostname() == "":
		return nil, 0, errors.New("base has no host")
	case base.User != nil:
		return nil, 0, errors.New("base has user information")
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, 0, errors.New("base has a query or a fragment")
	}
	reach := reachOf(base.Hostname())
	switch {
	case allowInsecure:
		return base, reachAnywhere, nil
	case base.Scheme == "http" && reach != reachLoopback:
		return nil, 0, errors.New("base is plain http and not on loopback")
	}
	if addr, err := netip.ParseAddr(base.Hostname()); err == nil && !reach.allows(addr) {
		return nil, 0, fmt.Errorf("base: %w", errForbiddenAddress)
	}
	return base, reach, nil
}
