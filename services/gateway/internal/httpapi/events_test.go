package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// sse is one server-sent event.
type sse struct {
	id   string
	name string
	data map[string]any
}

// stream is an open stream of events.
type stream struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Scanner
	hangUp   context.CancelFunc
}

func (w *world) stream(path, lastEventID string) *stream {
	w.t.Helper()
	ctx, hangUp := context.WithCancel(w.t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+path, nil)
	require.NoError(w.t, err)
	request.Header.Set("Authorization", "Bearer "+w.key)
	if lastEventID != "" {
		request.Header.Set("Last-Event-ID", lastEventID)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request) //nolint:bodyclose // the stream's close does
	require.NoError(w.t, err)
	s := &stream{t: w.t, response: response, lines: bufio.NewScanner(response.Body), hangUp: hangUp}
	w.t.Cleanup(s.close)
	return s
}

func (s *stream) close() {
	s.hangUp()
	_ = s.response.Body.Close()
}

// next returns the next event; ok is false when the stream has ended.
func (s *stream) next() (e sse, ok bool) {
	s.t.Helper()
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			require.NoError(s.t, json.Unmarshal([]byte(value), &e.data))
		case "":
			if e.data != nil {
				return e, true
			}
		}
	}
	return sse{}, false
}

// types reads events until the stream ends or count were read.
func (s *stream) types(count int) (types []string, last sse) {
	s.t.Helper()
	for len(types) < count {
		e, ok := s.next()
		if !ok {
			return types, last
		}
		last = e
		if e.name != "" {
			types = append(types, e.name)
			continue
		}
		types = append(types, e.data["type"].(string))
	}
	return types, last
}

func TestEventsStreamTheWholeTimelineAndResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, other := newRestaurant(), newRestaurant()
	path := integrationPath(id) + "/events"
	w.get(path).problem(http.StatusNotFound, errcode.NoSuchRun)

	w.decide(id, bus.Input{}, started("h"))
	w.decide(other, bus.Input{}, started("h"))
	second := w.decide(id, bus.Input{}, exchanged())

	live := w.stream(path, "")
	require.Equal(t, http.StatusOK, live.response.StatusCode)
	require.Equal(t, "text/event-stream", live.response.Header.Get("Content-Type"))
	require.Equal(t, "no-store", live.response.Header.Get("Cache-Control"))
	types, last := live.types(2)
	require.Equal(t, []string{"waba.OnboardingStarted.v1", "waba.TokenExchanged.v1"}, types)
	require.Equal(t, strconv.FormatUint(second, 10), last.id)
	require.Equal(t, string(id), last.data["subject"])
	require.Equal(t, "in_progress", last.data["status"].(map[string]any)["status"])

	w.decide(other, bus.Input{}, exchanged())
	w.decide(id, bus.Input{}, checked())
	third, ok := live.next()
	require.True(t, ok)
	require.Equal(t, "waba.TokenChecked.v1", third.data["type"])
	live.close()

	w.decide(id, bus.Input{}, discovered(event.StrategyBusiness))
	resumed := w.stream(path, third.id)
	types, _ = resumed.types(1)
	require.Equal(t, []string{"waba.WabaDiscovered.v1"}, types, "nothing twice, nothing left out")
	w.decide(id, bus.Input{}, ready())
	types, last = resumed.types(3)
	require.Equal(t, []string{"waba.WabaReady.v1", "done"}, types)
	_, more := resumed.next()
	require.False(t, more, "the stream ends with the run")

	gone := w.stream(path, last.id)
	require.Equal(t, http.StatusNoContent, gone.response.StatusCode)
	whole := w.stream(path, "")
	types, _ = whole.types(100)
	require.Len(t, types, 6)
	require.Equal(t, "done", types[5])

	for _, bad := range []string{"x", "-1", "1.5"} {
		w.get(path, header{"Last-Event-ID": bad}).problem(http.StatusUnprocessableEntity, errcode.InvalidInput)
	}
}

func TestAnEndInThePastDoesNotEndAStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	w.decide(id, bus.Input{}, expired(nil))
	w.decide(id, bus.Input{}, started("h2"))
	s := w.stream(integrationPath(id)+"/events", "")
	types, _ := s.types(3)
	require.Equal(t, []string{"waba.OnboardingStarted.v1", "waba.OnboardingFailed.v1", "waba.OnboardingStarted.v1"}, types)
	w.decide(id, bus.Input{}, expired(nil))
	types, _ = s.types(10)
	require.Equal(t, []string{"waba.OnboardingFailed.v1", "done"}, types)
}

func TestStreamsEndWithTheProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	s := w.stream(integrationPath(id)+"/events", "")
	_, ok := s.next()
	require.True(t, ok)
	w.drain()
	_, ok = s.next()
	require.False(t, ok)
}
