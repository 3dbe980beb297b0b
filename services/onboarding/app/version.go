package app

import (
	"context"
	"fmt"
	"time"

	"github.com/waba-platform/onboarding/pkg/telemetry"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// CheckVersion warns, in readiness and log, from 90 days before Meta ends the
// configured version of the Graph API. The service stays ready: Meta serves a version
// that has ended by the oldest that lives, and the client says when it does.
func CheckVersion(cfg Config, now func() time.Time) telemetry.Check {
	return telemetry.Check{Name: "graph_version", Run: func(context.Context) error {
		switch state, end := meta.VersionAt(cfg.APIVersion, now()); state {
		case meta.VersionEnding, meta.VersionEnded:
			return telemetry.Warning(fmt.Sprintf("version %s of the Graph API %s: %s", cfg.APIVersion, state, end.Format(time.DateOnly)))
		case meta.VersionLives, meta.VersionUnknown:
		}
		return nil
	}}
}
