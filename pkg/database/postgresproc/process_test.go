package postgresproc_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/database/postgresproc"
)

// TestMain also is a program that starts a server and says where, for the test of
// what happens when such a program is killed.
func TestMain(m *testing.M) {
	if os.Getenv("POSTGRESPROC_HOLD") == "" {
		os.Exit(m.Run())
	}
	p, err := postgresproc.Start(context.Background(), "", postgresproc.WithoutSync()) //nolint:forbidigo // a main function
	if err != nil {
		fmt.Println("error", err) //nolint:forbidigo // to the test that runs this
		os.Exit(1)
	}
	fmt.Println(p.URL("postgres")) //nolint:forbidigo // to the test that runs this
	<-p.Done()
}

func start(t *testing.T, dir string) *postgresproc.Process {
	t.Helper()
	p, err := postgresproc.Start(t.Context(), dir, postgresproc.WithoutSync())
	if errors.Is(err, postgresproc.ErrNotInstalled) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop()) })
	return p
}

func TestProcess(t *testing.T) {
	t.Parallel()

	t.Run("answers, stops, and leaves nothing behind", func(t *testing.T) {
		t.Parallel()
		p := start(t, "")
		conn, err := pgx.Connect(t.Context(), p.URL("postgres"))
		require.NoError(t, err)
		var folder string
		require.NoError(t, conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&folder))

		require.NoError(t, p.Stop(), "although somebody is connected")
		require.NoError(t, p.Stop(), "again")
		require.Error(t, conn.Ping(t.Context()))
		require.NoDirExists(t, filepath.Dir(folder))
	})

	t.Run("keeps its data in a folder that it was given", func(t *testing.T) {
		t.Parallel()
		dir, err := os.MkdirTemp("", "waba-postgresproc-test-") //nolint:usetesting // the server's account cannot enter the test's folder
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })

		first := start(t, dir)
		conn, err := pgx.Connect(t.Context(), first.URL("postgres"))
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), "CREATE TABLE kept ()")
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
		require.NoError(t, first.Stop())

		conn, err = pgx.Connect(t.Context(), start(t, dir).URL("postgres"))
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), "TABLE kept")
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
	})

	t.Run("ends with the process that started it, even when that is killed", func(t *testing.T) {
		t.Parallel()
		start(t, "") // skips where there is none
		holder := exec.CommandContext(t.Context(), os.Args[0])
		holder.Env = append(os.Environ(), "POSTGRESPROC_HOLD=1")
		stdout, err := holder.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, holder.Start())
		line := make([]byte, 4096)
		n, err := stdout.Read(line)
		require.NoError(t, err)
		url := strings.TrimSpace(string(line[:n]))
		conn, err := pgx.Connect(t.Context(), url)
		require.NoError(t, err, url)
		var folder string
		require.NoError(t, conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&folder))

		require.NoError(t, holder.Process.Kill())
		require.Error(t, holder.Wait())
		require.Eventually(t, func() bool {
			_, err := os.Stat(filepath.Dir(folder))
			return errors.Is(err, os.ErrNotExist)
		}, 30*time.Second, 20*time.Millisecond)
		require.Error(t, conn.Ping(t.Context()))
	})
}
