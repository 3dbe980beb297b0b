package effect_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/services/onboarding/internal/effect"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

var update = flag.Bool("update", false, "rewrite docs/meta.md")

func TestTheDocumentOfCallsIsDrawnFromTheTables(t *testing.T) {
	t.Parallel()
	const path = "../../../../docs/meta.md"
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(effect.Draw()), 0o644))
	}
	drawn, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(drawn), effect.Draw(), "go generate ./internal/effect")
}

func TestEveryCallHasARouteAndEveryRouteACall(t *testing.T) {
	t.Parallel()
	routes, calls := map[errcode.Operation]bool{}, map[errcode.Operation]bool{}
	for _, route := range meta.Routes {
		routes[route.Op] = true
		require.NotEmpty(t, route.For, route.Op)
		require.NotEmpty(t, route.Source, route.Op)
	}
	for _, call := range effect.Calls {
		calls[call.Op] = true
	}
	require.Equal(t, calls, routes)
}
