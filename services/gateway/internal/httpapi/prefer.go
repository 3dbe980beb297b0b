package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxWait is the longest that a caller may ask to wait.
const maxWait = 55 * time.Second

// preference is how long a caller wants to wait for the outcome (RFC 7240).
type preference struct {
	wait    time.Duration
	applied string // for Preference-Applied; empty: none was asked for
}

// readPreference returns what the caller prefers, else the default. What cannot be
// understood is ignored, as the RFC says.
func readPreference(r *http.Request, standard time.Duration) preference {
	p := preference{wait: standard}
	for _, header := range r.Header.Values("Prefer") {
		for item := range strings.SplitSeq(header, ",") {
			item, _, _ = strings.Cut(item, ";") // parameters
			name, value, _ := strings.Cut(strings.TrimSpace(item), "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "respond-async":
				return preference{applied: "respond-async"}
			case "wait":
				seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
				if err != nil || p.applied != "" {
					continue
				}
				p.wait = min(time.Duration(seconds)*time.Second, maxWait)
				p.applied = "wait=" + strconv.Itoa(int(p.wait/time.Second))
			}
		}
	}
	return p
}
