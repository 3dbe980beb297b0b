package machine_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

func TestEveryNoticeOfAFieldThatConcernsARunHasAMeaning(t *testing.T) {
	t.Parallel()
	for i, rule := range machine.NoticeRules {
		meaning, ok := machine.MeaningOf(rule.Field, rule.Event)
		require.True(t, ok)
		require.Equal(t, rule.Means, meaning, "%s %s stands behind a rule that hides it", rule.Field, rule.Event)
		require.Equal(t, i, slices.Index(machine.NoticeRules, rule), "a rule stands there once")
		_, ok = machine.MeaningOf(rule.Field, "OF_TOMORROW")
		require.True(t, ok, "an event of %s that nobody knows yet", rule.Field)
	}
	_, ok := machine.MeaningOf("messages", "")
	require.False(t, ok)
	_, ok = machine.MeaningOf("", "")
	require.False(t, ok)
}
