// Package postgresproc starts a private PostgreSQL from the programs on this machine,
// for tests and benchmarks.
//
// The server listens on a Unix socket in its own folder and nowhere else, so it needs
// no port and no password. It ends with the process that started it, however that
// ends: a small shell beside it waits on a pipe that only we hold open.
package postgresproc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	startTimeout = 60 * time.Second // initdb and start, on a busy machine
	stopTimeout  = 20 * time.Second
	pollInterval = 20 * time.Millisecond
)

// Process is a running PostgreSQL. Its methods may be called by many goroutines.
type Process struct {
	dir      string
	lifeline io.Closer // closing it stops the server
	done     chan struct{}
	exit     error // after done
}

// Option changes how the server runs.
type Option func(*options)

type options struct {
	settings []string
}

// WithoutSync makes the server skip every fsync: quicker, and a power cut loses all.
// For tests that do not measure and cut no power.
func WithoutSync() Option {
	return With("fsync=off", "synchronous_commit=off", "full_page_writes=off")
}

// With passes settings of postgresql.conf, as name=value.
func With(settings ...string) Option {
	return func(o *options) { o.settings = append(o.settings, settings...) }
}

// Start makes a database cluster in dir, or uses the one that is there, and returns
// when it answers. An empty dir means a new one in the system's temporary folder,
// removed when the server stops. Run as root, the server runs as postgres or nobody,
// who must be able to reach dir.
//
// The error is [ErrNotInstalled] where the machine has no PostgreSQL.
func Start(ctx context.Context, dir string, opts ...Option) (*Process, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	bin, err := Find()
	if err != nil {
		return nil, err
	}
	who, err := findAccount()
	if err != nil {
		return nil, fmt.Errorf("postgresproc: %w", err)
	}
	temporary := dir == ""
	if temporary {
		dir, err = os.MkdirTemp("", "waba-postgres-")
	} else {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("postgresproc: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	p, err := start(ctx, bin, dir, who, temporary, o.settings)
	if err != nil && temporary {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return p, err
}

func start(ctx context.Context, bin, dir string, who account, temporary bool, settings []string) (*Process, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("postgresproc: %w", err)
	}
	if err := who.own(dir); err != nil {
		return nil, fmt.Errorf("postgresproc: %w", err)
	}
	if err := initialise(ctx, bin, dir, who); err != nil {
		return nil, err
	}
	p, err := launch(bin, dir, who, temporary, settings)
	if err != nil {
		return nil, err
	}
	if err := p.answers(ctx); err != nil {
		err = fmt.Errorf("postgresproc: %w\n%s", err, p.tail())
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

func data(dir string) string { return filepath.Join(dir, "data") }

// initialise runs initdb, unless dir has a cluster.
func initialise(ctx context.Context, bin, dir string, who account) error {
	if _, err := os.Stat(filepath.Join(data(dir), "PG_VERSION")); err == nil {
		return nil
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata", data(dir),
		"--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	cmd.Dir = dir // the account may not be able to enter ours
	who.apply(cmd)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("postgresproc: initdb: %w\n%s", err, output)
	}
	return nil
}

// script runs the server and waits for it; when the pipe at descriptor 3 ends, the
// server is told to stop at once. $1 is a folder to remove at the end, or empty.
const script = `
remove=$1; shift
"$@" 3<&- &
server=$!
( cat <&3 >/dev/null; kill -INT "$server" 2>/dev/null ) &
watch=$!
wait "$server"; code=$?
kill "$watch" 2>/dev/null; wait "$watch" 2>/dev/null
[ -z "$remove" ] || rm -rf "$remove"
exit "$code"
`

func launch(bin, dir string, who account, temporary bool, settings []string) (*Process, error) {
	remove := ""
	if temporary {
		remove = dir
	}
	args := []string{
		"-c", script, "postgresproc", remove,
		filepath.Join(bin, "postgres"), "-D", data(dir), "-k", dir, "-c", "listen_addresses=", "-c", "max_connections=300",
	}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	log, err := os.OpenFile(logFile(dir), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("postgresproc: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("postgresproc: %w", err), log.Close())
	}
	cmd := exec.Command("/bin/sh", args...) //nolint:noctx // it outlives the context of Start; Stop ends it
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{read}
	who.apply(cmd)
	startErr := cmd.Start()
	closeErr := errors.Join(read.Close(), log.Close()) // the shell has its own
	if err := errors.Join(startErr, closeErr); err != nil {
		return nil, errors.Join(fmt.Errorf("postgresproc: start: %w", err), write.Close())
	}
	p := &Process{dir: dir, lifeline: write, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.exit = cmd.Wait()
	}()
	return p, nil
}

// answers waits until the server takes connections.
func (p *Process) answers(ctx context.Context) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		conn, err := pgx.Connect(ctx, p.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ticker.C:
		case <-p.done:
			return fmt.Errorf("the server ended: %w", errors.Join(p.exit, err))
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// URL returns how to reach one database of the server, as its superuser.
func (p *Process) URL(database string) string {
	query := url.Values{"host": {p.dir}, "sslmode": {"disable"}}
	return "postgres://postgres@/" + url.PathEscape(database) + "?" + query.Encode()
}

// Done is closed when the server has ended, by [Process.Stop] or by itself.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop ends the server, whoever is connected, and waits for it. It may be called
// again.
func (p *Process) Stop() error {
	if err := p.lifeline.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("postgresproc: stop: %w", err)
	}
	select {
	case <-p.done:
		return nil // how it exited says nothing: it was told to
	case <-time.After(stopTimeout):
		return fmt.Errorf("postgresproc: the server in %s did not end within %s", p.dir, stopTimeout)
	}
}

func logFile(dir string) string { return filepath.Join(dir, "server.log") }

// tail returns the last lines of the server's log, for an error message.
func (p *Process) tail() string {
	content, err := os.ReadFile(logFile(p.dir))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}
