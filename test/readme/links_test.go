package readme

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/test/wabatest"
)

var (
	link    = regexp.MustCompile(`\]\(([^()\s]+)(?: "[^"]*")?\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+?) *$`)
	code    = regexp.MustCompile("(?s)(?m:^```.*?^```$)|`[^`\n]*`")
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// slug is the anchor that a heading gets.
func slug(heading string) string {
	return strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// documents are all texts for people.
func documents(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(wabatest.Root(), "*.md"))
	require.NoError(t, err)
	require.NoError(t, filepath.WalkDir(filepath.Join(wabatest.Root(), "docs"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && filepath.Ext(path) == ".md" {
			found = append(found, path)
		}
		return err
	}))
	return found
}

func TestEveryLinkInTheRepositoryLeadsSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	for _, file := range documents(t) {
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range link.FindAllStringSubmatch(code.ReplaceAllString(string(body), ""), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, ":") {
				continue // elsewhere
			}
			links++
			path := file
			if target != "" {
				path = filepath.Join(filepath.Dir(file), filepath.FromSlash(target))
			}
			require.NotContains(t, mustRel(t, path), "..", "%s leads out of the repository: %s", file, match[1])
			text, err := os.ReadFile(path)
			if err != nil {
				require.DirExists(t, path, "%s links to %s", file, match[1])
			}
			if anchor == "" {
				continue
			}
			var anchors []string
			for _, h := range heading.FindAllStringSubmatch(string(text), -1) {
				anchors = append(anchors, slug(h[1]))
			}
			require.Contains(t, anchors, anchor, "%s links to %s", file, match[1])
		}
	}
	require.Greater(t, links, 10)
}

func mustRel(t *testing.T, path string) string {
	t.Helper()
	relative, err := filepath.Rel(wabatest.Root(), path)
	require.NoError(t, err)
	return relative
}
