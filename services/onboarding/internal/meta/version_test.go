package meta_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

func TestAnAnswerOfAnotherVersionIsSaidOnce(t *testing.T) {
	t.Parallel()
	served := "v24.0"
	graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Facebook-Api-Version", served)
		_, _ = w.Write([]byte(`{"client_business_id":"777000111222333"}`))
	}))
	t.Cleanup(graph.Close)
	var log bytes.Buffer
	client, err := meta.New(meta.Config{
		Base: graph.URL, Version: "v22.0", AppID: "1122334455", AppSecret: seal.NewSecret("secret"),
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	for range 3 {
		_, err := client.ClientBusiness(t.Context(), seal.NewSecret("EAAtoken"))
		require.NoError(t, err)
	}
	require.Equal(t, 1, strings.Count(log.String(), "serves another version"))
	require.Contains(t, log.String(), "asked=v22.0 served=v24.0")
}
