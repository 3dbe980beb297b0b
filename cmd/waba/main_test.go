package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// binary builds the binary, once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "waba-main-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "waba")
	out, err := exec.CommandContext(context.Background(), "go", "build", "-o", path, ".").CombinedOutput() //nolint:forbidigo // it is for every test
	if err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// process is `waba dev` as a process.
type process struct {
	*exec.Cmd
	out   bytes.Buffer // to be read after it has ended
	HTTP  string       `json:"http"`
	Admin string       `json:"admin"`
	NATS  string       `json:"nats"`
	Meta  string       `json:"simulator"`
	PID   int          `json:"pid"`
}

func command(t *testing.T, args ...string) *process {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	p := &process{Cmd: exec.CommandContext(t.Context(), path, args...)}
	p.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	p.Stdout, p.Stderr = &p.out, &p.out
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return p
}

func startDev(t *testing.T, dir string, flags ...string) *process {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	p := command(t, append([]string{
		"dev", "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--nats", "127.0.0.1:0", "--simulator", "127.0.0.1:0",
		"--data-dir", dir, "--ready-file", ready,
	}, flags...)...)
	require.NoError(t, p.Start())
	t.Cleanup(func() { _ = p.Process.Kill() })
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(text, p) == nil
	}, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, p.Process.Pid, p.PID)
	return p
}

func TestTerminatedProcessAnswersWhoWaitsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := startDev(t, dir)
			waiting := make(chan int, 1)
			go func() { waiting <- post(t, p, "demo-never-appears-"+uuid.NewString()) }()
			require.Eventually(t, func() bool {
				answer := request(t, http.MethodGet, p.Meta+"/_simulator/state", "")
				return strings.Contains(answer, `"exchanged":1`)
			}, 10*time.Second, 20*time.Millisecond)

			began := time.Now()
			require.NoError(t, p.Process.Signal(signal))
			require.NoError(t, p.Wait(), "%s", &p.out)
			require.Less(t, time.Since(began), 10*time.Second)
			require.Equal(t, http.StatusAccepted, <-waiting)
			require.Contains(t, p.out.String(), "Encerrado.")
			require.ErrorIs(t, syscall.Kill(-p.PID, 0), syscall.ESRCH, "no process of its group is left")
			for _, address := range []string{p.HTTP, p.Admin, p.NATS, p.Meta} {
				_, host, _ := strings.Cut(address, "://")
				listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", host)
				require.NoError(t, err, "%s is free again", address)
				require.NoError(t, listener.Close())
			}

			again := startDev(t, dir)
			require.Equal(t, http.StatusOK, post(t, again, "demo-"+uuid.NewString()))
			require.NoError(t, again.Process.Signal(signal))
			require.NoError(t, again.Wait(), "%s", &again.out)
		})
	}
}

func TestProcessThatWaitsForMetaIsEndedByItsTimeOrByASecondSignal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		signals int
		within  time.Duration
		ended   string
		says    string
	}{
		{"one signal", 1, 10 * time.Second, "exit status 0", "A Meta não respondeu a tempo a uma chamada; o passo é retomado no próximo início.\nEncerrado."},
		{"two signals", 2, 3 * time.Second, "exit status 130", "Ctrl-C de novo encerra já.\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			called := make(chan struct{}, 100)
			meta := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				called <- struct{}{}
				<-r.Context().Done()
			}))
			t.Cleanup(meta.Close)
			p := startDev(t, t.TempDir(), "--graph", meta.URL)
			waiting := make(chan int, 1)
			go func() { waiting <- post(t, p, "code-"+uuid.NewString()) }()
			<-called

			began := time.Now()
			require.NoError(t, p.Process.Signal(syscall.SIGINT))
			require.Equal(t, http.StatusAccepted, <-waiting, "who waits is answered at once")
			for range tt.signals - 1 {
				require.NoError(t, p.Process.Signal(syscall.SIGINT))
			}
			_ = p.Wait() // the state says it
			require.Equal(t, tt.ended, p.ProcessState.String())
			require.Less(t, time.Since(began), tt.within)
			require.Contains(t, p.out.String(), tt.says)
			require.NotContains(t, p.out.String(), "erro:")
			require.NotContains(t, p.out.String(), "level=")
		})
	}
}

func TestSecondProcessOnOneFolderSaysWhichOneHasIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startDev(t, dir)
	second := command(t, "dev", "--data-dir", dir)
	err := second.Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 4, exit.ExitCode())
	require.Equal(t, fmt.Sprintf("erro: a pasta %s já está em uso por outro waba dev (processo %d) · encerre-o ou use --data-dir com outra pasta\n", dir, first.PID),
		second.out.String())
	require.NoError(t, first.Process.Kill())
	require.Error(t, first.Wait())
	third := startDev(t, dir) // the lock went with the process that was killed
	require.Equal(t, http.StatusOK, post(t, third, "demo-"+uuid.NewString()))
	require.NoError(t, third.Process.Signal(syscall.SIGTERM))
	require.NoError(t, third.Wait())
}

func TestBusyPortIsSaidInWordsWithWhatToDo(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	p := command(t, "dev", "--data-dir", t.TempDir(), "--http", taken.Addr().String())
	require.Error(t, p.Run())
	require.Equal(t, "erro: porta "+port+" ocupada · use --http 127.0.0.1:0 ou encerre o outro processo\n", p.out.String())
}

// post hands a code in for a new restaurant and returns the status.
func post(t *testing.T, p *process, code string) int {
	t.Helper()
	body := fmt.Sprintf(`{"code":%q,"state":"dev","restaurant_id":%q}`, code, uuid.NewString())
	call, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.HTTP+"/api/whatsapp/waba/complete-flow", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0
	}
	call.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(call)
	if err != nil {
		t.Error(err)
		return 0
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	return answer.StatusCode
}

func request(t *testing.T, method, url, body string) string {
	t.Helper()
	call, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(call)
	require.NoError(t, err)
	var text bytes.Buffer
	_, err = text.ReadFrom(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return text.String()
}
