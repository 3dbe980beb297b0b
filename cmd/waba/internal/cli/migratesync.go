package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// syncConfig says how the bus is asked whether it syncs each write.
type syncConfig struct {
	SysCreds seal.Secret `env:"NATS_SYS_CREDS" doc:"A user of the bus's system account: a file of credentials, or nats://user:password@host:port. Set: a bus that does not sync each write is refused."`
}

// checkSync refuses a bus that does not sync each write, or warns of it where that
// is allowed. Without a connection to the system account it asks nothing.
func (t *terminal) checkSync(ctx context.Context, at targets) error {
	if at.system == nil {
		return nil
	}
	err := bus.CheckSync(ctx, at.system)
	lazy, ok := errors.AsType[*bus.LazySyncError](err)
	if !ok {
		return err
	}
	what := fmt.Sprintf(t.say("o NATS confirma antes de gravar no disco (%s): uma queda de energia perde o que ele confirmou",
		"NATS acknowledges before it syncs to disk (%s): a power cut loses what it has acknowledged"), strings.Join(lazy.Servers, ", "))
	if at.lazySync {
		_, err := fmt.Fprintln(t.err, t.say("aviso:", "warning:"), what)
		return err
	}
	return &failure{
		exit: exitFailed, cause: err, what: what,
		next: t.say("defina sync_interval: always no servidor, ou WABA_ALLOW_LAZY_SYNC=true", "set sync_interval: always in the server, or WABA_ALLOW_LAZY_SYNC=true"),
	}
}

// connectSystem connects as a user of the bus's system account, if there is one.
func (c migrateConfig) connectSystem(ctx context.Context) (*nats.Conn, error) {
	if c.Sync.SysCreds.IsZero() {
		return nil, nil //nolint:nilnil // there need be none
	}
	options := bus.ConnectOptions{
		Service: "migrate-system",
		Options: []nats.Option{nats.NoCallbacksAfterClientClose(), anyInbox()},
	}
	if where := c.Sync.SysCreds.Reveal(); strings.Contains(where, "://") {
		options.URL = where
	} else {
		if _, err := os.Stat(where); err != nil {
			return nil, &config.Error{Mistakes: []string{"NATS_SYS_CREDS is neither nats://user:password@host:port nor a file that can be read"}}
		}
		options.URL, options.CredsFile = withoutPassword(c.NATSURL), where
	}
	conn, _, err := bus.Connect(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("NATS_SYS_CREDS: %w", err)
	}
	return conn, nil
}

// anonymous says that nothing tells the bus who connects. It may let such a user
// read, as that of waba dev does.
func (c migrateConfig) anonymous() bool {
	return c.NATSCreds == "" && c.NATSNKeySeedFile == "" && c.NATSURL == withoutPassword(c.NATSURL)
}

// anyInbox is for users who are not ours: answers come to where everybody else's do.
func anyInbox() nats.Option { return nats.CustomInboxPrefix("_INBOX") }

// withoutPassword returns the servers of a list without the user who connects to
// them: another one will.
func withoutPassword(list string) string {
	var servers []string
	for server := range strings.SplitSeq(list, ",") {
		if u, err := url.Parse(strings.TrimSpace(server)); err == nil {
			u.User = nil
			server = u.String()
		}
		servers = append(servers, server)
	}
	return strings.Join(servers, ",")
}
