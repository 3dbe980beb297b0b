package wabatest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Process is a running process of the binary. It is killed with the test.
type Process struct {
	tb     testing.TB
	cmd    *exec.Cmd
	output *output
	ended  chan struct{}
	err    error
}

// output keeps what a process prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Start starts the binary with arguments, and with these variables beside a bare
// environment.
func Start(tb testing.TB, env []string, args ...string) *Process {
	tb.Helper()
	return StartCommand(tb, env, Binary(tb), args...)
}

// StartCommand starts any command in the same way.
func StartCommand(tb testing.TB, env []string, path string, args ...string) *Process {
	tb.Helper()
	p := &Process{tb: tb, output: &output{}, ended: make(chan struct{})}
	p.cmd = exec.CommandContext(tb.Context(), path, args...)
	p.cmd.Env = slices.Concat([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.Getenv("TMPDIR")}, env)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.cmd.Cancel = func() error { return p.cmd.Process.Kill() }
	require.NoError(tb, p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	tb.Cleanup(func() {
		p.Kill()
		if tb.Failed() {
			tb.Logf("output of %s %s:\n%s", filepath.Base(path), strings.Join(args, " "), tail(p.output.String()))
		}
	})
	return p
}

func tail(text string) string {
	const most = 8 << 10
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}

// Kill kills the process as kill -9 does, and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// Stop asks the process to end, as Ctrl-C does, and returns its exit code.
func (p *Process) Stop() (code int) {
	p.tb.Helper()
	require.NoError(p.tb, p.cmd.Process.Signal(syscall.SIGINT))
	return p.Wait(30 * time.Second)
}

// Wait returns the exit code of a process that ends within a time.
func (p *Process) Wait(limit time.Duration) (code int) {
	p.tb.Helper()
	select {
	case <-p.ended:
	case <-time.After(limit):
		require.FailNow(p.tb, "the process did not end", "within %s", limit)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Running says whether the process has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Output returns what the process has printed so far.
func (p *Process) Output() string { return p.output.String() }

// Pid returns the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Dev is a running `waba dev`.
type Dev struct {
	*Process

	HTTP      string `json:"http"`
	Admin     string `json:"admin"`
	NATS      string `json:"nats"`
	Simulator string `json:"simulator"`
	DataDir   string `json:"-"`
}

// StartDev starts `waba dev` on ports of its own and returns when it is ready.
func StartDev(tb testing.TB, dataDir string, env []string, args ...string) *Dev {
	tb.Helper()
	ready := filepath.Join(tb.TempDir(), "ready.json")
	args = append([]string{
		"dev", "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--nats", "127.0.0.1:0",
		"--data-dir", dataDir, "--ready-file", ready,
	}, args...)
	if !slices.Contains(args, "--graph") {
		args = append(args, "--simulator", "127.0.0.1:0")
	}
	dev := &Dev{Process: Start(tb, env, args...), DataDir: dataDir}
	require.Eventually(tb, func() bool {
		body, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(body, dev) == nil || !dev.Running()
	}, 60*time.Second, 10*time.Millisecond)
	require.True(tb, dev.Running(), "waba dev ended: %s", dev.Output())
	return dev
}

// Patience is how long a test waits for a process that should end at once.
const Patience = 30 * time.Second

// Glance is how often a test looks whether something has come true.
const Glance = 20 * time.Millisecond
