package meta_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

func proofOf(text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// fickle is a server that answers the first request on a connection and closes it
// after it has read the second.
type fickle struct {
	net.Listener

	mu    sync.Mutex
	asked []string
	wait  sync.WaitGroup
}

func newFickle(t testing.TB) *fickle {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f := &fickle{Listener: listener}
	f.wait.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			f.wait.Go(func() { f.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		f.wait.Wait()
	})
	return f
}

func (f *fickle) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	for n := range 2 {
		r, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		f.mu.Lock()
		f.asked = append(f.asked, r.Method+" "+r.URL.Path)
		f.mu.Unlock()
		if n == 0 && !strings.Contains(r.URL.Path, "oauth") {
			body := `{"id":"12200001"}`
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			continue
		}
		return
	}
}

func (f *fickle) count(request string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, asked := range f.asked {
		if asked == request {
			n++
		}
	}
	return n
}

func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	for _, tt := range calls {
		if !tt.effect {
			continue
		}
		t.Run(tt.name+" on a connection that breaks after it was read", func(t *testing.T) {
			t.Parallel()
			f := newFickle(t)
			c := newClient(t, "http://"+f.Addr().String())
			_, err := c.ClientBusiness(t.Context(), token) // the connection is warm now
			require.NoError(t, err)
			_, err = tt.do(t, c)
			require.Equal(t, event.ClassUnanswered, failure(t, err).Class)
			require.Equal(t, meta.ReasonCut, failure(t, err).Reason)
			require.Equal(t, 1, f.count(tt.method+" "+tt.path))
		})
	}

	t.Run("while a read may be", func(t *testing.T) {
		t.Parallel()
		f := newFickle(t)
		c := newClient(t, "http://"+f.Addr().String())
		for range 2 {
			_, err := c.ClientBusiness(t.Context(), token)
			require.NoError(t, err)
		}
	})
}

func TestExchangeHasAConnectionOfItsOwn(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	from := map[string]int{}
	g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		from[r.RemoteAddr]++
		mu.Unlock()
		says(200, `{"access_token":"t"}`)(w, r)
	})
	c := newClient(t, g.URL)
	for range 3 {
		_, err := c.Exchange(t.Context(), seal.NewSecret(code), "")
		require.NoError(t, err)
	}
	require.Len(t, from, 3)
	for _, r := range g.requests() {
		require.False(t, r.Query.Has("redirect_uri"))
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()

	everyCall := func(t *testing.T, c *meta.Client, reasons ...meta.Reason) {
		t.Helper()
		for _, call := range calls {
			_, err := call.do(t, c)
			f := failure(t, err)
			require.Equal(t, event.ClassUnreachable, f.Class, "%s: %v", call.name, err)
			require.Contains(t, reasons, f.Reason, call.name)
			require.Zero(t, f.HTTPStatus)
		}
	}

	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		everyCall(t, newClient(t, server.URL), meta.ReasonDial)
	})
	t.Run("a certificate that is not trusted", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		server.StartTLS()
		t.Cleanup(server.Close)
		everyCall(t, newClient(t, server.URL), meta.ReasonTLS)
	})
	t.Run("plain http where TLS should be", func(t *testing.T) {
		t.Parallel()
		g := newGraph(t, says(200, `{}`))
		everyCall(t, newClient(t, strings.Replace(g.URL, "http:", "https:", 1)), meta.ReasonTLS)
		require.Empty(t, g.requests())
	})
	t.Run("a name that does not exist", func(t *testing.T) {
		t.Parallel()
		everyCall(t, newClient(t, "https://graph.invalid"), meta.ReasonDNS, meta.ReasonTimeout)
	})
	t.Run("a caller that has left", func(t *testing.T) {
		t.Parallel()
		g := newGraph(t, says(200, `{}`))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newClient(t, g.URL).CreateAccount(ctx, token, event.StrategyAccounts, business, noon)
		require.Equal(t, event.ClassUnreachable, failure(t, err).Class)
		require.Equal(t, meta.ReasonAbandoned, failure(t, err).Reason)
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, g.requests())
	})
}

func TestSilence(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter){
		"no answer":           func(http.ResponseWriter) {},
		"headers and no more": func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK); _ = http.NewResponseController(w).Flush() },
		"half of a body": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, `{"id":`)
			_ = http.NewResponseController(w).Flush()
		},
		"an error that stalls": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadRequest)
			_ = http.NewResponseController(w).Flush()
		},
	} {
		t.Run(name+" ends at the call's own limit", func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			g := newGraph(t, func(w http.ResponseWriter, _ *http.Request) {
				answer(w)
				<-release
			})
			defer close(release)
			c := newClient(t, g.URL, func(config *meta.Config) { config.CallTimeout = 100 * time.Millisecond })
			_, err := c.CreateAccount(t.Context(), token, event.StrategyAccounts, business, noon)
			f := failure(t, err)
			require.Equal(t, event.ClassUnanswered, f.Class)
			require.Equal(t, meta.ReasonTimeout, f.Reason)
			require.NoError(t, errors.Unwrap(err), "the caller did not give up")
			require.Len(t, g.requests(), 1)
		})
	}

	t.Run("ends when the caller leaves, and says that it did", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		g := newGraph(t, func(http.ResponseWriter, *http.Request) {
			cancel()
			<-release
		})
		defer close(release)
		_, err := newClient(t, g.URL).CreateAccount(ctx, token, event.StrategyAccounts, business, noon)
		f := failure(t, err)
		require.Equal(t, event.ClassUnanswered, f.Class)
		require.Equal(t, meta.ReasonAbandoned, f.Reason)
		require.ErrorIs(t, err, context.Canceled)
	})

	t.Run("of some does not hold up the others", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "phone_numbers") {
				<-release
			}
			says(200, `{"client_business_id":"777000111222333","data":[]}`)(w, r)
		})
		c := newClient(t, g.URL)
		var stalled sync.WaitGroup
		for range 100 {
			stalled.Go(func() { _, _ = c.PhoneNumbers(t.Context(), token, waba) })
		}
		require.Eventually(t, func() bool { return len(g.requests()) == 100 }, 10*time.Second, time.Millisecond)
		_, err := c.ClientBusiness(t.Context(), token)
		require.NoError(t, err)
		close(release)
		stalled.Wait()
	})
}

func TestVersionMismatchIsSaidOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	served := []string{"v22.0", "", "v99.0\nx", "v25.0", "v25.0", "v26.0"}
	g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Facebook-Api-Version", served[0])
		served = served[1:]
		says(200, `{}`)(w, r)
	})
	c := newClient(t, g.URL, func(config *meta.Config) { config.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	for range served {
		_, err := c.ClientBusiness(t.Context(), token)
		require.NoError(t, err)
	}
	require.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log.String())
	require.Contains(t, log.String(), "asked=v22.0 served=v25.0")
}
