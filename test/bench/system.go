package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/waba-platform/onboarding/metasim"
)

// system is `waba dev` with a data folder of its own, against the simulator.
type system struct {
	*process
	HTTP string `json:"http"`
	NATS string `json:"nats"`

	dir      string // its data folder
	database string // URL
	profiler string // address; empty: none
	client   *http.Client
	tag      string // makes its codes unlike any other's
	number   atomic.Int64
	accepted atomic.Int64
}

// setup is what a system is started with.
type setup struct {
	binary   string
	graph    string
	dir      string // of everything that it writes; must not exist
	database string // URL; empty: SQLite in the data folder
	lazy     bool
	profiled bool
}

// launch starts a system without waiting for it.
func launch(ctx context.Context, s setup) (*system, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	// Addresses of our choosing let a caller knock before the system says where it is.
	addresses, err := freeAddresses(ctx, 4)
	if err != nil {
		return nil, err
	}
	sys := &system{
		HTTP: "http://" + addresses[0], NATS: "nats://" + addresses[2],
		dir: filepath.Join(s.dir, "data"), database: s.database, tag: uuid.NewString()[:8],
		client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 4 * posters, MaxConnsPerHost: 4 * posters}},
	}
	environment := []string{
		"WABA_LOG_LEVEL=warn", "DATABASE_URL=" + s.database, "NATS_URL=", "META_GRAPH_API_BASE=",
		fmt.Sprintf("WABA_ALLOW_LAZY_SYNC=%t", s.lazy),
	}
	if s.database == "" {
		sys.database = "sqlite://" + filepath.Join(sys.dir, "waba.db")
	}
	if s.profiled {
		sys.profiler = addresses[3]
		environment = append(environment, profilerAddress+"="+sys.profiler)
	}
	sys.process, err = start(ctx, filepath.Join(s.dir, "waba.log"), s.binary, environment, "dev",
		"--http", addresses[0], "--admin", addresses[1], "--nats", addresses[2],
		"--graph", s.graph, "--data-dir", sys.dir)
	return sys, err
}

// open starts a system and returns when it has taken its first code, and how long
// that took from the start of the process.
func open(ctx context.Context, s setup) (*system, time.Duration, error) {
	began := time.Now()
	sys, err := launch(ctx, s)
	if err != nil {
		return nil, 0, err
	}
	err = sys.until(ctx, func() (bool, error) {
		answer, err := sys.post(ctx, true)
		if err != nil {
			return false, nil //nolint:nilerr // not yet
		}
		return answer.status == http.StatusAccepted, nil
	})
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("start: %w", err), sys.stop())
	}
	return sys, time.Since(began), nil
}

// answer is what a POST came to.
type answer struct {
	restaurant string
	code       string
	status     int
	body       string // of what is neither 200 nor 202
	took       time.Duration
}

// post posts a new code for a new restaurant and waits for the outcome, or only
// until the code is durable.
func (s *system) post(ctx context.Context, async bool) (answer, error) {
	a := answer{restaurant: uuid.NewString()}
	a.code = fmt.Sprintf("demo-creates-2b-%s-%d", s.tag, s.number.Add(1))
	body := fmt.Sprintf(`{"code":%q,"state":"dev","restaurant_id":%q}`, a.code, a.restaurant)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.HTTP+"/api/whatsapp/waba/complete-flow", strings.NewReader(body))
	if err != nil {
		return a, err
	}
	request.Header.Set("Content-Type", "application/json")
	if async {
		request.Header.Set("Prefer", "respond-async")
	}
	began := time.Now()
	response, err := s.client.Do(request)
	if err != nil {
		return a, err
	}
	said, err := io.ReadAll(response.Body)
	a.took = time.Since(began)
	err = errors.Join(err, response.Body.Close())
	a.status = response.StatusCode
	if a.status != http.StatusOK && a.status != http.StatusAccepted {
		a.body = string(said)
		return a, err
	}
	s.accepted.Add(1)
	return a, err
}

// must turns an answer with another status than the wanted one into an error.
func (a answer) must(status int) error {
	if a.status != status {
		return fmt.Errorf("status %d and not %d: %s", a.status, status, a.body)
	}
	return nil
}

// simulator is the simulated Meta, in a process of its own.
type simulator struct {
	*process
	url string
}

func openSimulator(ctx context.Context, binary, dir string) (*simulator, error) {
	addresses, err := freeAddresses(ctx, 1)
	if err != nil {
		return nil, err
	}
	s := &simulator{url: "http://" + addresses[0]}
	s.process, err = start(ctx, filepath.Join(dir, "simulator.log"), binary, nil, "simulator", "--addr", addresses[0])
	if err != nil {
		return nil, err
	}
	err = s.until(ctx, func() (bool, error) {
		_, err := s.ledger(ctx, "nobody")
		return err == nil, nil
	})
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// ledger returns the calls that were made on behalf of a code, in order.
func (s *simulator) ledger(ctx context.Context, code string) ([]metasim.Entry, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/_simulator/ledger?code="+string(metasim.KeyOf(code)), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }() // only read
	var got struct {
		Entries []metasim.Entry `json:"entries"`
	}
	return got.Entries, json.NewDecoder(response.Body).Decode(&got)
}

// freeAddresses returns loopback addresses that nobody listens on now.
func freeAddresses(ctx context.Context, n int) ([]string, error) {
	var addresses []string
	for range n {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = listener.Close() }() // all at once, so that they differ
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}

// sizeOf returns how many bytes the files below a folder have.
func sizeOf(dir string) (int64, error) {
	var size int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return ignoreGone(err)
		}
		info, err := entry.Info()
		if err != nil {
			return ignoreGone(err)
		}
		size += info.Size()
		return nil
	})
	return size, err
}

// ignoreGone lets files come and go while they are counted.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
