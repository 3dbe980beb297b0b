package meta

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// maxWait is the longest wait that is believed.
const maxWait = 7 * 24 * time.Hour

// notice looks at what Meta says beside every answer: which version it served,
// and how much of the limits is used.
func (c *Client) notice(ctx context.Context, header http.Header) {
	served := header.Get("Facebook-Api-Version")
	if served != "" && served != c.version && version.MatchString(served) && c.otherSeen.CompareAndSwap(false, true) {
		c.logger.WarnContext(ctx, "graph api serves another version than was asked for",
			slog.String("asked", c.version), slog.String("served", served))
	}
	text := header.Get("X-App-Usage")
	if last := c.usageSeen.Load(); text == "" || last != nil && *last == text {
		return
	}
	c.usageSeen.Store(&text)
	var app struct {
		Calls int64 `json:"call_count"`
		Time  int64 `json:"total_time"`
		CPU   int64 `json:"total_cputime"`
	}
	if json.Unmarshal([]byte(text), &app) == nil {
		c.usage.Record(ctx, max(app.Calls, app.Time, app.CPU), appUsage)
	}
}

var appUsage = metric.WithAttributes(attribute.String("limit", "app"))

// retryAfter returns how many seconds must pass before the call is made again:
// what Meta says, and at least what its documents say. 0: nothing is known.
func retryAfter(header http.Header, e event.MetaError, now time.Time) int {
	wait := max(sayRetryAfter(header, now), sayRegain(header))
	if wait <= 0 && e.Code != 0 {
		wait = errcode.UsualWait(e.Code, e.Subcode)
	}
	wait = max(wait, errcode.MinimumWait(e.Code, e.Subcode))
	return int((min(wait, maxWait) + time.Second - 1) / time.Second)
}

// sayRetryAfter reads Retry-After, in seconds or as a date. Meta does not
// document it; what stands before Meta may send it.
func sayRetryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(min(seconds, int64(maxWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(now)
	}
	return 0
}

// sayRegain reads how long the object that is most limited stays so. Meta gives
// it in minutes.
func sayRegain(header http.Header) time.Duration {
	var usage map[string][]struct {
		Minutes int64 `json:"estimated_time_to_regain_access"`
	}
	text := header.Get("X-Business-Use-Case-Usage")
	if text == "" || json.Unmarshal([]byte(text), &usage) != nil {
		return 0
	}
	var longest int64
	for _, limits := range usage {
		for _, limit := range limits {
			longest = max(longest, limit.Minutes)
		}
	}
	return time.Duration(min(longest, int64(maxWait/time.Minute))) * time.Minute
}
