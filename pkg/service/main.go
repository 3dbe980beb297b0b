package service

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Serve is a service: it runs with what getenv knows until ctx ends.
type Serve func(ctx context.Context, getenv func(name string) string, stderr io.Writer, version string) error

// Main runs a service as the process that it is called in, until a signal ends it,
// and returns the exit code. Errors are on stderr.
func Main(ctx context.Context, name, version string, serve Serve) int {
	ctx, stop := UntilSignal(ctx)
	defer stop()
	err := serve(ctx, os.Getenv, os.Stderr, version)
	if err != nil {
		_, _ = fmt.Fprint(os.Stderr, Report(name, err))
	}
	return ExitCode(err)
}

// UntilSignal returns a context that ends with the first SIGINT or SIGTERM, so that
// what runs can come to its end. The second ends the process at once, with 128 and
// its number, also where whoever started it had these signals ignored. stop gives
// the signals back.
func UntilSignal(ctx context.Context) (_ context.Context, stop context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for seen := 0; ; seen++ {
			select {
			case s := <-signals:
				if number, ok := s.(syscall.Signal); ok && seen > 0 {
					os.Exit(128 + int(number))
				}
				cancel()
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
