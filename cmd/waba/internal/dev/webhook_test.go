package dev_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// The whole way: the simulator signs, the gateway stores, onboarding routes, and the
// run that waits for an account, five minutes at least, looks at once.
func TestAWebhookOfMetaEndsTheWaitForAnAccount(t *testing.T) {
	t.Parallel()
	o := options(t, t.TempDir())
	o.Getenv = func(name string) string {
		return map[string]string{"WABA_POLL_MAX_ATTEMPTS": "1", "WABA_POLL_INTERVAL": "50ms"}[name]
	}
	i := run(t, o)
	restaurant := uuid.NewString()
	code := "demo-found-at-third-poll-" + restaurant
	notify := func(field, name string) {
		t.Helper()
		status, body := post(t, i.Simulator+"/_simulator/webhooks", map[string]any{"code": code, "field": field, "event": name})
		require.Equal(t, http.StatusOK, status, body)
		require.InDelta(t, http.StatusOK, body["status"], 0, "the gateway takes it")
	}
	notify("account_update", "PARTNER_ADDED") // before the code, as is usual

	status, body := post(t, i.HTTP+"/api/whatsapp/waba/complete-flow", map[string]any{"code": code, "state": "dev", "restaurant_id": restaurant})
	require.Equal(t, http.StatusAccepted, status, body)
	now := func() (status any, version float64) {
		_, body := get(t, i.HTTP+"/api/whatsapp/integrations/"+restaurant)
		data, _ := body["data"].(map[string]any)
		version, _ = data["version"].(float64)
		return data["status"], version
	}
	at := ""
	for _, name := range []string{"PARTNER_APP_INSTALLED", "ACCOUNT_RECONNECTED", "ACCOUNT_OF_TOMORROW", "VERIFIED_ACCOUNT"} {
		is, before := now()
		if at = is.(string); at == "completed" {
			break
		}
		require.Equal(t, "awaiting_waba_creation", at)
		notify("account_update", name)
		require.Eventually(t, func() bool {
			is, version := now()
			at = is.(string)
			return version > before && at != "in_progress"
		}, 20*time.Second, 50*time.Millisecond)
	}
	require.Equal(t, "completed", at)
}
