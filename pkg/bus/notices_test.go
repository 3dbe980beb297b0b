package bus_test

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

func TestANoticeIsPublishedOnceHoweverManyPublishIt(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	history := open(t, js)
	var first atomic.Int64
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for n := range 10 {
				for {
					is, err := history.PublishNotice(t.Context(), js, meta("n-"+strconv.Itoa(n)), event.MetaNotified{Field: "account_update"})
					if errors.Is(err, bus.ErrLost) {
						continue
					}
					if err != nil {
						t.Error(err)
					}
					if is {
						first.Add(1)
					}
					break
				}
			}
		})
	}
	group.Wait()
	require.EqualValues(t, 10, first.Load())
	stream, err := js.Stream(t.Context(), bus.In)
	require.NoError(t, err)
	require.EqualValues(t, 10, stream.CachedInfo().State.Msgs)
}

// The server forgets message ids after two minutes; a webhook may be routed again
// later than that.
func TestANoticeNamesThoseBeforeIt(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	history := open(t, js)
	notice := event.MetaNotified{Field: "account_update", Recent: []string{"an-older-one", "n-0"}}
	_, err := bus.PublishInput(t.Context(), js, meta("n-0"), notice)
	require.NoError(t, err)
	first, err := history.PublishNotice(t.Context(), js, meta("an-older-one"), event.MetaNotified{Field: "security"})
	require.NoError(t, err)
	require.False(t, first)
	for n := range 40 {
		first, err = history.PublishNotice(t.Context(), js, meta("later-"+strconv.Itoa(n)), event.MetaNotified{Field: "security"})
		require.NoError(t, err)
		require.True(t, first)
	}
	var last event.MetaNotified
	for after := uint64(0); ; {
		input, ok, err := history.NextInput(t.Context(), restaurant, after)
		require.NoError(t, err)
		if !ok {
			break
		}
		last, after = input.Event.(event.MetaNotified), input.Seq
	}
	require.Len(t, last.Recent, 32)
	require.Equal(t, "later-39", last.Recent[31])
}

func TestPuttingAWebhookSaysWhetherItIsNew(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	for _, want := range []bool{true, false, false} {
		first, err := bus.PutWebhook(t.Context(), js, []byte(`{"entry":[]}`))
		require.NoError(t, err)
		require.Equal(t, want, first)
	}
}
