// Package ingest carries messages off the bus into the store, in batches.
//
// A message is acknowledged only after its row is committed. A batch that the database
// does not take is tried again until it does; a batch that it refuses for its data is
// halved until the one bad message stands alone, which then becomes a row that says
// only where the message is. So no message is lost, none is stored twice, and none
// holds up those behind it.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/metric"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/services/auditlog/internal/store"
)

const (
	maxBatch      = 500                   // messages in a transaction
	window        = 35 * time.Millisecond // how long a batch may wait to grow
	appendTimeout = 2 * time.Minute       // of one try
	firstRetry    = 100 * time.Millisecond
	lastRetry     = 10 * time.Second // also how often the bus hears that a batch is still in hand
	giveUpFor     = time.Minute      // before a message that cannot be stored at all is seen again
	grace         = 8 * time.Second  // for what is in hand when Run is told to stop
)

// Appender stores entries: [store.Store].
type Appender interface {
	Append(ctx context.Context, entries []store.Entry) (stored int64, err error)
}

// Ingest reads the streams of events into a store.
type Ingest struct {
	js      jetstream.JetStream
	store   Appender
	logger  *slog.Logger
	metrics metrics
	got     chan delivery
}

// delivery is a message and what it means.
type delivery struct {
	msg    jetstream.Msg
	stored time.Time // when the bus stored it
	entry  store.Entry
	bare   bool // the entry is what was left after the database refused it
}

// New returns an ingest that reads with the durable consumers of this service, which
// must exist.
func New(js jetstream.JetStream, appender Appender, logger *slog.Logger, meter metric.Meter) (*Ingest, error) {
	m, err := newMetrics(meter)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	return &Ingest{js: js, store: appender, logger: logger, metrics: m, got: make(chan delivery, maxBatch)}, nil
}

// Streams are those that are read.
var Streams = []string{bus.Log, bus.In, bus.Timers}

// Run reads until ctx ends, then stores what it has in hand and gives the rest back
// to the bus. It fails at once where a consumer is missing at the start; what goes
// wrong later is tried again for as long as it takes. Call it once.
func (i *Ingest) Run(ctx context.Context) error {
	work, cancel := withGrace(ctx)
	defer cancel()
	sources := make([]*source, 0, len(Streams))
	for _, stream := range Streams {
		s := &source{ingest: i, stream: stream}
		if err := s.open(ctx, work); err != nil {
			for _, opened := range sources {
				opened.consume.Stop()
			}
			return err
		}
		sources = append(sources, s)
	}
	var group sync.WaitGroup
	for _, s := range sources {
		group.Go(func() { s.run(ctx, work) })
	}
	drained := make(chan struct{}) // nothing comes any more
	go func() {
		defer close(drained)
		group.Wait()
	}()
	for {
		batch := i.collect(drained)
		if len(batch) == 0 {
			return nil
		}
		i.settle(ctx, work, batch)
	}
}

// withGrace returns a context that outlives ctx by the grace.
func withGrace(ctx context.Context) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-work.Done():
		}
	})
	return work, func() { stop(); cancel() }
}

// collect returns the next batch, empty when nothing comes any more.
func (i *Ingest) collect(drained <-chan struct{}) []delivery {
	var batch []delivery
	select {
	case first := <-i.got:
		batch = append(batch, first)
	case <-drained:
		select { // both may have been true
		case first := <-i.got:
			batch = append(batch, first)
		default:
			return nil
		}
	}
	timer := time.NewTimer(window)
	defer timer.Stop()
	for len(batch) < maxBatch {
		select {
		case next := <-i.got:
			batch = append(batch, next)
		case <-timer.C:
			return batch
		}
	}
	return batch
}

// settle stores a batch and acknowledges it, however long that takes; while ctx
// lasts it is not given up.
func (i *Ingest) settle(ctx, work context.Context, batch []delivery) {
	stored, err := i.append(ctx, work, batch)
	switch {
	case err == nil:
		i.metrics.committed(work, batch, stored)
		i.acknowledge(work, batch)
		i.logger.DebugContext(work, "batch stored", "messages", len(batch), "rows", stored)
	case !store.Unstorable(err): // only when ctx has ended
		i.logger.WarnContext(work, "batch given back", "messages", len(batch), "error", err)
		for _, d := range batch {
			i.tell(work, d, d.msg.Nak)
		}
	case len(batch) > 1:
		half := len(batch) / 2
		i.settle(ctx, work, batch[:half])
		i.settle(ctx, work, batch[half:])
	case !batch[0].bare:
		i.logger.WarnContext(work, "message stored without its contents",
			"stream", batch[0].entry.Stream, "seq", batch[0].entry.StreamSeq, "error", err)
		i.metrics.troubled(work, batch[0].entry.Stream, unstorable)
		bare := batch[0]
		bare.entry, bare.bare = bare.entry.Bare(), true
		i.settle(ctx, work, []delivery{bare})
	default:
		i.logger.ErrorContext(work, "message cannot be stored at all",
			"stream", batch[0].entry.Stream, "seq", batch[0].entry.StreamSeq, "error", err)
		i.tell(work, batch[0], func() error { return batch[0].msg.NakWithDelay(giveUpFor) })
	}
}

// append tries to store a batch until it is stored, until the database refuses it for
// what it is, or until ctx has ended and a try has failed.
func (i *Ingest) append(ctx, work context.Context, batch []delivery) (stored int64, err error) {
	entries := make([]store.Entry, len(batch))
	for n, d := range batch {
		entries[n] = d.entry
	}
	wait, told := firstRetry, time.Now()
	for tries := 1; ; tries++ {
		stored, err = i.try(work, entries)
		if err == nil && tries > 1 {
			i.logger.InfoContext(work, "database takes rows again", "tries", tries)
		}
		if err == nil || store.Unstorable(err) || ctx.Err() != nil {
			return stored, err
		}
		i.metrics.failed(work)
		if tries == 1 {
			i.logger.WarnContext(work, "database takes no rows; trying again", "messages", len(batch), "error", err)
		}
		timer := time.NewTimer(wait/2 + rand.N(wait/2)) //nolint:gosec // not a secret
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
		if time.Since(told) >= lastRetry {
			told = time.Now()
			for _, d := range batch {
				i.tell(work, d, d.msg.InProgress)
			}
		}
		wait = min(2*wait, lastRetry)
	}
}

func (i *Ingest) try(work context.Context, entries []store.Entry) (int64, error) {
	ctx, cancel := context.WithTimeout(work, appendTimeout)
	defer cancel()
	return i.store.Append(ctx, entries)
}

func (i *Ingest) acknowledge(ctx context.Context, batch []delivery) {
	for _, d := range batch {
		i.tell(ctx, d, d.msg.Ack)
	}
}

// tell sends a verdict to the bus. One that does not arrive only makes the message
// come again, and it is stored once.
func (i *Ingest) tell(ctx context.Context, d delivery, verdict func() error) {
	if err := verdict(); err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		i.logger.DebugContext(ctx, "verdict not sent", "stream", d.entry.Stream, "seq", d.entry.StreamSeq, "error", err)
	}
}
