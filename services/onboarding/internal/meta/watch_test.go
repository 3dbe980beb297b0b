package meta_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

func TestAnswersAreShownToWhoWatchesAsTheyCame(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Facebook-Api-Version", "v25.0")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte("<html>"))
	}))
	t.Cleanup(server.Close)
	c := newClient(t, server.URL)
	var seen []meta.Answer
	_, err := c.ClientBusiness(meta.Watched(t.Context(), func(a meta.Answer) { seen = append(seen, a) }), token)
	require.Error(t, err)
	require.Len(t, seen, 1)
	require.Equal(t, errcode.OpClientBusiness, seen[0].Operation)
	require.Equal(t, http.StatusTeapot, seen[0].Status)
	require.Equal(t, "<html>", string(seen[0].Body))
	require.Equal(t, "v25.0", seen[0].Header.Get("Facebook-Api-Version"))

	server.Close()
	_, err = c.ClientBusiness(meta.Watched(t.Context(), func(meta.Answer) { t.Error("nothing was answered") }), token)
	require.Error(t, err)
}
