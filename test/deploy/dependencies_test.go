package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/test/wabatest"
)

func TestEveryDirectDependencyHasItsReason(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(filepath.Join(wabatest.Root(), "docs", "dependencies.md"))
	require.NoError(t, err)
	listed := map[string]bool{}
	for line := range strings.Lines(string(body)) {
		base := ""
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(strings.SplitN(line+"|", "|", 3)[1], -1) {
			path := name[1]
			if rest, ok := strings.CutPrefix(path, "…"); ok {
				path = base + rest
			} else {
				base = path
			}
			listed[path] = true
		}
	}
	files, err := filepath.Glob(filepath.Join(wabatest.Root(), "*", "go.mod"))
	require.NoError(t, err)
	deeper, err := filepath.Glob(filepath.Join(wabatest.Root(), "*", "*", "go.mod"))
	require.NoError(t, err)
	for _, file := range append(files, deeper...) {
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(body)) {
			module := regexp.MustCompile(`^(?:require )?\s*([\w.]+\.[a-z]+/\S+) v\S+$`).FindStringSubmatch(strings.TrimRight(line, "\n"))
			if module == nil || strings.Contains(line, "// indirect") || strings.HasPrefix(module[1], "github.com/waba-platform/") {
				continue
			}
			require.True(t, listed[module[1]], "%s needs its line in docs/dependencies.md (%s)", module[1], file)
		}
	}
}
