package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
)

const (
	prefetch = 500             // messages of a stream that may wait in this process
	pulse    = 5 * time.Second // how often the bus says that it is there while it has nothing
)

// source reads one stream. What it is given goes to got, until work ends.
type source struct {
	ingest  *Ingest
	stream  string
	consume jetstream.ConsumeContext
}

// open binds to the consumer and starts to read.
func (s *source) open(ctx, work context.Context) error {
	consumer, err := s.ingest.js.Consumer(ctx, s.stream, bus.DurableAuditlog)
	if err != nil {
		return fmt.Errorf("ingest: consumer %s of %s: %w", bus.DurableAuditlog, s.stream, err)
	}
	s.consume, err = consumer.Consume(
		func(msg jetstream.Msg) { s.take(work, msg) },
		jetstream.PullMaxMessages(prefetch),
		jetstream.PullHeartbeat(pulse),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			s.ingest.logger.WarnContext(work, "reading is disturbed", "stream", s.stream, "error", err)
		}),
	)
	if err != nil {
		return fmt.Errorf("ingest: consume %s: %w", s.stream, err)
	}
	return nil
}

// run returns when ctx has ended and everything that was read is taken. Reading that
// ends by itself, as when the consumer is made anew, is begun again.
func (s *source) run(ctx, work context.Context) {
	for {
		select {
		case <-s.consume.Closed():
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		s.ingest.logger.ErrorContext(ctx, "reading has ended; beginning again", "stream", s.stream)
		if !s.reopen(ctx, work) {
			return
		}
	}
	s.consume.Drain()
	select {
	case <-s.consume.Closed():
	case <-work.Done():
		s.consume.Stop()
	}
}

// reopen tries to open until it succeeds; false: ctx has ended first.
func (s *source) reopen(ctx, work context.Context) bool {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
		err := s.open(ctx, work)
		if err == nil {
			return true
		}
		s.ingest.logger.ErrorContext(ctx, "reading cannot begin", "stream", s.stream, "error", err)
	}
}

// take decodes a message and passes it on.
func (s *source) take(work context.Context, msg jetstream.Msg) {
	about, err := msg.Metadata()
	if err != nil { // not from a consumer: nobody else knows this inbox
		s.ingest.logger.ErrorContext(work, "message of no stream", "stream", s.stream, "error", err)
		return
	}
	m := message{
		stream:  about.Stream,
		seq:     about.Sequence.Stream,
		subject: msg.Subject(),
		body:    msg.Data(),
		stored:  about.Timestamp,
	}
	if s.stream == bus.Log { // every decision carries one
		m.state = []byte(msg.Headers().Get(event.StateHeader))
	}
	entry, odd := read(m)
	if odd != "" {
		s.ingest.metrics.troubled(work, m.stream, odd)
		s.ingest.logger.WarnContext(work, "message is not as it should be", "stream", m.stream, "seq", m.seq, "reason", odd)
	}
	s.ingest.metrics.waiting(work, m.stream, about.NumPending)
	d := delivery{msg: msg, entry: entry, stored: about.Timestamp}
	select {
	case s.ingest.got <- d:
	case <-work.Done():
		s.ingest.tell(work, d, msg.Nak)
	}
}
