// Package natsserver runs a NATS server with JetStream in this process, for the
// all-in-one binary and for tests.
package natsserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Options say how the server runs.
type Options struct {
	Dir       string // where it keeps its streams; it is locked while the server runs
	Addr      string // host:port to listen on; port 0 picks one; empty: in-process connections only
	LazySync  bool   // do not sync each write: acknowledged messages are lost in a power cut
	MaxStore  int64  // bytes; 0: 64 GiB
	Users     []*server.User
	NoAuthUse string       // user of connections that bring no credentials
	Logger    *slog.Logger // hears what the server warns of; nil: nobody does
}

// Server is a running server.
type Server struct {
	nats *server.Server
	lock *os.File
}

// ErrLocked says that another process uses the folder.
var ErrLocked = errors.New("folder is in use by another process")

// Start starts a server and returns once it accepts connections.
func Start(ctx context.Context, options Options) (*Server, error) {
	lock, err := lockFolder(options.Dir)
	if err != nil {
		return nil, err
	}
	config := &server.Options{
		ServerName:        "waba",
		JetStream:         true,
		StoreDir:          options.Dir,
		SyncAlways:        !options.LazySync,
		JetStreamMaxStore: options.MaxStore,
		NoSigs:            true,
		NoLog:             true,
		MaxPayload:        4 << 20, // a webhook of Meta has up to 3 MiB
		DontListen:        options.Addr == "",
		Users:             options.Users,
		NoAuthUser:        options.NoAuthUse,
	}
	if config.JetStreamMaxStore == 0 {
		config.JetStreamMaxStore = 64 << 30
	}
	if options.Addr != "" {
		host, port, err := net.SplitHostPort(options.Addr)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("nats address %q: %w", options.Addr, err), lock.Close())
		}
		config.Host = host
		config.Port, err = strconv.Atoi(port)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("nats address %q: port is no number", options.Addr), lock.Close())
		}
		if config.Port == 0 {
			config.Port = server.RANDOM_PORT
		} else if err := probe(ctx, options.Addr); err != nil {
			return nil, errors.Join(err, lock.Close())
		}
	}
	s, err := server.NewServer(config)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("nats server: %w", err), lock.Close())
	}
	words := &log{logger: options.Logger}
	s.SetLogger(words, false, false)
	if err := start(ctx, s, words); err != nil {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, errors.Join(fmt.Errorf("nats server: %w", err), lock.Close())
	}
	return &Server{nats: s, lock: lock}, nil
}

// start returns once the server accepts connections or cannot. It reads all streams
// first (a million events in well under a second), and is not cut short: a server
// that is shut down while it starts goes on using its folder.
func start(ctx context.Context, s *server.Server, words *log) error {
	s.Start()
	if cause := words.cause(); cause != "" {
		return errors.New(cause)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !s.ReadyForConnections(5 * time.Second) {
		return errors.New("it does not accept connections")
	}
	return nil
}

// URL returns where the server listens; empty for in-process connections only.
func (s *Server) URL() string {
	addr, ok := s.nats.Addr().(*net.TCPAddr)
	if !ok {
		return ""
	}
	return "nats://" + addr.String()
}

// InProcess connects without a network.
func (s *Server) InProcess() nats.Option { return nats.InProcessServer(s.nats) }

// Close stops the server and waits until its files are closed. Connections die
// with it; close them first.
func (s *Server) Close() error {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
	return s.lock.Close()
}

// lockFolder makes the folder and locks it: nothing in the server keeps two of
// them from writing the same files.
func lockFolder(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("nats folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("nats folder lock: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", dir, ErrLocked), lock.Close())
	}
	return lock, nil
}

// probe says early and in plain words that a port is busy: the server itself
// would only log it.
func probe(ctx context.Context, addr string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("nats address: %w", err)
	}
	return listener.Close()
}
