package event_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
)

func TestASubjectSaysFamilyRestaurantAndName(t *testing.T) {
	t.Parallel()
	id := string(restaurant)
	require.Equal(t, "waba.evt."+id+".WabaReady", event.Subject(event.FamilyDecision, restaurant, event.NameWabaReady))
	require.Equal(t, "waba.in."+id+".*", event.Subjects(event.FamilyInput, restaurant))
	require.Equal(t, "waba.timer."+id+".PollTick-7", event.TimerSubject(restaurant, event.NamePollTick, 7))
	require.Equal(t, "waba.secret.ref", event.SecretSubject("ref"))
	for _, name := range allNames() {
		family, ok := event.FamilyOf(name)
		require.True(t, ok)
		gotFamily, gotID, gotName, ok := event.ParseSubject(event.Subject(family, restaurant, name))
		require.True(t, ok)
		require.Equal(t, family, gotFamily)
		require.Equal(t, restaurant, gotID)
		require.Equal(t, name, gotName)
	}
	_, ok := event.FamilyOf("SomethingNew")
	require.False(t, ok)
}

func TestWhatIsNoSubjectOfAnEventIsRefused(t *testing.T) {
	t.Parallel()
	id := string(restaurant)
	for _, subject := range []string{
		"",
		"waba",
		"waba.evt." + id,
		"waba.evt." + id + ".A.B",
		"waba.timer." + id + ".PollTick-7",
		"waba.dead." + id + ".A",
		"waba.secret.ref",
		"other.evt." + id + ".A",
		"waba.evt." + strings.ToUpper(id) + ".A",
		"waba.evt.00000000-0000-0000-0000-000000000000.A",
		"waba.evt.*.A",
		"waba.evt.x.A",
		"waba..." + id,
	} {
		_, _, _, ok := event.ParseSubject(subject)
		require.False(t, ok, subject)
	}
}
