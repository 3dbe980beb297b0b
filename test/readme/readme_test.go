// Package readme runs the README: every command block of it, in both languages,
// against the system that its first block starts.
package readme

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/test/wabatest"
)

// block is a fenced block of code.
type block struct {
	language, argument, text string
}

var fence = regexp.MustCompile("(?ms)^```(\\w+)(?: ([\\w=]+))?\n(.*?)^```$")

func blocks(t *testing.T, file string) []block {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(wabatest.Root(), file))
	require.NoError(t, err)
	var found []block
	for _, match := range fence.FindAllStringSubmatch(string(body), -1) {
		found = append(found, block{match[1], match[2], match[3]})
	}
	require.NotEmpty(t, found)
	return found
}

// addresses are where the started system answers, in place of the usual ports, and
// where its data is.
type addresses struct {
	HTTP      string `json:"http"`
	Admin     string `json:"admin"`
	NATS      string `json:"nats"`
	Simulator string `json:"simulator"`
	DataDir   string `json:"-"`
}

func (a addresses) in(text string) string {
	return strings.NewReplacer(
		"http://127.0.0.1:8080", a.HTTP, "http://127.0.0.1:8081", a.Simulator, "nats://127.0.0.1:4222", a.NATS,
		"http://127.0.0.1:9090", a.Admin, " .waba/", " "+a.DataDir+"/",
	).Replace(text)
}

func TestEveryCommandOfTheReadmeDoesWhatItSays(t *testing.T) { //nolint:paralleltest // both build bin/waba
	for _, file := range []string{"README.md", "README.en.md"} { //nolint:paralleltest // see above
		t.Run(file, func(t *testing.T) {
			all := blocks(t, file)
			require.Equal(t, "make run\n", all[0].text, "a newcomer's first command")
			at, banner := run(t)
			requireLike(t, at.in(all[1].text), strings.Replace(banner, "terminou", "termina", 1)) // as from May 2027 on
			for i, b := range all[1:] {
				switch {
				case b.argument == "skip":
				case b.language == "sh":
					out := shell(t, at, b)
					if next := all[i+2]; next.language == "json" {
						requireLike(t, next.text, out)
					}
				case b.language == "go":
					require.Contains(t, goProgram(t, at, b), `"type":"waba.WabaReady.v1"`)
				case b.language == "ts":
					page(t, at, b)
				}
			}
		})
	}
}

// environment is that of a person's own terminal, also where `make test` runs us.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES"}, name)
	})
}

// run starts the system with the README's own first command, and returns what
// is seen.
func run(t *testing.T) (at addresses, banner string) {
	t.Helper()
	at.DataDir = t.TempDir()
	ready := filepath.Join(t.TempDir(), "ready.json")
	make1 := exec.CommandContext(t.Context(), "make", "run")
	make1.Dir = wabatest.Root()
	make1.Env = append(environment(), "ARGS=--http 127.0.0.1:0 --admin 127.0.0.1:0 --nats 127.0.0.1:0 --simulator 127.0.0.1:0 --data-dir "+
		at.DataDir+" --ready-file "+ready)
	var seen buffer
	make1.Stdout, make1.Stderr = &seen, &seen
	make1.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, make1.Start())
	ended := make(chan struct{})
	go func() {
		_ = make1.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		require.NoError(t, syscall.Kill(-make1.Process.Pid, syscall.SIGINT))
		select {
		case <-ended:
		case <-time.After(wabatest.Patience):
			_ = syscall.Kill(-make1.Process.Pid, syscall.SIGKILL)
			t.Error("make run did not end after Ctrl-C")
		}
	})
	require.Eventually(t, func() bool {
		body, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(body, &at) == nil && strings.Contains(seen.String(), "Ctrl-C")
	}, 5*time.Minute, 50*time.Millisecond, "make run is not ready; the first build may take minutes")
	return at, seen.String()
}

// buffer is written and read at once.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// shell runs a block as a person would paste it, and returns what it printed.
func shell(t *testing.T, at addresses, b block) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", at.in(b.text))
	command.Dir = wabatest.Root()
	command.Env = append(os.Environ(), "API_BASE_URL="+at.HTTP, "NATS_URL="+at.NATS)
	out, err := command.CombinedOutput()
	code := 0
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // as exec returns it
		code = exit.ExitCode()
	} else {
		require.NoError(t, err)
	}
	want := 0
	if b.argument == "exit=5" {
		want = 5
	}
	require.Equal(t, want, code, "%s\n%s", b.text, out)
	return string(out)
}

// requireLike compares an answer with the one that the README shows, where "…"
// stands for anything.
func requireLike(t *testing.T, shown, got string) {
	t.Helper()
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(shown)), "…", ".*")
	require.Regexp(t, "^"+pattern+"$", strings.TrimSpace(got))
}

// goProgram runs a program of the README until it has printed a line.
func goProgram(t *testing.T, at addresses, b block) string {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Join(wabatest.Root(), "test"), "readme-") //nolint:usetesting // in a module that has nats.go
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(at.in(b.text)), 0o600))
	binary := filepath.Join(dir, "program")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Dir = dir
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	program := wabatest.StartCommand(t, nil, binary)
	require.Eventually(t, func() bool { return strings.Contains(program.Output(), "\n") }, wabatest.Patience, 20*time.Millisecond)
	return program.Output()
}

// page runs the lines for a web page in Node, which has an EventSource from 20.18
// on. Without it there is nothing to run them in.
func page(t *testing.T, at addresses, b block) {
	t.Helper()
	probe := exec.CommandContext(t.Context(), "node", "--experimental-eventsource", "--eval", "EventSource")
	if err := probe.Run(); err != nil {
		t.Log("no Node with an EventSource here: the page's lines are not run")
		return
	}
	file := filepath.Join(t.TempDir(), "page.mjs")
	require.NoError(t, os.WriteFile(file, []byte(at.in(b.text)), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", "--experimental-eventsource", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "waba.WabaReady.v1")
}
