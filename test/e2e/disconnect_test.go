package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/app"
	"github.com/waba-platform/onboarding/test/wabatest"
)

// Killed before the deregistration, in it, in the look at the account's numbers, in
// the unsubscription, and right after it: Meta has seen so many requests of the
// disconnection by then.
func TestADisconnectionThatIsKilledAtAnyMomentEndsOnce(t *testing.T) {
	t.Parallel()
	meta, graph := startMeta(t)
	require.NoError(t, meta.Inject(metasim.Fault{Kind: metasim.FaultLatency, LatencyMS: 60})) // so that a moment can be met
	data := t.TempDir()
	runs := map[string]string{}
	dev := wabatest.StartDev(t, data, nil, "--graph", graph)
	for moment := range 6 {
		restaurant, code := uuid.NewString(), fmt.Sprintf("demo-default-leaves-%d", moment)
		answer, err := wabatest.CompleteFlow(t, dev.HTTP, restaurant, code, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
		runs[restaurant] = code
		before := meta.Calls(metasim.OpAny, code)
		answer, err = wabatest.Do(t, http.MethodPost, dev.HTTP+"/api/whatsapp/integrations/"+restaurant+"/disconnect",
			map[string]string{"reason": "closed"}, map[string]string{"Prefer": "respond-async"})
		require.NoError(t, err)
		require.Less(t, answer.Status, http.StatusBadRequest, "%s", answer.Body)
		require.Eventually(t, func() bool { return meta.Calls(metasim.OpAny, code) >= before+min(moment, 4) }, time.Minute, time.Millisecond)
		dev.Kill()
		dev = wabatest.StartDev(t, data, nil, "--graph", graph)
	}
	js := jetStream(t, dev.NATS)
	for restaurant, code := range runs {
		var document map[string]any
		require.Eventually(t, func() bool {
			document = status(t, dev.HTTP, restaurant, nil)
			return document != nil && document["status"] == "disconnected"
		}, 2*time.Minute, 50*time.Millisecond, "%s stands at %v", code, document)
		require.Empty(t, document["warnings"], code)
		require.Equal(t, 1, meta.Executed(metasim.OpDeregister, code), code)
		require.Equal(t, 1, meta.Executed(metasim.OpUnsubscribe, code), code)
		replayed, err := app.Replay(t.Context(), js, event.RestaurantID(restaurant))
		require.NoError(t, err)
		ends := 0
		for _, entry := range replayed.Entries {
			require.True(t, entry.Matches, "%s: %s: %s", code, entry.Event, entry.Difference)
			if event.Status(entry.Status).Ended() {
				ends++
			}
		}
		require.Equal(t, 2, ends, "%s: connected once, and disconnected once", code)
	}
	requireAudited(t, dev.HTTP, js, runs, nil)
	require.Zero(t, dev.Stop())
}
