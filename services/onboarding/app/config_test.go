package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/app"
)

func TestWarningsAreInTheLanguageOfWhoReadsThem(t *testing.T) {
	t.Parallel()
	cfg := app.Config{APIVersion: "v22.0", Pin: seal.NewSecret("271828"), InsecureGraph: "test"}
	before := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	english, portuguese := cfg.Warnings(before, errcode.English), cfg.Warnings(before, errcode.Portuguese)
	require.Len(t, english, 3)
	require.Len(t, portuguese, 3)
	require.Contains(t, english, "META_API_VERSION v22.0 ends on 2027-05-20")
	require.Contains(t, portuguese, "META_API_VERSION v22.0 termina em 2027-05-20")
	require.Contains(t, cfg.Warnings(before.AddDate(1, 0, 0), errcode.English), "META_API_VERSION v22.0 ended on 2027-05-20")
	for i := range english {
		require.NotEqual(t, english[i], portuguese[i])
	}
	require.NotContains(t, strings.Join(append(english, portuguese...), " "), "271828")
	require.Empty(t, app.Config{}.Warnings(before, errcode.English))
}
