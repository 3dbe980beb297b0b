package machine_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

func TestTheDocumentIsDrawnFromTheTables(t *testing.T) {
	t.Parallel()
	const path = "../../../../docs/states.md"
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(machine.Draw()), 0o644))
	}
	drawn, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(drawn), machine.Draw(), "go generate ./internal/machine")
}
