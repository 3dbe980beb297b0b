package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/live"
)

const (
	maxStreams     = 2000 // of one gateway, at once
	streamBeat     = 15 * time.Second
	streamPatience = 10 * time.Second // a reader that takes nothing for so long is cut
	streamRetry    = 2 * time.Second  // before a browser connects again
)

// streams counts the open streams.
type streams struct{ open atomic.Int64 }

// newStreams also makes the metrics of those who wait.
func newStreams(metrics metric.MeterProvider, feed *live.Feed) (*streams, error) {
	s := &streams{}
	meter := metrics.Meter("github.com/waba-platform/onboarding/services/gateway")
	clients, err := meter.Int64ObservableUpDownCounter("waba.gateway.sse_clients",
		metric.WithDescription("Open streams of server-sent events."), metric.WithUnit("{client}"))
	if err != nil {
		return nil, fmt.Errorf("metric: %w", err)
	}
	waiters, err := meter.Int64ObservableUpDownCounter("waba.gateway.waiters",
		metric.WithDescription("Requests and streams that wait for decisions."), metric.WithUnit("{waiter}"))
	if err != nil {
		return nil, fmt.Errorf("metric: %w", err)
	}
	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(clients, s.open.Load())
		o.ObserveInt64(waiters, int64(feed.Watching()))
		return nil
	}, clients, waiters)
	if err != nil {
		return nil, fmt.Errorf("metric: %w", err)
	}
	return s, nil
}

// enter counts a stream in; ok is false when there are too many.
func (s *streams) enter() (ok bool) {
	if s.open.Add(1) <= maxStreams {
		return true
	}
	s.leave()
	return false
}

func (s *streams) leave() { s.open.Add(-1) }

// entry is what an event of a stream says: the decision as a CloudEvent, and where
// the integration stood after it.
type entry struct {
	event.Envelope
	Status statusDocument `json:"status"`
}

// events streams a restaurant's decisions: all that are recorded, then each as it
// is recorded. The log itself is read, so nothing is left out and nothing comes
// twice; the feed only says when to read on.
func (c *call) events() error {
	id, err := c.restaurantInPath()
	if err != nil {
		return err
	}
	after, err := c.lastEventID()
	if err != nil {
		return err
	}
	if _, _, err := c.standing(id); err != nil {
		return err
	}
	head, err := c.story.Head(c.context(), id)
	if err != nil {
		return unavailable(err)
	}
	if !head.None() && head.Seq <= after && head.Snapshot.Status.Ended() {
		c.w.WriteHeader(http.StatusNoContent) // a browser then stops to connect again
		return nil
	}
	header := c.w.Header()
	if c.onlyLooks() {
		header.Set("Content-Type", "text/event-stream")
		c.w.WriteHeader(http.StatusOK)
		return nil
	}
	if !c.streams.enter() {
		return &problem{code: errcode.TooManyRequests, restaurant: id, retryAfter: streamBeat}
	}
	defer c.streams.leave()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no")
	out := &eventWriter{w: c.w, control: http.NewResponseController(c.w)}
	c.w.WriteHeader(http.StatusOK)
	_ = out.control.SetReadDeadline(time.Time{}) // the request is read
	out.line("retry: %d\n\n", streamRetry.Milliseconds())
	c.stream(id, after, out)
	return nil
}

// lastEventID returns the place after which a stream goes on.
func (c *call) lastEventID() (uint64, error) {
	text := c.r.Header.Get("Last-Event-ID")
	if text == "" {
		return 0, nil
	}
	after, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, invalid("Last-Event-ID", "is not an id of this stream")
	}
	return after, nil
}

// stream writes until the run is over, the caller or the process goes away, or
// the log cannot be read; the caller then comes back for the rest.
func (c *call) stream(id event.RestaurantID, after uint64, out *eventWriter) {
	watch := c.Feed.Watch(id)
	defer func() { watch.Close() }()
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for out.err == nil {
		last, over, err := c.recorded(id, after, out)
		if err != nil {
			if c.context().Err() == nil { // else it is the caller who has gone
				c.Logger.WarnContext(c.context(), "stream is cut", "restaurant_id", id, "error", err)
			}
			return
		}
		if over {
			out.event(last, "done", []byte("{}"))
			return
		}
		after = last
		select {
		case d, ok := <-watch.Decisions():
			for ok && d.Seq <= after && len(watch.Decisions()) > 0 {
				d, ok = <-watch.Decisions()
			}
			if !ok {
				watch = c.Feed.Watch(id)
			}
		case <-beat.C:
			out.line(": beat\n\n")
		case <-c.Draining:
			return
		case <-c.context().Done():
			return
		}
	}
}

// recorded writes what is recorded after a place, and returns the new place; over
// is true when the last of it ends a run.
func (c *call) recorded(id event.RestaurantID, after uint64, out *eventWriter) (last uint64, over bool, err error) {
	for last = after; out.err == nil; {
		d, ok, err := c.story.Next(c.context(), id, last)
		if err != nil {
			return last, false, err
		}
		if !ok {
			return last, over, nil
		}
		text, err := json.Marshal(entry{Envelope: d.Envelope, Status: c.document(d.Snapshot, d.Seq)})
		if err != nil {
			return last, false, fmt.Errorf("encode event %d: %w", d.Seq, err)
		}
		out.event(d.Seq, "", text)
		last, over = d.Seq, d.Snapshot.Status.Ended()
	}
	return last, false, nil
}

// eventWriter writes server-sent events. After an error it writes nothing more.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

// event writes one event; JSON has no line breaks. Without a name it is a "message".
func (e *eventWriter) event(id uint64, name string, data []byte) {
	var text bytes.Buffer
	fmt.Fprintf(&text, "id: %d\n", id)
	if name != "" {
		fmt.Fprintf(&text, "event: %s\n", name)
	}
	fmt.Fprintf(&text, "data: %s\n\n", data)
	e.write(text.Bytes())
}

func (e *eventWriter) line(format string, args ...any) { e.write(fmt.Appendf(nil, format, args...)) }

func (e *eventWriter) write(text []byte) {
	if e.err != nil {
		return
	}
	_ = e.control.SetWriteDeadline(time.Now().Add(streamPatience)) // where there are none, there is nothing to bound
	if _, e.err = e.w.Write(text); e.err == nil {
		e.err = e.control.Flush()
	}
}
