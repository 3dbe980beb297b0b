package errcode_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
)

func TestTheListsOfStatusesStagesAndStrategiesAreWhole(t *testing.T) {
	t.Parallel()
	const file = "../event/integration.go"
	require.Equal(t, constants(t, file, "Status"), words(event.Statuses))
	require.Equal(t, constants(t, file, "Stage"), words(event.Stages))
	require.Equal(t, constants(t, file, "Strategy"), words(event.Strategies))
}

func words[T ~string](list []T) []string {
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = string(item)
	}
	return texts
}
