// Package wabatest runs the real binary as a user does: as processes, over HTTP.
package wabatest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// build builds a command once for each test process, into a folder that is made
// once and left to the system's cleaning.
func build(name, dir string, args ...string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		out, err := os.MkdirTemp("", "waba-test-")
		if err != nil {
			return "", err
		}
		path := filepath.Join(out, name)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) //nolint:forbidigo // shared by all tests of the process
		defer cancel()
		build := exec.CommandContext(ctx, "go", append([]string{"build", "-o", path}, args...)...)
		build.Dir = dir
		build.Stderr = os.Stderr
		return path, build.Run()
	})
}

var binary = build("waba", root(), "./cmd/waba")

// Binary returns the path of the binary, built from this tree.
func Binary(tb testing.TB) string {
	tb.Helper()
	path, err := binary()
	require.NoError(tb, err)
	return path
}

// Root returns the root of the repository.
func Root() string { return root() }

func root() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return "."
}

var natsServer = build("nats-server", filepath.Join(root(), "pkg"), "github.com/nats-io/nats-server/v2")

// NATSServer returns the path of the NATS server, built from its module at the
// version that this tree uses.
func NATSServer(tb testing.TB) string {
	tb.Helper()
	path, err := natsServer()
	require.NoError(tb, err)
	return path
}
