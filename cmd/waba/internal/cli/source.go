package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
)

// since is where reading begins; the zero value is now.
type since struct {
	all bool
	at  time.Time
}

// source is a part of a stream that is read, from some time on.
type source struct {
	stream   string
	subjects []string
	since    since
}

// record is an event as it stands in its stream.
type record struct {
	subject string
	body    []byte
	state   string // event.StateHeader; empty: it is no decision
}

// read hands records over, in order, until ctx ends.
func (s source) read(ctx context.Context, js jetstream.JetStream, records chan<- record) error {
	read := s.consume
	if s.stream == bus.In {
		read = s.look // nobody may make consumers there
	}
	if err := read(ctx, js, records); err != nil && ctx.Err() == nil {
		return fmt.Errorf("read %s: %w", s.stream, err)
	}
	return nil
}

// consume reads with a consumer.
func (s source) consume(ctx context.Context, js jetstream.JetStream, records chan<- record) error {
	settings := jetstream.OrderedConsumerConfig{FilterSubjects: s.subjects, DeliverPolicy: jetstream.DeliverNewPolicy}
	switch {
	case s.since.all:
		settings.DeliverPolicy = jetstream.DeliverAllPolicy
	case !s.since.at.IsZero():
		settings.DeliverPolicy, settings.OptStartTime = jetstream.DeliverByStartTimePolicy, &s.since.at
	}
	consumer, err := js.OrderedConsumer(ctx, s.stream, settings)
	if err != nil {
		return err
	}
	consuming, err := consumer.Consume(func(msg jetstream.Msg) {
		select {
		case records <- record{subject: msg.Subject(), body: msg.Data(), state: msg.Headers().Get(event.StateHeader)}:
		case <-ctx.Done():
		}
	})
	if err != nil {
		return err
	}
	defer consuming.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-consuming.Closed():
		return errors.New("the bus has ended it")
	}
}

// lookAgain is how long nothing new is looked for.
const lookAgain = 200 * time.Millisecond

// look reads message by message, and looks again for what comes.
func (s source) look(ctx context.Context, js jetstream.JetStream, records chan<- record) error {
	stream, err := js.Stream(ctx, s.stream)
	if err != nil {
		return err
	}
	next, err := s.first(ctx, stream)
	if err != nil {
		return err
	}
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		msg, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject("waba.in.*.*"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			select {
			case <-again.C:
				continue
			case <-ctx.Done():
				return nil
			}
		}
		if err != nil {
			return err
		}
		next = msg.Sequence + 1
		if !slices.ContainsFunc(s.subjects, func(filter string) bool { return matches(filter, msg.Subject) }) {
			continue
		}
		select {
		case records <- record{subject: msg.Subject, body: msg.Data}:
		case <-ctx.Done():
			return nil
		}
	}
}

// first returns the place of the first message since the time that was asked for.
func (s source) first(ctx context.Context, stream jetstream.Stream) (uint64, error) {
	state := stream.CachedInfo().State
	switch {
	case s.since.all:
		return max(1, state.FirstSeq), nil
	case s.since.at.IsZero() || state.Msgs == 0:
		return state.LastSeq + 1, nil
	}
	var failed error
	offset := sort.Search(int(state.LastSeq-state.FirstSeq)+1, func(i int) bool { //nolint:gosec // streams are shorter than that
		msg, err := stream.GetMsg(ctx, state.FirstSeq+uint64(i), jetstream.WithGetMsgSubject("waba.in.*.*"))
		if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			failed = err
		}
		return err != nil || !msg.Time.Before(s.since.at)
	})
	return state.FirstSeq + uint64(offset), failed
}

// matches says whether a filter, in which a restaurant may be "*", has a subject.
func matches(filter, subject string) bool {
	wantFamily, wantID, wantName := cutSubject(filter)
	family, id, name := cutSubject(subject)
	return family == wantFamily && name == wantName && (wantID == "*" || wantID == id)
}

func cutSubject(subject string) (family, id, name string) {
	parts := strings.SplitN(subject, ".", 4)
	if len(parts) < 4 {
		return "", "", ""
	}
	return parts[1], parts[2], parts[3]
}
