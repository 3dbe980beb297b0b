package meta

import "time"

// VersionEnds is when Meta ends a version of the Graph API, where it has said so.
// Source: https://developers.facebook.com/docs/graph-api/changelog/versions
var VersionEnds = map[string]time.Time{
	"v21.0": time.Date(2027, 1, 21, 0, 0, 0, 0, time.UTC),
	"v22.0": time.Date(2027, 5, 20, 0, 0, 0, 0, time.UTC),
	"v23.0": time.Date(2027, 10, 8, 0, 0, 0, 0, time.UTC),
	"v24.0": time.Date(2028, 2, 18, 0, 0, 0, 0, time.UTC),
	"v25.0": time.Date(2028, 7, 29, 0, 0, 0, 0, time.UTC),
}
