package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
)

// LazySyncError says that servers acknowledge what they have not yet synced to
// disk: a power cut loses it.
type LazySyncError struct {
	Servers []string // their names, sorted
}

// Error implements error.
func (e *LazySyncError) Error() string {
	return "bus does not sync each write: " + strings.Join(e.Servers, ", ")
}

// ErrNotSystem says that a user is not one of the server's system account.
var ErrNotSystem = errors.New("bus: the user is not of the system account")

// pingJetStream is answered by each server, to users of the system account.
const pingJetStream = "$SYS.REQ.SERVER.PING.JSZ"

// jetStreamInfo is what a server answers of its JetStream.
type jetStreamInfo struct {
	Server struct {
		Name string `json:"name"`
	} `json:"server"`
	Data struct {
		Disabled bool `json:"disabled"`
		Config   struct {
			SyncAlways bool `json:"sync_always"`
		} `json:"config"`
		Cluster struct {
			Size int `json:"cluster_size"` // 0: the server is alone
		} `json:"meta_cluster"`
	} `json:"data"`
	Error *struct {
		Description string `json:"description"`
	} `json:"error"`
}

// CheckSync asks all servers of the bus, over a connection to its system account,
// whether they sync each write before they acknowledge it. The error is a
// [*LazySyncError] when one does not; it is another one when one does not answer.
func CheckSync(ctx context.Context, system *nats.Conn) (err error) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	inbox := system.NewInbox()
	answers, err := system.SubscribeSync(inbox)
	if err != nil {
		return fmt.Errorf("ask the bus about syncing: %w", err)
	}
	defer func() { err = errors.Join(err, answers.Unsubscribe()) }()
	if err := system.PublishRequest(pingJetStream, inbox, nil); err != nil {
		return fmt.Errorf("ask the bus about syncing: %w", err)
	}
	var lazy []string
	for answered, servers := 0, 1; answered < servers; {
		message, err := answers.NextMsgWithContext(ctx)
		if errors.Is(err, nats.ErrNoResponders) {
			return ErrNotSystem
		}
		if err != nil {
			return fmt.Errorf("ask the bus about syncing: %d of %d servers answered: %w", answered, servers, err)
		}
		var info jetStreamInfo
		if err := json.Unmarshal(message.Data, &info); err != nil {
			return fmt.Errorf("ask the bus about syncing: %w", err)
		}
		switch {
		case info.Error != nil:
			return fmt.Errorf("ask the bus about syncing: server %s: %s", info.Server.Name, info.Error.Description)
		case info.Data.Disabled: // it stores nothing
			continue
		case !info.Data.Config.SyncAlways:
			lazy = append(lazy, info.Server.Name)
		}
		answered++
		servers = max(servers, info.Data.Cluster.Size)
	}
	if lazy != nil {
		slices.Sort(lazy)
		return &LazySyncError{Servers: lazy}
	}
	return nil
}
