package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// profiling takes a CPU profile of the system until the returned function is called,
// and then one of its memory. It does nothing when no profiles were asked for.
func (b *bench) profiling(ctx context.Context, sys *system, name string) (stop func() error, err error) {
	if b.profile == "" {
		return func() error { return nil }, nil
	}
	if err := os.MkdirAll(b.profile, 0o755); err != nil { //nolint:gosec // nothing secret
		return nil, err
	}
	// The profile has a fixed length: a round's, at most.
	seconds := int(b.plan.drainTime / time.Second)
	ended := make(chan error, 1)
	go func() {
		ended <- fetch(ctx, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", sys.profiler, seconds),
			filepath.Join(b.profile, name+"-cpu.prof"))
	}()
	return func() error {
		err := <-ended
		return errors.Join(err, fetch(ctx, "http://"+sys.profiler+"/debug/pprof/allocs", filepath.Join(b.profile, name+"-allocs.prof")))
	}, nil
}

// fetch writes what an address answers into a file.
func fetch(ctx context.Context, url, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: status %d", response.StatusCode)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, response.Body)
	return errors.Join(err, file.Close())
}
