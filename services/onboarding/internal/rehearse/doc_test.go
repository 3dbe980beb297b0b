package rehearse_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/rehearsal.md anew")

const begin = "<!-- The table is made from the code. -->\n"

func TestTheDocumentListsEveryBelief(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "..", "..", "docs", "rehearsal.md")
	body, err := os.ReadFile(path)
	require.NoError(t, err)
	words, _, ok := strings.Cut(string(body), begin)
	require.True(t, ok)

	var table strings.Builder
	table.WriteString(words + begin + "| belief | asked | what we believe | how sure | source |\n|---|---|---|---|---|\n")
	for _, r := range newStage(t).run(t.Context(), t).Results {
		source := r.Source
		if strings.HasPrefix(source, "https://") {
			source = "<" + source + ">"
		}
		fmt.Fprintf(&table, "| `%s` | `%s` | %s | %s | %s |\n", r.Name, r.Asked, strings.ReplaceAll(r.Believed.EN, "|", `\|`), r.Sure, source)
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(table.String()), 0o644)) //nolint:gosec // a document
		return
	}
	require.Equal(t, table.String(), string(body), "make it anew: go test ./services/onboarding/internal/rehearse -run Document -update")
}
