package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ConnectOptions say where the bus is and who connects.
type ConnectOptions struct {
	URL          string // one server, or several with commas; empty: one in this process, from Options
	CredsFile    string // user's JWT and seed
	NKeySeedFile string
	Service      string        // user of [Users]; names the connection and its inbox
	Logger       *slog.Logger  // nil: nothing is logged
	Options      []nats.Option // applied last
}

// ErrURL says that the URL of the bus is wrong in itself. It is never quoted: it may
// hold a password.
var ErrURL = errors.New("not a list of nats://host:port")

// requestWait is how long the bus may take to answer where no context ends sooner.
const requestWait = 5 * time.Second

// InboxPrefix returns the subject prefix under which a service is answered. Its
// user can listen nowhere else.
func InboxPrefix(service string) string { return "_INBOX_" + service }

// Connect connects to the bus, and waits for it until ctx ends: services and bus
// may start in any order. What waiting does not mend, such as a wrong password or
// a missing file, is an error at once. No error and no line of the log has a
// credential in it.
//
// A lost connection is sought again for ever. Meanwhile every publish fails at
// once instead of being kept for later, so that nobody is told that something
// failed which is then done.
func Connect(ctx context.Context, options ConnectOptions) (*nats.Conn, jetstream.JetStream, error) {
	logger := options.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	servers, shown, err := parseServers(options)
	if err != nil {
		return nil, nil, err
	}
	logger = logger.With("bus", shown)
	settings, err := connectionOptions(ctx, options, logger)
	if err != nil {
		return nil, nil, err
	}
	conn, err := dial(ctx, servers, shown, settings, logger)
	if err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(requestWait))
	if err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("connect to bus: %w", err)
	}
	return conn, js, nil
}

// dial tries until there is a connection, ctx ends, or trying again is vain.
func dial(ctx context.Context, servers, shown string, settings []nats.Option, logger *slog.Logger) (*nats.Conn, error) {
	for attempt := uint64(1); ; attempt++ {
		conn, err := nats.Connect(servers, settings...)
		if err == nil {
			return conn, nil
		}
		for _, vain := range []error{nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrSecureConnRequired, nats.ErrSecureConnWanted, nats.ErrNkeysNotSupported} {
			if errors.Is(err, vain) {
				return nil, fmt.Errorf("connect to bus at %s: %w", shown, err)
			}
		}
		wait := min(Backoff(attempt), 5*time.Second)
		logger.WarnContext(ctx, "bus is not there", "attempt", attempt, "again_after", wait, "error", err)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("connect to bus at %s: %w: %w", shown, context.Cause(ctx), err)
		case <-time.After(wait):
		}
	}
}

// connectionOptions returns what the library is told about the connection.
func connectionOptions(ctx context.Context, options ConnectOptions, logger *slog.Logger) ([]nats.Option, error) {
	settings := []nats.Option{
		nats.Name(options.Service),
		nats.CustomInboxPrefix(InboxPrefix(options.Service)),
		nats.Timeout(requestWait),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(250*time.Millisecond, time.Second),
		nats.IgnoreAuthErrorAbort(), // a credential may be put right while we run
		nats.ReconnectBufSize(-1),
		nats.PingInterval(10 * time.Second), // a half-open connection is noticed in half a minute
		nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			logger.WarnContext(ctx, "connection to the bus is lost", "error", err)
		}),
		nats.ReconnectHandler(func(conn *nats.Conn) {
			logger.InfoContext(ctx, "connection to the bus is back", "reconnects", conn.Stats().Reconnects)
		}),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			subject := ""
			if sub != nil {
				subject = sub.Subject
			}
			logger.ErrorContext(ctx, "bus refused or dropped something", "subject", subject, "error", err)
		}),
	}
	if options.CredsFile != "" {
		if _, err := os.Stat(options.CredsFile); err != nil {
			return nil, fmt.Errorf("NATS credentials: %w", err)
		}
		settings = append(settings, nats.UserCredentials(options.CredsFile))
	}
	if options.NKeySeedFile != "" {
		seed, err := nats.NkeyOptionFromSeed(options.NKeySeedFile)
		if err != nil {
			return nil, fmt.Errorf("NATS nkey seed: %w", err)
		}
		settings = append(settings, seed)
	}
	return append(settings, options.Options...), nil
}

// parseServers returns the servers for the library, and how they may be shown:
// without user and password.
func parseServers(options ConnectOptions) (servers, shown string, err error) {
	if options.URL == "" {
		if len(options.Options) == 0 {
			return "", "", errors.New("connect to bus: no URL")
		}
		return "", "this process", nil
	}
	var hosts []string
	for i, entry := range strings.Split(options.URL, ",") {
		entry = strings.TrimSpace(entry)
		if !strings.Contains(entry, "://") {
			entry = "nats://" + entry
		}
		parsed, err := url.Parse(entry) // its error quotes the URL
		if err != nil || parsed.Hostname() == "" {
			return "", "", fmt.Errorf("connect to bus: URL %d: %w", i+1, ErrURL)
		}
		switch parsed.Scheme {
		case "nats", "tls", "ws", "wss":
		default:
			return "", "", fmt.Errorf("connect to bus: scheme of URL %d is none of nats, tls, ws, wss: %w", i+1, ErrURL)
		}
		hosts = append(hosts, parsed.Host)
	}
	return options.URL, strings.Join(hosts, ","), nil
}
