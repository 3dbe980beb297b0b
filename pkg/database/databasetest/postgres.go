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
	template, err := h.template()
	if errors.Is(err, postgresproc.ErrNotInstalled) && os.Getenv("CI") != "true" {
		t.Skipf("PostgreSQL is not tested: %v, and TEST_DATABASE_URL is not set", err)
	}
	require.NoError(t, err)
	name := newName()
	require.NoError(t, execute(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template))
	t.Cleanup(func() {
		// The test's context has ended by now.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		require.NoError(t, execute(ctx, "DROP DATABASE "+name+" WITH (FORCE)"))
	})
	address, err := addressOf(name)
	require.NoError(t, err)
	return address
}

// makeTemplate makes and migrates the database that tests get copies of.
func (h *Harness) makeTemplate() (name string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // outlives the test that needs it first
	defer cancel()
	name = newName()
	if err := execute(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	address, err := addressOf(name)
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

// server returns the address of the server's own database. The private server, if
// there is one, ends with this process.
var server = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("TEST_DATABASE_URL"); given != "" {
		return given, nil
	}
	started, err := postgresproc.Start(context.Background(), "", postgresproc.WithoutSync())
	if err != nil {
		return "", err
	}
	return started.URL("postgres"), nil
})

// addressOf returns the address of one database of the server.
func addressOf(name string) (string, error) {
	address, err := server()
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
	address, err := server()
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
