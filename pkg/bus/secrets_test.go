package bus_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

func TestASealedSecretIsThereUntilItIsGone(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	secrets, err := bus.OpenSecrets(t.Context(), js)
	require.NoError(t, err)
	_, err = secrets.Get(t.Context(), "ref")
	require.ErrorIs(t, err, bus.ErrSecretGone)

	_, err = secrets.Last(t.Context())
	require.ErrorIs(t, err, bus.ErrSecretGone)

	require.NoError(t, bus.PutSecret(t.Context(), js, "ref", "sealed text"))
	require.NoError(t, bus.PutSecret(t.Context(), js, "other", "another"))
	for range 2 {
		sealed, err := secrets.Get(t.Context(), "ref")
		require.NoError(t, err)
		require.Equal(t, "sealed text", sealed)
	}

	last, err := secrets.Last(t.Context())
	require.NoError(t, err)
	require.Equal(t, "another", last)

	stream, err := js.Stream(t.Context(), bus.Secrets)
	require.NoError(t, err)
	require.Equal(t, bus.SecretLife, stream.CachedInfo().Config.MaxAge)
	require.NoError(t, stream.Purge(t.Context())) // as the hour does
	_, err = secrets.Get(t.Context(), "ref")
	require.ErrorIs(t, err, bus.ErrSecretGone)
}
