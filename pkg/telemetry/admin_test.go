package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/telemetry"
)

func TestHealthAsksNoDependency(t *testing.T) {
	t.Parallel()
	admin := start(t, telemetry.Options{}).Admin(telemetry.Check{Name: "bus", Run: func(context.Context) error {
		t.Error("asked")
		return nil
	}})
	status, body := get(t, admin, "/healthz")
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"status":"ok"}`, body)
	status, _ = get(t, admin, "/debug/pprof/")
	require.Equal(t, http.StatusNotFound, status)
}

func TestReadinessNamesWhatFailsAndShowsNoCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var busFails atomic.Bool
		admin := start(t, telemetry.Options{Logger: telemetry.NewLogger(&log, telemetry.LogConfig{})}).Admin(
			telemetry.Check{Name: "bus", Run: func(context.Context) error {
				if busFails.Load() {
					return errors.New("dial nats://user:EAACANARY@host")
				}
				return nil
			}},
			telemetry.Check{Name: "database", Run: func(context.Context) error { return nil }},
		)
		status, body := get(t, admin, "/readyz")
		require.Equal(t, http.StatusOK, status)
		require.JSONEq(t, `{"ready":true,"checks":[{"name":"bus","ok":true},{"name":"database","ok":true}]}`, body)

		busFails.Store(true)
		status, _ = get(t, admin, "/readyz")
		require.Equal(t, http.StatusOK, status, "a report is kept for a second")
		for range 3 {
			time.Sleep(time.Second) //nolint:forbidigo // synctest's clock
			status, body = get(t, admin, "/readyz")
			require.Equal(t, http.StatusServiceUnavailable, status)
			require.JSONEq(t, `{"ready":false,"checks":[{"name":"bus","ok":false,"reason":"failed"},{"name":"database","ok":true}]}`, body)
		}
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("readiness check fails")), "a change is logged once")

		busFails.Store(false)
		time.Sleep(time.Second) //nolint:forbidigo // synctest's clock
		status, _ = get(t, admin, "/readyz")
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("passes again")))
	})
}

func TestAWarningIsShownAndIsNoOutage(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	admin := start(t, telemetry.Options{Logger: telemetry.NewLogger(&log, telemetry.LogConfig{})}).Admin(
		telemetry.Check{Name: "version", Run: func(context.Context) error { return telemetry.Warning("ends soon") }})
	status, body := get(t, admin, "/readyz")
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"ready":true,"checks":[{"name":"version","ok":true,"reason":"ends soon"}]}`, body)
	require.Contains(t, log.String(), "readiness check warns")
}

func TestReadinessShowsAReasonThatWasMadeToBeShown(t *testing.T) {
	t.Parallel()
	admin := start(t, telemetry.Options{}).Admin(telemetry.Check{Name: "keyring", Run: func(context.Context) error {
		return fmt.Errorf("key EAACANARY: %w", telemetry.Reason("keys do not fit"))
	}})
	_, body := get(t, admin, "/readyz")
	require.JSONEq(t, `{"ready":false,"checks":[{"name":"keyring","ok":false,"reason":"keys do not fit"}]}`, body)
}

func TestCheckThatHangsIsTimedOutAndNotStartedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, started := make(chan struct{}), atomic.Int32{}
		admin := start(t, telemetry.Options{}).Admin(telemetry.Check{Name: "bus", Run: func(context.Context) error {
			started.Add(1)
			<-release // deaf to its context
			return nil
		}})
		asked := time.Now()
		status, body := get(t, admin, "/readyz")
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, body, `"reason":"timed out"`)
		require.Equal(t, 2*time.Second, time.Since(asked))

		time.Sleep(time.Second) //nolint:forbidigo // synctest's clock
		_, body = get(t, admin, "/readyz")
		require.Contains(t, body, `"reason":"still running"`)
		require.EqualValues(t, 1, started.Load())

		close(release)
		time.Sleep(time.Second) //nolint:forbidigo // synctest's clock
		status, _ = get(t, admin, "/readyz")
		require.Equal(t, http.StatusOK, status)
	})
}

func TestManyWhoAskAtOnceShareOneRunThatNobodyCanCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		admin := start(t, telemetry.Options{}).Admin(telemetry.Check{Name: "bus", Run: func(ctx context.Context) error {
			runs.Add(1)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Second / 2):
				return nil
			}
		}})
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				answer := httptest.NewRecorder()
				admin.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/readyz", nil))
				if answer.Code != http.StatusOK {
					t.Error(answer.Code, answer.Body)
				}
			})
		}
		time.Sleep(time.Second / 4) //nolint:forbidigo // synctest's clock
		cancel()
		group.Wait()
		require.EqualValues(t, 1, runs.Load())
	})
}
