package rehearse

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// endedVersion ended long ago.
const endedVersion = "v2.0"

const versionHeader = "Facebook-Api-Version"

// versionBeliefs are asked with the app's id and secret alone. The configured
// version comes first.
func versionBeliefs(options Options) []belief {
	configured := options.Graph.Version
	versions := append([]string{configured}, slices.DeleteFunc(slices.Clone(meta.Versions), func(v string) bool { return v == configured })...)
	var list []belief
	for _, version := range versions {
		about := inVersion(version)
		if version == configured {
			about = appItself
		}
		says, holds := servedWords(version, options), servedIs(version)
		if end, ok := meta.VersionEnds[version]; ok && options.Now().After(end) {
			holds = servedIsNot(version)
		}
		list = append(list, belief{"version-" + version, KindVersion, about, says, saysVersions, Documented, holds})
	}
	oldest := oldestServed(options)
	return append(list, belief{
		"version-ended", KindVersion, inVersion(endedVersion),
		Words{
			fmt.Sprintf("uma versão que acabou é servida pela mais velha que vive (%s)", oldest),
			fmt.Sprintf("a version that has ended is served by the oldest that lives (%s)", oldest),
		},
		saysVersions, Documented, servedIs(oldest),
	})
}

func servedWords(version string, options Options) Words {
	end, ok := meta.VersionEnds[version]
	switch {
	case !ok:
		return Words{version + " é servida", version + " is served"}
	case options.Now().After(end):
		return Words{
			fmt.Sprintf("%s não é mais servida desde %s", version, end.Format(time.DateOnly)),
			fmt.Sprintf("%s is no longer served since %s", version, end.Format(time.DateOnly)),
		}
	}
	return Words{
		fmt.Sprintf("%s é servida, até %s", version, end.Format(time.DateOnly)),
		fmt.Sprintf("%s is served, until %s", version, end.Format(time.DateOnly)),
	}
}

// oldestServed returns the version that ends next.
func oldestServed(options Options) string {
	oldest, at := meta.Versions[len(meta.Versions)-1], time.Time{}
	for version, end := range meta.VersionEnds {
		if !options.Now().After(end) && (at.IsZero() || end.Before(at)) {
			oldest, at = version, end
		}
	}
	return oldest
}

func servedIs(version string) check {
	return func(_ *session, a seen) finding {
		switch served := servedBy(a.answers[0]); served {
		case "":
			return unknown(Unsaid, "")
		case version:
			return agrees(served)
		default:
			return differs(served)
		}
	}
}

func servedIsNot(version string) check {
	return func(_ *session, a seen) finding {
		switch served := servedBy(a.answers[0]); served {
		case "":
			return unknown(Unsaid, "")
		case version:
			return differs(served)
		default:
			return agrees(served)
		}
	}
}

var aVersion = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)

// servedBy returns the version that an answer says it is of; "" where it says none.
func servedBy(a meta.Answer) string {
	if served := a.Header.Get(versionHeader); aVersion.MatchString(served) {
		return served
	}
	return ""
}
