package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/cmd/waba/internal/api"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

const restaurant = event.RestaurantID("3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b")

func client(t *testing.T, handler http.HandlerFunc) *api.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := api.New(server.URL, seal.NewSecret("waba_id_secret"), "pt-BR")
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// decision writes one event of a stream.
func decision(w http.ResponseWriter, seq uint64, status event.Status) {
	_, _ = fmt.Fprintf(w, "id: %d\ndata: {\"type\":\"waba.TokenChecked.v1\",\"status\":{\"restaurant_id\":%q,\"status\":%q}}\n\n", seq, restaurant, status)
}

func TestStreamThatIsCutIsTakenUpWhereItWasCut(t *testing.T) {
	t.Parallel()
	var asked []string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Last-Event-ID"))
		w.Header().Set("Content-Type", "text/event-stream")
		if len(asked) == 1 {
			_, _ = fmt.Fprint(w, "retry: 2000\n\n: beat\n\n")
			decision(w, 7, event.StatusInProgress)
			_, _ = fmt.Fprint(w, "id: 8\ndata: {\"ty") // cut within an event
			return
		}
		decision(w, 7, event.StatusInProgress) // again
		decision(w, 8, event.StatusCompleted)
		_, _ = fmt.Fprint(w, "id: 8\nevent: done\ndata: {}\n\n")
	})
	var seen []uint64
	require.NoError(t, c.Follow(t.Context(), restaurant, 3, func(e api.Entry) error {
		seen = append(seen, e.Seq)
		require.Equal(t, restaurant, e.Status.RestaurantID)
		require.Equal(t, "waba.TokenChecked.v1", e.Type)
		return nil
	}))
	require.Equal(t, []uint64{7, 8}, seen)
	require.Equal(t, []string{"3", "7"}, asked)
}

func TestStreamOfARunThatIsOverEndsAtOnce(t *testing.T) {
	t.Parallel()
	c := client(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	require.NoError(t, c.Follow(t.Context(), restaurant, 9, func(api.Entry) error { return errors.New("nothing is new") }))
}

func TestFollowingEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		decision(w, 1, event.StatusInProgress)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	enough := errors.New("enough")
	require.ErrorIs(t, c.Follow(t.Context(), restaurant, 0, func(api.Entry) error { return enough }), enough)

	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, c.Follow(ctx, restaurant, 0, func(api.Entry) error {
		cancel()
		return nil
	}), context.Canceled)
}

func TestProblemsAreToldAndTheKeyIsSent(t *testing.T) {
	t.Parallel()
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer waba_id_secret" || r.Header.Get("Accept-Language") != "pt-BR" {
			t.Error(r.Header)
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprint(w, `{"code":"busy","message":"Outra conexão está em andamento.","status":409}`)
	})
	_, err := c.CompleteFlow(t.Context(), api.Code{Code: "c", State: "dev", Restaurant: restaurant})
	problem, ok := errors.AsType[*api.Problem](err)
	require.True(t, ok, err)
	require.Equal(t, http.StatusConflict, problem.Status)
	require.Equal(t, event.CodeBusy, problem.Code)
	require.ErrorAs(t, c.Follow(t.Context(), restaurant, 0, nil), &problem)
}

func TestAnswersOfSomethingElseAreErrorsWithoutTheirText(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusBadGateway, http.StatusFound} {
		c := client(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, "<html>SOMETHING ELSE</html>")
		})
		_, _, err := c.Status(t.Context(), restaurant)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "SOMETHING")
	}
}

func TestAddressWhereNothingAnswersIsNamedWithoutPath(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c, err := api.New(server.URL+"/", seal.Secret{}, "en")
	require.NoError(t, err)
	defer c.Close()
	_, _, err = c.Status(t.Context(), restaurant)
	unreachable, ok := errors.AsType[*api.UnreachableError](err)
	require.True(t, ok, err)
	require.Equal(t, server.URL, strings.TrimSuffix(unreachable.URL, "/"))
	for _, wrong := range []string{"", "localhost:8080", "ftp://x", "http://"} {
		_, err := api.New(wrong, seal.Secret{}, "en")
		require.Error(t, err, wrong)
	}
}
