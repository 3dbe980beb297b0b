package dev_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/waba-platform/onboarding/cmd/waba/internal/dev"
	"github.com/waba-platform/onboarding/cmd/waba/internal/keys"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/natsserver"
	"github.com/waba-platform/onboarding/pkg/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// instance is everything in one process: this one.
type instance struct {
	dev.Ready
	stop func() error
}

// options are those of an instance on free ports.
func options(t *testing.T, dir string) dev.Options {
	t.Helper()
	return dev.Options{
		HTTP: "127.0.0.1:0", Admin: "127.0.0.1:0", NATS: "127.0.0.1:0", Simulator: "127.0.0.1:0",
		DataDir: dir, Getenv: func(string) string { return "" }, Stderr: io.Discard, Version: "test",
	}
}

// run starts an instance and returns once everything answers. It is stopped with
// the test, if not before.
func run(t *testing.T, o dev.Options) *instance {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ready, ended := make(chan dev.Ready, 1), make(chan error, 1)
	go func() { ended <- dev.Run(ctx, o, func(r dev.Ready) { ready <- r }) }()
	stopped := false
	i := &instance{stop: func() error {
		cancel()
		if stopped {
			return nil
		}
		stopped = true
		return <-ended
	}}
	t.Cleanup(func() { require.NoError(t, i.stop()) })
	select {
	case i.Ready = <-ready:
	case err := <-ended:
		stopped = true
		require.NoError(t, err)
		require.Fail(t, "it has ended before it was ready")
	}
	return i
}

// fail runs an instance that cannot start, and returns why.
func fail(t *testing.T, o dev.Options) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	return dev.Run(ctx, o, func(dev.Ready) {
		t.Error("it has started")
		cancel()
	})
}

// post posts JSON and returns the status and the body.
func post(t *testing.T, url string, body map[string]any) (int, map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(text))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	return send(t, request)
}

func get(t *testing.T, url string) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return send(t, request)
}

func send(t *testing.T, request *http.Request) (int, map[string]any) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, answer.Body.Close()) }()
	var body map[string]any
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&body))
	return answer.StatusCode, body
}

func (i *instance) connect(t *testing.T) (restaurant string) {
	t.Helper()
	restaurant = uuid.NewString()
	status, body := post(t, i.HTTP+"/api/whatsapp/waba/complete-flow", map[string]any{
		"code": "demo-" + restaurant, "state": "dev", "restaurant_id": restaurant,
	})
	require.Equal(t, http.StatusOK, status, body)
	require.Equal(t, true, body["success"])
	return restaurant
}

func (i *instance) status(t *testing.T, restaurant string) (int, any) {
	t.Helper()
	status, body := get(t, i.HTTP+"/api/whatsapp/integrations/"+restaurant)
	data, _ := body["data"].(map[string]any)
	return status, data["status"]
}

func TestRestaurantIsConnectedAndARestartKeepsItUntilAReset(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	o := options(t, dir)
	o.ReadyFile = filepath.Join(t.TempDir(), "ready.json")

	first := run(t, o)
	require.True(t, first.Open)
	text, err := os.ReadFile(o.ReadyFile)
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`{"http":%q,"admin":%q,"nats":%q,"simulator":%q,"pid":%d}`,
		first.HTTP, first.Admin, first.NATS, first.Simulator, os.Getpid()), string(text))
	status, report := get(t, first.Admin+"/readyz")
	require.Equal(t, http.StatusOK, status, report)
	restaurant := first.connect(t)
	require.NoError(t, first.stop())
	require.NoFileExists(t, o.ReadyFile, "nothing answers there any more")

	second := run(t, o)
	status, state := second.status(t, restaurant)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "completed", state)
	status, logs := get(t, second.HTTP+"/api/whatsapp/integrations/"+restaurant+"/logs")
	require.Equal(t, http.StatusOK, status, logs)
	second.connect(t)
	require.NoError(t, second.stop())

	own := filepath.Join(dir, "somebody's own file")
	require.NoError(t, os.WriteFile(own, nil, 0o600))
	o.Reset = true
	third := run(t, o)
	status, _ = third.status(t, restaurant)
	require.Equal(t, http.StatusNotFound, status)
	third.connect(t)
	require.FileExists(t, own)
}

func TestWaitingCallersAreAnsweredWhenItStops(t *testing.T) {
	t.Parallel()
	i := run(t, options(t, t.TempDir()))
	restaurant := uuid.NewString()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.HTTP+"/api/whatsapp/waba/complete-flow",
		strings.NewReader(fmt.Sprintf(`{"code":"demo-never-appears-%[1]s","state":"dev","restaurant_id":%[1]q}`, restaurant)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	answered := make(chan int, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		answer, err := client.Do(request)
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		_ = answer.Body.Close() // only the status counts
		answered <- answer.StatusCode
	}()
	require.Eventually(t, func() bool {
		_, state := i.status(t, restaurant)
		return state == "in_progress"
	}, 10*time.Second, 20*time.Millisecond)
	began := time.Now()
	require.NoError(t, i.stop())
	require.Less(t, time.Since(began), 10*time.Second)
	require.Equal(t, http.StatusAccepted, <-answered)
}

// hangingMeta is a Meta that answers nothing: it says when it is called, and each
// call ends when it is released, or when the caller leaves.
func hangingMeta(t *testing.T) (url string, called <-chan struct{}, release func()) {
	t.Helper()
	calls, released := make(chan struct{}, 100), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-released:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":{"message":"used","type":"OAuthException","code":100,"error_subcode":36009}}`))
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, calls, sync.OnceFunc(func() { close(released) })
}

// withACallUnderWay starts an instance whose exchange waits for Meta.
func withACallUnderWay(t *testing.T, o dev.Options) (i *instance, restaurant string, release func()) {
	t.Helper()
	var called <-chan struct{}
	o.Graph, called, release = hangingMeta(t)
	i, restaurant = run(t, o), uuid.NewString()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.HTTP+"/api/whatsapp/waba/complete-flow",
		strings.NewReader(fmt.Sprintf(`{"code":"code-%[1]s","state":"dev","restaurant_id":%[1]q}`, restaurant)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Prefer", "respond-async")
	status, body := send(t, request)
	require.Equal(t, http.StatusAccepted, status, body)
	<-called
	return i, restaurant, release
}

func TestCallUnderWayAtMetaIsWaitedForWhenItStops(t *testing.T) {
	t.Parallel()
	o := options(t, t.TempDir())
	stopping := make(chan struct{})
	o.Stopping = func() { close(stopping) }
	i, restaurant, release := withACallUnderWay(t, o)
	go func() {
		<-stopping
		release()
	}()
	require.NoError(t, i.stop())

	o.Stopping = nil
	_, state := run(t, o).status(t, restaurant)
	require.Equal(t, "failed", state, "Meta's answer was recorded")
}

func TestCallThatMetaDoesNotAnswerIsCutShortlyBeforeTenSeconds(t *testing.T) {
	t.Parallel()
	o := options(t, t.TempDir())
	var log bytes.Buffer
	o.Stderr = &log // nobody writes once it has stopped
	i, _, _ := withACallUnderWay(t, o)
	began := time.Now()
	require.ErrorIs(t, i.stop(), dev.ErrUnfinished)
	require.Less(t, time.Since(began), 10*time.Second)
	require.Greater(t, time.Since(began), 6*time.Second)
	require.Empty(t, log.String(), "nothing is wrong")
}

func TestSecondStartOnOneFolderSaysWhoHasIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := run(t, options(t, dir))
	err := fail(t, options(t, dir))
	var inUse *dev.InUseError
	require.ErrorAs(t, err, &inUse)
	require.Equal(t, os.Getpid(), inUse.PID)
	require.Equal(t, dir, inUse.Dir)
	first.connect(t)
	require.NoError(t, first.stop())
	run(t, options(t, dir)).connect(t)
}

func TestBusyPortNamesItsFlagAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	addr := config.Addr(taken.Addr().String())
	for flag, set := range map[string]func(*dev.Options){
		"--http":      func(o *dev.Options) { o.HTTP = addr },
		"--admin":     func(o *dev.Options) { o.Admin = addr },
		"--nats":      func(o *dev.Options) { o.NATS = addr },
		"--simulator": func(o *dev.Options) { o.Simulator = addr },
	} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			o := options(t, t.TempDir())
			set(&o)
			err := fail(t, o)
			var busy *dev.BusyError
			require.ErrorAs(t, err, &busy)
			require.Equal(t, dev.BusyError{Flag: flag, Addr: addr}, *busy)
			run(t, options(t, o.DataDir)) // the folder is free again
		})
	}
}

func TestAddressesThatOthersCanReachAreRefused(t *testing.T) {
	t.Parallel()
	for _, addr := range []config.Addr{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:0"} {
		for flag, set := range map[string]func(*dev.Options){
			"--http":      func(o *dev.Options) { o.HTTP = addr },
			"--admin":     func(o *dev.Options) { o.Admin = addr },
			"--nats":      func(o *dev.Options) { o.NATS = addr },
			"--simulator": func(o *dev.Options) { o.Simulator = addr },
		} {
			o := options(t, t.TempDir())
			set(&o)
			err := fail(t, o)
			var open *dev.NotLoopbackError
			require.ErrorAs(t, err, &open)
			require.Equal(t, flag, open.Flag)
		}
	}
}

func TestWrongConfigurationIsReportedAllAtOnce(t *testing.T) {
	t.Parallel()
	o := options(t, t.TempDir())
	env := map[string]string{"WABA_POLL_MAX_ATTEMPTS": "0", "WABA_SYNC_WAIT": "2h", "META_PHONE_REGISTRATION_PIN": "12", "WABA_LOG_LEVEL": "loud"}
	o.Getenv = func(name string) string { return env[name] }
	err := fail(t, o)
	var wrong *config.Error
	require.ErrorAs(t, err, &wrong)
	require.Len(t, wrong.Mistakes, len(env), "%q", wrong.Mistakes)
}

func TestRealGraphNeedsAnAppOfItsOwn(t *testing.T) {
	t.Parallel()
	o := options(t, t.TempDir())
	o.Graph = "https://graph.facebook.com"
	err := fail(t, o)
	var wrong *config.Error
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []string{"FACEBOOK_APP_ID is not set", "FACEBOOK_APP_SECRET is not set"}, wrong.Mistakes)
}

func TestSimulatorOfAnotherProcessIsUsed(t *testing.T) {
	t.Parallel()
	meta := run(t, options(t, t.TempDir()))
	o := options(t, t.TempDir())
	o.Graph = meta.Simulator
	i := run(t, o)
	require.Empty(t, i.Simulator)
	i.connect(t)
	_, state := get(t, meta.Simulator+"/_simulator/state")
	require.EqualValues(t, 1, state["exchanged"])
}

func TestBusOfTheEnvironmentIsUsedAndItsPasswordIsNotShown(t *testing.T) {
	t.Parallel()
	server, err := natsserver.Start(t.Context(), natsserver.Options{
		Dir: t.TempDir(), Addr: "127.0.0.1:0", LazySync: true,
		Users: []*natsd.User{{Username: "all", Password: "CANARY"}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	o := options(t, t.TempDir())
	env := map[string]string{"NATS_URL": strings.Replace(server.URL(), "://", "://all:CANARY@", 1)}
	o.Getenv = func(name string) string { return env[name] }
	i := run(t, o)
	require.False(t, i.Embedded)
	require.Equal(t, server.URL(), i.NATS)
	i.connect(t)
	require.NoDirExists(t, filepath.Join(o.DataDir, "nats"))
}

func TestConfiguredKeysAreAskedFor(t *testing.T) {
	t.Parallel()
	o := options(t, t.TempDir())
	path := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"keys":[]}`), 0o600))
	env := map[string]string{"WABA_API_KEYS_FILE": path}
	o.Getenv = func(name string) string { return env[name] }
	i := run(t, o)
	require.False(t, i.Open)
	status, _ := post(t, i.HTTP+"/api/whatsapp/waba/complete-flow", map[string]any{"code": "c", "state": "dev", "restaurant_id": uuid.NewString()})
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestStopWhileItStartsIsNoError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, dev.Run(ctx, options(t, t.TempDir()), func(dev.Ready) { t.Error("ready") }))
}

func TestKeysThatDoNotOpenWhatWasSealedStopTheStart(t *testing.T) {
	t.Parallel()
	o := options(t, t.TempDir())
	require.NoError(t, run(t, o).stop())
	files := keys.In(filepath.Join(o.DataDir, "keys"))
	aside := filepath.Join(t.TempDir(), "keyring.json")
	require.NoError(t, os.Rename(files.Keyring, aside))
	var unpaired *keys.UnpairedError
	require.ErrorAs(t, fail(t, o), &unpaired)
	require.Equal(t, keys.UnpairedError{Files: files, Lost: true}, *unpaired)
	require.NoFileExists(t, files.Keyring, "a new one would open nothing")

	require.NoError(t, os.Remove(files.SealPublic))
	require.ErrorAs(t, fail(t, o), &unpaired, "there is data")

	other, err := seal.NewKeyring()
	require.NoError(t, err)
	require.NoError(t, other.PublicKey().Save(files.SealPublic))
	require.NoError(t, os.Rename(aside, files.Keyring))
	require.ErrorAs(t, fail(t, o), &unpaired)
	require.False(t, unpaired.Lost)

	require.NoError(t, os.Remove(files.SealPublic))
	run(t, o).connect(t)
}

func TestConfiguredKeyringThatDoesNotFitIsAMistakeOfConfiguration(t *testing.T) {
	t.Parallel()
	o := options(t, t.TempDir())
	path := filepath.Join(t.TempDir(), "keyring.json")
	env := map[string]string{"WABA_KEYRING_FILE": path}
	o.Getenv = func(name string) string { return env[name] }
	var wrong *config.Error
	require.ErrorAs(t, fail(t, o), &wrong, "it is not there")

	other, err := seal.NewKeyring()
	require.NoError(t, err)
	require.NoError(t, other.Save(path))
	require.ErrorAs(t, fail(t, o), &wrong, "it is not that of the public key")
	require.Len(t, wrong.Mistakes, 1)
	require.Contains(t, wrong.Mistakes[0], "WABA_SEAL_PUBLIC_KEY_FILE does not belong to WABA_KEYRING_FILE")
}

func TestRowsOfALostDatabaseAreWrittenAgainAtTheNextStart(t *testing.T) {
	t.Parallel()
	o := options(t, t.TempDir())
	logs := func(i *instance, restaurant string) []any {
		var items []any
		require.Eventually(t, func() bool { // the last rows may still be on their way
			status, body := get(t, i.HTTP+"/api/whatsapp/integrations/"+restaurant+"/logs?limit=100")
			data, _ := body["data"].(map[string]any)
			before := items
			items, _ = data["items"].([]any)
			return status == http.StatusOK && len(items) > 5 && len(items) == len(before)
		}, 10*time.Second, 200*time.Millisecond)
		for _, item := range items {
			row, ok := item.(map[string]any)
			require.True(t, ok)
			delete(row, "id") // the order of arrival
		}
		return items
	}
	first := run(t, o)
	restaurant := first.connect(t)
	before := logs(first, restaurant)
	require.NoError(t, first.stop())
	for _, suffix := range []string{"", "-wal", "-shm"} {
		require.NoError(t, os.RemoveAll(filepath.Join(o.DataDir, "waba.db"+suffix)))
	}

	second := run(t, o)
	require.Positive(t, second.Missing)
	require.Equal(t, before, logs(second, restaurant))
	status, body := get(t, second.Admin+"/readyz")
	require.Equal(t, http.StatusOK, status, body)
	require.NoError(t, second.stop())
	require.Zero(t, run(t, o).Missing)
}
