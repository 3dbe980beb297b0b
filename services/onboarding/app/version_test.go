package app_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/pkg/telemetry"
	"github.com/waba-platform/onboarding/services/onboarding/app"
)

func TestAVersionThatEndsSoonIsAWarningAndNoOutage(t *testing.T) {
	t.Parallel()
	end := time.Date(2027, 5, 20, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		version string
		now     time.Time
		says    string
	}{
		{"v22.0", end.AddDate(0, 0, -91), ""},
		{"v22.0", end.AddDate(0, 0, -89), "version v22.0 of the Graph API ends soon: 2027-05-20"},
		{"v22.0", end, "version v22.0 of the Graph API has ended: 2027-05-20"},
		{"v26.0", end.AddDate(5, 0, 0), ""},
		{"v99.0", end, ""},
	} {
		err := app.CheckVersion(app.Config{APIVersion: tt.version}, func() time.Time { return tt.now }).Run(t.Context())
		if tt.says == "" {
			require.NoError(t, err)
			continue
		}
		warning, ok := errors.AsType[telemetry.Warning](err)
		require.True(t, ok)
		require.Equal(t, tt.says, warning.Error())
	}
	require.Len(t, app.Config{APIVersion: "v99.0"}.Warnings(end, errcode.English), 1)
	require.Empty(t, app.Config{APIVersion: "v26.0"}.Warnings(end, errcode.English))
}

func TestEveryVersionCanBeConfigured(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v22.0", "v23.0", "v24.0", "v25.0", "v26.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := startOn(t, natstest.New(t), databases.SQLite(t), func(c *app.Config) { c.APIVersion = version })
			r := s.receive(t, "default-"+version, event.Claims{})
			require.Equal(t, event.StatusCompleted, s.until(t, r, endedOrResting).Status)
			for _, entry := range s.meta.Ledger() {
				require.Contains(t, entry.Path, "/"+version+"/")
			}
			require.Equal(t, 1, s.meta.Calls(metasim.OpExchange, r.code))
		})
	}
	broken := start(t).config
	for _, version := range []string{"", "22", "v22", "latest", "v22.0/"} {
		broken.APIVersion = version
		require.ErrorContains(t, broken.Validate(), "META_API_VERSION", version)
	}
}
