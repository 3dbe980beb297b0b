package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/database/postgresproc"
	"github.com/waba-platform/onboarding/test/wabatest"
)

// topology is the compose file as processes: a NATS server with the configuration
// of production, PostgreSQL, and two of each service.
type topology struct {
	env      []string // of every service
	nats     string   // host:port
	gateways []string
	admins   []string
	key      map[string]string // header with a service key
	services []*wabatest.Process
}

func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

func password(user string) string { return "Pw" + user + "1" }

func (c *topology) natsURL(user string) string {
	return fmt.Sprintf("NATS_URL=nats://%s:%s@%s", user, password(user), c.nats)
}

// startNATS runs the real server with the file that production uses; only where
// it listens and stores is another.
func (c *topology) startNATS(t *testing.T) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(wabatest.Root(), "deploy", "nats", "nats-server.conf"))
	require.NoError(t, err)
	c.nats = freeAddr(t)
	text := strings.NewReplacer(
		"store_dir: /data", fmt.Sprintf("store_dir: %q", t.TempDir()),
		`listen: "0.0.0.0:4222"`, fmt.Sprintf("listen: %q", c.nats),
		`http: "127.0.0.1:8222"`, fmt.Sprintf("http: %q", freeAddr(t)),
	).Replace(string(body))
	file := filepath.Join(t.TempDir(), "nats-server.conf")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	var env []string
	for _, user := range append(bus.Users(), bus.User{Name: "sys"}) {
		env = append(env, "NATS_"+strings.ToUpper(user.Name)+"_PASSWORD="+password(user.Name))
	}
	wabatest.StartCommand(t, env, wabatest.NATSServer(t), "--config", file)
	require.Eventually(t, func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", c.nats)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	}, wabatest.Patience, 20*time.Millisecond)
}

func startTopology(t *testing.T, graph string) *topology {
	t.Helper()
	c := &topology{}
	c.startNATS(t)
	dir, err := os.MkdirTemp("", "waba-pg-") //nolint:usetesting // the server's own account must be able to enter it
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	database, err := postgresproc.Start(context.WithoutCancel(t.Context()), dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, database.Stop()) })

	keys := filepath.Join(t.TempDir(), "keys")
	require.Zero(t, wabatest.Start(t, nil, "keys", "generate", "--dir", keys).Wait(wabatest.Patience))
	apiKeys := filepath.Join(t.TempDir(), "api-keys.json")
	created := wabatest.Start(t, []string{"WABA_API_KEYS_FILE=" + apiKeys}, "api-keys", "create", "--name", "web app", "--restaurants", "*", "--scopes", "onboard,read")
	require.Zero(t, created.Wait(wabatest.Patience), created.Output())
	key := regexp.MustCompile(`waba_[A-Za-z0-9_-]+`).FindString(created.Output())
	require.NotEmpty(t, key, created.Output())
	c.key = map[string]string{"Authorization": "Bearer " + key}

	c.env = []string{
		"DATABASE_URL=" + database.URL("postgres"),
		"FACEBOOK_APP_ID=" + metasim.DefaultAppID, "FACEBOOK_APP_SECRET=" + metasim.DefaultAppSecret,
		"META_GRAPH_API_BASE=" + graph, "META_OAUTH_DIALOG_BASE=" + graph,
		"WABA_OAUTH_STATE=caller", "WABA_API_KEYS_FILE=" + apiKeys,
		"WABA_KEYRING_FILE=" + filepath.Join(keys, "keyring.json"),
		"WABA_SEAL_PUBLIC_KEY_FILE=" + filepath.Join(keys, "seal-public.key"),
		"WABA_SIGNING_KEY_FILE=" + filepath.Join(keys, "signing.key"),
	}
	migrate := wabatest.Start(t, append(c.env, c.natsURL("migrate")), "migrate", "up")
	require.Zero(t, migrate.Wait(wabatest.Patience), migrate.Output())
	for range 2 {
		for _, service := range []string{"gateway", "onboarding", "auditlog"} {
			c.start(t, service)
		}
	}
	return c
}

// start starts one more process of a service and waits until it is ready.
func (c *topology) start(t *testing.T, service string) *wabatest.Process {
	t.Helper()
	http1, admin := freeAddr(t), freeAddr(t)
	process := wabatest.Start(t, append(c.env, c.natsURL(service), "HTTP_ADDR="+http1, "ADMIN_ADDR="+admin), service)
	require.Eventually(t, func() bool {
		answer, err := wabatest.Do(t, http.MethodGet, "http://"+admin+"/readyz", nil, nil)
		return err == nil && answer.Status == http.StatusOK || !process.Running()
	}, wabatest.Patience, 20*time.Millisecond, "%s is not ready: %s", service, process.Output())
	require.True(t, process.Running(), "%s ended: %s", service, process.Output())
	if service == "gateway" {
		c.gateways = append(c.gateways, "http://"+http1)
	}
	c.admins = append(c.admins, "http://"+admin)
	c.services = append(c.services, process)
	return process
}

func (c *topology) reader(t *testing.T) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect("nats://"+c.nats, nats.UserInfo("reader", password("reader")),
		nats.CustomInboxPrefix(bus.InboxPrefix(bus.UserReader)))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	return js
}

func TestTwoOfEachServiceOnNATSAndPostgreSQL(t *testing.T) {
	t.Parallel()
	meta, graph := startMeta(t)
	require.NoError(t, meta.Inject(metasim.Fault{Kind: metasim.FaultLatency, LatencyMS: 20}))
	c := startTopology(t, graph)

	runs, spent := map[string]string{}, map[string]bool{}
	for i := range 12 {
		restaurant, code := uuid.NewString(), fmt.Sprintf("demo-creates-2b-two-%d", i)
		answer, err := wabatest.CompleteFlow(t, c.gateways[i%2], restaurant, code,
			map[string]string{"Prefer": "respond-async", "Authorization": c.key["Authorization"]})
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, answer.Status, "%s", answer.Body)
		runs[restaurant] = code
		if i%4 == 3 { // one of each dies in the middle of the work, and another comes
			victim := c.services[(i/4)%3]
			victim.Kill()
			for _, code := range runs {
				spent[code] = spent[code] || mayBeSpent(meta, code)
			}
			c.services[(i/4)%3] = c.start(t, []string{"gateway", "onboarding", "auditlog"}[(i/4)%3])
			c.gateways = c.gateways[len(c.gateways)-2:]
		}
	}
	js := c.reader(t)
	for restaurant, code := range runs {
		judge(t, c.gateways[1], js, meta, restaurant, code, spent[code], c.key)
	}
	requireAudited(t, c.gateways[0], js, runs, c.key)

	nobody := wabatest.Must(t, http.MethodGet, c.gateways[0]+"/api/whatsapp/integrations/"+uuid.NewString(), nil, nil)
	require.Equal(t, http.StatusUnauthorized, nobody.Status)
}
