package meta

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/waba-platform/onboarding/pkg/seal"
)

// Client calls the Graph API for one app. Make one with [New].
type Client struct {
	root      *url.URL // base and version
	version   string
	appID     AppID
	appSecret seal.Secret
	timeout   time.Duration

	pooled *http.Transport
	single *http.Transport // a connection for each call: what must not be sent twice

	logger    *slog.Logger
	tracer    trace.Tracer
	durations metric.Float64Histogram
	usage     metric.Int64Gauge
	reached   metric.Int64Counter
	kept      metric.Int64Counter
	limits    *limits
	otherSeen atomic.Bool // a version that is not ours was seen, and said once
}

// New returns a client. It does not call Meta. No error of it quotes a value.
func New(config Config) (*Client, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("meta: %w", err)
	}
	base, reach, err := parseBase(config.Base, config.AllowInsecure)
	if err != nil {
		return nil, fmt.Errorf("meta: %w", err)
	}
	c := &Client{
		root:      base.JoinPath(config.Version),
		version:   config.Version,
		appID:     config.AppID,
		appSecret: config.AppSecret,
		timeout:   config.CallTimeout,
		pooled:    newTransport(reach, true),
		single:    newTransport(reach, false),
		logger:    config.Logger,
		limits:    newLimits(config.Now),
		tracer:    config.Tracers.Tracer(scope),
	}
	if err := c.instruments(config.Meters.Meter(scope)); err != nil {
		return nil, fmt.Errorf("meta: %w", err)
	}
	return c, nil
}

// Close closes the connections that wait for the next call. Calls under way end
// by themselves.
func (c *Client) Close() {
	c.pooled.CloseIdleConnections()
	c.single.CloseIdleConnections()
}

// AppToken returns the token that speaks for the app itself.
func (c *Client) AppToken() seal.Secret {
	return seal.NewSecret(string(c.appID) + "|" + c.appSecret.Reveal())
}

// proof returns the appsecret_proof of a token: that who has it is our server.
func (c *Client) proof(token seal.Secret) string {
	mac := hmac.New(sha256.New, []byte(c.appSecret.Reveal()))
	mac.Write([]byte(token.Reveal()))
	return hex.EncodeToString(mac.Sum(nil))
}
