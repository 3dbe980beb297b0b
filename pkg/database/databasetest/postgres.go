package databasetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/database/postgresproc"
)

// PostgresURL returns the address of a new, migrated PostgreSQL database that is gone
// when the test ends. It skips the test where there is no PostgreSQL.
func (h *Harness) PostgresURL(t testing.TB) string {
	t.Helper()
	h.once.Do(func() { h.template, h.err = h.makeTemplate(t.Context()) })
	if errors.Is(h.err, postgresproc.ErrNotInstalled) && !requirePostgres() {
		t.Skipf("PostgreSQL is not tested: %v, and TEST_DATABASE_URL is not set", h.err)
	}
	require.NoError(t, h.err)
	name := newName()
	require.NoError(t, execute(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+h.template))
	t.Cleanup(func() {
		// The test's context has ended by now.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		require.NoError(t, execute(ctx, "DROP DATABASE "+name+" WITH (FORCE)"))
	})
	address, err := addressOf(t.Context(), name)
	require.NoError(t, err)
	return address
}

// makeTemplate makes and migrates the template. It is not ended by the end of the
// test that needs it first.
func (h *Harness) makeTemplate(ctx context.Context) (name string, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	name = newName()
	if err := execute(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	address, err := addressOf(ctx, name)
	if err != nil {
		return "", err
	}
	db, err := database.Open(ctx, address)
	if err != nil {
		return "", err
	}
	// Closed before it is copied: a template must have no connections.
	return name, errors.Join(h.migrate(ctx, db), db.Close())
}

// The server is one for all tests of this process. A private one ends with the
// process.
var (
	serverOnce    sync.Once
	serverAddress string // of the server's own database
	errServer     error
)

func server(ctx context.Context) (address string, err error) {
	serverOnce.Do(func() {
		if serverAddress = os.Getenv("TEST_DATABASE_URL"); serverAddress != "" { //nolint:forbidigo // the environment of a test
			return
		}
		started, err := postgresproc.Start(context.WithoutCancel(ctx), "", postgresproc.WithoutSync())
		if err != nil {
			errServer = err
			return
		}
		serverAddress = started.URL("postgres")
	})
	return serverAddress, errServer
}

// requirePostgres says whether doing without is a failure.
func requirePostgres() bool {
	return os.Getenv("CI") == "true" //nolint:forbidigo // the environment of a test
}

// addressOf returns the address of one database of the server.
func addressOf(ctx context.Context, name string) (string, error) {
	address, err := server(ctx)
	if err != nil {
		return "", err
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return "", errors.New("TEST_DATABASE_URL is no URL")
	}
	parsed.Path = "/" + name
	return parsed.String(), nil
}

// execute runs one statement on the server, outside any transaction.
func execute(ctx context.Context, statement string) error {
	address, err := server(ctx)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("connect to the test server: %w", err)
	}
	_, err = conn.Exec(ctx, statement)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func newName() string { return "waba_test_" + strings.ToLower(rand.Text()) }
