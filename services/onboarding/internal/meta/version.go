package meta

import (
	"slices"
	"time"
)

// VersionEnds is when Meta ends a version of the Graph API, where it has said so.
// Source: https://developers.facebook.com/docs/graph-api/changelog/versions
var VersionEnds = map[string]time.Time{
	"v21.0": time.Date(2027, 1, 21, 0, 0, 0, 0, time.UTC),
	"v22.0": time.Date(2027, 5, 20, 0, 0, 0, 0, time.UTC),
	"v23.0": time.Date(2027, 10, 8, 0, 0, 0, 0, time.UTC),
	"v24.0": time.Date(2028, 2, 18, 0, 0, 0, 0, time.UTC),
	"v25.0": time.Date(2028, 7, 29, 0, 0, 0, 0, time.UTC),
}

// Versions are those that the calls were written for, the oldest first. Another one
// may work: Meta serves a version that has ended, or that is not there yet, by one
// that lives.
var Versions = []string{"v22.0", "v23.0", "v24.0", "v25.0", "v26.0"}

// endsSoon is how long before a version's end somebody must be reminded.
const endsSoon = 90 * 24 * time.Hour

// VersionState is how a version of the Graph API stands.
type VersionState string

// The states.
const (
	VersionLives   VersionState = "lives"
	VersionEnding  VersionState = "ends soon"
	VersionEnded   VersionState = "has ended"
	VersionUnknown VersionState = "is not known to this build"
)

// VersionAt returns how a version stands, and when it ends: the zero time where Meta
// has not said.
func VersionAt(version string, now time.Time) (VersionState, time.Time) {
	end, known := VersionEnds[version]
	switch {
	case known && !now.Before(end):
		return VersionEnded, end
	case known && now.Add(endsSoon).After(end):
		return VersionEnding, end
	case !slices.Contains(Versions, version):
		return VersionUnknown, end
	}
	return VersionLives, end
}

// IsVersion says whether a text can be a version, as in "v22.0".
func IsVersion(text string) bool { return version.MatchString(text) }
