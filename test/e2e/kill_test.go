package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/test/wabatest"
)

// moments are how many requests Meta has seen of a run when the process is
// killed: before the exchange, in it, in discovery, in each creation, while the
// account is looked for, in the subscription, the registration, the read-back.
var moments = []int{0, 1, 2, 4, 8, 9, 10, 12, 13, 14}

func TestKilledAtTenMomentsEachRunEndsOnce(t *testing.T) {
	t.Parallel()
	meta, graph := startMeta(t)
	require.NoError(t, meta.Inject(metasim.Fault{Kind: metasim.FaultLatency, LatencyMS: 60})) // so that a moment can be met
	data := t.TempDir()

	runs := map[string]string{} // restaurant → code
	spent := map[string]bool{}  // codes that may have been spent in vain
	dev := wabatest.StartDev(t, data, nil, "--graph", graph)
	for i, moment := range moments {
		restaurant, code := uuid.NewString(), fmt.Sprintf("demo-creates-2b-kill-%d", i)
		answer, err := wabatest.CompleteFlow(t, dev.HTTP, restaurant, code, map[string]string{"Prefer": "respond-async"})
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, answer.Status, "%s", answer.Body)
		runs[restaurant] = code
		require.Eventually(t, func() bool { return meta.Calls(metasim.OpAny, code) >= moment }, time.Minute, time.Millisecond)
		dev.Kill()
		spent[code] = mayBeSpent(meta, code)
		dev = wabatest.StartDev(t, data, nil, "--graph", graph)
	}
	for restaurant, code := range runs {
		judge(t, dev.HTTP, jetStream(t, dev.NATS), meta, restaurant, code, spent[code], nil)
	}
	requireAudited(t, dev.HTTP, jetStream(t, dev.NATS), runs, nil)
	require.Zero(t, dev.Stop())
}
