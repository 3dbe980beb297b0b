package service_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/natsserver"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/service"
)

func TestProcessAnswersItsOperatorUntilItsWorkHasEnded(t *testing.T) {
	t.Parallel()
	process, err := service.Open(t.Context(), options(t, migrated(t)))
	require.NoError(t, err)
	base := "http://" + process.AdminAddr()

	ctx, stop := context.WithCancel(t.Context())
	release, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- process.Run(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			<-release // requests in flight
			return nil
		})
	}()
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": `"ready":true`, "/metrics": "go_goroutines"} {
		status, body := get(t, base+path)
		require.Equal(t, http.StatusOK, status, path)
		require.Contains(t, body, want, path)
	}

	stop()
	require.Eventually(t, func() bool {
		status, body := get(t, base+"/readyz")
		return status == http.StatusServiceUnavailable && bytes.Contains([]byte(body), []byte(`"name":"running","ok":false`))
	}, 5*time.Second, 50*time.Millisecond, "nothing new is sent to a process that drains")
	status, _ := get(t, base+"/healthz")
	require.Equal(t, http.StatusOK, status)

	close(release)
	require.NoError(t, <-ended)
	require.NoError(t, process.Close(t.Context()))
	require.True(t, process.Conn.IsClosed())
	require.Error(t, process.DB.PingContext(t.Context()))
}

func TestWorkThatFailsEndsTheProcess(t *testing.T) {
	t.Parallel()
	process, err := service.Open(t.Context(), options(t, migrated(t)))
	require.NoError(t, err)
	broken := errors.New("broken")
	require.ErrorIs(t, process.Run(t.Context(), func(context.Context) error { return broken }), broken)
	require.NoError(t, process.Close(t.Context()))
}

func TestOpenSaysWhichCommandMakesMissingStreams(t *testing.T) {
	t.Parallel()
	_, err := service.Open(t.Context(), options(t, server(t)))
	require.ErrorIs(t, err, bus.ErrNotMigrated)
	require.ErrorContains(t, err, "waba migrate up")
}

func TestSchemaThatIsAheadIsLoggedAndOneThatIsBehindIsRefused(t *testing.T) {
	t.Parallel()
	ahead, behind := errors.New("ahead"), errors.New("behind")
	url := migrated(t)

	o := options(t, url)
	var log bytes.Buffer
	o.Stderr, o.SchemaAhead = &log, ahead
	o.CheckSchema = func(context.Context, *bun.DB) error { return ahead }
	process, err := service.Open(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, process.Close(t.Context()))
	require.Contains(t, log.String(), "database is ahead of this build")

	o.CheckSchema = func(context.Context, *bun.DB) error { return behind }
	_, err = service.Open(t.Context(), o)
	require.ErrorIs(t, err, behind)
}

func TestBusyAdminAddressIsNamed(t *testing.T) {
	t.Parallel()
	o := options(t, migrated(t))
	process, err := service.Open(t.Context(), o)
	require.NoError(t, err)
	defer func() { require.NoError(t, process.Close(context.WithoutCancel(t.Context()))) }()
	require.NoError(t, o.Config.AdminAddr.UnmarshalText([]byte(process.AdminAddr())))
	_, err = service.Open(t.Context(), o)
	require.ErrorContains(t, err, "ADMIN_ADDR")
}

func TestServeHTTPCutsRequestsThatOutliveTheDrain(t *testing.T) {
	t.Parallel()
	listener, err := service.Listen(t.Context(), "HTTP_ADDR", "127.0.0.1:0")
	require.NoError(t, err)
	begun := make(chan struct{})
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	})
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
		if err != nil {
			t.Error(err)
			return
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			t.Error("answered", answer.Status, answer.Body.Close())
		}
	})
	ended := make(chan error, 1)
	go func() { ended <- service.ServeHTTP(ctx, listener, handler, 10*time.Millisecond) }()
	<-begun
	stop()
	require.NoError(t, <-ended)
	group.Wait()
}

func options(t *testing.T, busURL string) service.Options {
	t.Helper()
	return service.Options{
		Name:    "gateway",
		Version: "test",
		Stderr:  io.Discard,
		Streams: []string{bus.Log},
		Config: service.Config{
			NATSURL:     busURL,
			DatabaseURL: seal.NewSecret("sqlite://" + filepath.Join(t.TempDir(), "test.db")),
			AdminAddr:   "127.0.0.1:0",
		},
	}
}

// server starts a bus without streams and returns its URL.
func server(t *testing.T) string {
	t.Helper()
	s, err := natsserver.Start(t.Context(), natsserver.Options{Dir: t.TempDir(), Addr: "127.0.0.1:0", LazySync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.URL()
}

func migrated(t *testing.T) string {
	t.Helper()
	url := server(t)
	conn, js, err := bus.Connect(t.Context(), bus.ConnectOptions{URL: url, Service: "test"})
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, bus.Migrate(t.Context(), js, 1))
	return url
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, errors.Join(err, answer.Body.Close()))
	return answer.StatusCode, string(body)
}
