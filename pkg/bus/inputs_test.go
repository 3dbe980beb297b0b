package bus_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

func TestInputsComeInTheirOrderAndOnlyTheRestaurants(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	history := open(t, js)
	_, ok, err := history.NextInput(t.Context(), restaurant, 0)
	require.NoError(t, err)
	require.False(t, ok)

	publish := func(id string, restaurant event.RestaurantID, input event.Event) uint64 {
		t.Helper()
		m := meta(id)
		m.Restaurant = restaurant
		seq, err := bus.PublishInput(t.Context(), js, m, input)
		require.NoError(t, err)
		return seq
	}
	other := event.RestaurantID("11111111-1111-4111-8111-111111111111")
	publish("1", other, event.CancelRequested{})
	first := publish("2", restaurant, event.RetryRequested{Reason: "a"})
	publish("3", other, event.CancelRequested{})
	_, err = js.Publish(t.Context(), "waba.in."+string(restaurant)+".PinSubmitted", []byte("{"))
	require.NoError(t, err)
	last := publish("4", restaurant, event.RetryRequested{Reason: "b"})
	require.Equal(t, last, publish("4", restaurant, event.RetryRequested{Reason: "b"}), "the same id is the same place")

	input, ok, err := history.NextInput(t.Context(), restaurant, 0)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, input.Broken)
	require.Equal(t, first, input.Seq)
	require.Equal(t, "2", input.Envelope.ID)
	require.Equal(t, event.RetryRequested{Reason: "a"}, input.Event)

	broken, ok, err := history.NextInput(t.Context(), restaurant, input.Seq)
	require.NoError(t, err)
	require.True(t, ok)
	require.ErrorIs(t, broken.Broken, event.ErrMalformed)
	require.Equal(t, event.NamePinSubmitted, broken.Event.Name())
	require.Equal(t, restaurant, broken.Envelope.Subject)
	require.NotEmpty(t, broken.Envelope.ID, "a decision names it")
	again, _, err := history.NextInput(t.Context(), restaurant, input.Seq)
	require.NoError(t, err)
	require.Equal(t, broken.Envelope.ID, again.Envelope.ID)

	input, ok, err = history.NextInput(t.Context(), restaurant, broken.Seq)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, last, input.Seq)
	_, ok, err = history.NextInput(t.Context(), restaurant, last)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestAnInputThatIsNotWhatItsSubjectSaysIsBroken(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	body, err := event.Encode(meta("1"), event.CancelRequested{})
	require.NoError(t, err)
	for i, subject := range []string{
		"waba.in." + string(restaurant) + ".RetryRequested",
		"waba.in.11111111-1111-4111-8111-111111111111.CancelRequested",
	} {
		_, err = js.Publish(t.Context(), subject, body)
		require.NoError(t, err)
		_, id, name, ok := event.ParseSubject(subject)
		require.True(t, ok)
		input, ok, err := open(t, js).NextInput(t.Context(), id, uint64(i)) //nolint:gosec // small
		require.NoError(t, err)
		require.True(t, ok)
		require.ErrorIs(t, input.Broken, event.ErrMalformed)
		require.Equal(t, name, input.Event.Name())
		require.Equal(t, id, input.Envelope.Subject)
	}
}

func TestACodeIsPublishedOnlyAfterTheOneThatWasRead(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	history := open(t, js)
	_, ok, err := history.LastCode(t.Context(), restaurant)
	require.NoError(t, err)
	require.False(t, ok)

	first, err := bus.PublishCode(t.Context(), js, meta("1"), event.OAuthCodeReceived{CodeHash: "a"}, 0)
	require.NoError(t, err)
	_, err = bus.PublishInput(t.Context(), js, meta("2"), event.CancelRequested{})
	require.NoError(t, err)
	_, err = bus.PublishCode(t.Context(), js, meta("3"), event.OAuthCodeReceived{CodeHash: "b"}, 0)
	require.ErrorIs(t, err, bus.ErrLost)

	code, ok, err := history.LastCode(t.Context(), restaurant)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, first, code.Seq)
	require.Equal(t, event.OAuthCodeReceived{CodeHash: "a"}, code.Event)
	second, err := bus.PublishCode(t.Context(), js, meta("3"), event.OAuthCodeReceived{CodeHash: "b"}, code.Seq)
	require.NoError(t, err)
	require.Greater(t, second, first)

	_, err = bus.PublishCode(t.Context(), js, meta("1"), event.OAuthCodeReceived{CodeHash: "a"}, second)
	require.ErrorIs(t, err, bus.ErrDuplicate, "the first one's place is not an answer to the third")
	code, _, err = history.LastCode(t.Context(), restaurant)
	require.NoError(t, err)
	require.Equal(t, second, code.Seq)
}
