package meta

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// maxWait is the longest wait that is believed.
const maxWait = 7 * 24 * time.Hour

// notice looks at what Meta says beside every answer: which version it served, and
// how much of its limits is used.
func (c *Client) notice(ctx context.Context, r request, header http.Header, failure *Error) {
	served := header.Get("Facebook-Api-Version")
	if served != "" && served != c.version && version.MatchString(served) && c.otherSeen.CompareAndSwap(false, true) {
		c.logger.WarnContext(ctx, "graph api serves another version than was asked for",
			slog.String("asked", c.version), slog.String("served", served))
	}
	for _, kind := range c.limits.learn(r, errandOf(ctx), header, failure) {
		c.reached.Add(ctx, 1, metric.WithAttributes(attribute.String("limit", string(kind))))
		c.logger.WarnContext(ctx, "meta limits calls", slog.String("limit", string(kind)), slog.String("operation", string(r.op)))
	}
	c.recordUsage(ctx, header)
}

// recordUsage shows how much of the limits is used: the app's, and the most used of
// those that the answer names.
func (c *Client) recordUsage(ctx context.Context, header http.Header) {
	if percent, ok := appUsed(header); ok {
		c.usage.Record(ctx, int64(percent), appUsage)
	}
	most, ok := 0, false
	for _, u := range objectsUsed(header) {
		most, ok = max(most, u.percent), true
	}
	if ok {
		c.usage.Record(ctx, int64(most), accountUsage)
	}
}

var (
	appUsage     = metric.WithAttributes(attribute.String("limit", string(limitApp)))
	accountUsage = metric.WithAttributes(attribute.String("limit", string(limitAccount)))
)

// amount is a number in a usage header, read leniently: what is none counts as 0,
// and spoils nothing beside it.
type amount float64

// UnmarshalJSON implements [json.Unmarshaler]. It accepts everything.
func (v *amount) UnmarshalJSON(data []byte) error {
	if n, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64); err == nil && n > 0 {
		*v = amount(min(n, 1<<30))
	}
	return nil
}

// counts are how much of a limit is used, in percent.
type counts struct {
	Calls amount `json:"call_count"`
	Time  amount `json:"total_time"`
	CPU   amount `json:"total_cputime"`
}

func (u counts) percent() int { return int(max(u.Calls, u.Time, u.CPU)) }

// appUsed returns how much of the app's limit is used, in percent, where Meta says it.
func appUsed(header http.Header) (percent int, ok bool) {
	var app counts
	text := header.Get("X-App-Usage")
	if text == "" || json.Unmarshal([]byte(text), &app) != nil {
		return 0, false
	}
	return app.percent(), true
}

// used is how much of an object's limit is used.
type used struct {
	percent int
	minutes int64 // until it is over; 0: it is not reached, or Meta does not say
}

func (u used) wait() time.Duration {
	if u.minutes <= 0 {
		return fullWait
	}
	return time.Duration(min(u.minutes, int64(maxWait/time.Minute))) * time.Minute
}

// objectsUsed returns how much of the limits of a business's objects is used, the
// most limiting use case of each. Its time is in minutes.
func objectsUsed(header http.Header) map[string]used {
	text := header.Get("X-Business-Use-Case-Usage")
	var rows map[string][]struct {
		counts
		Minutes amount `json:"estimated_time_to_regain_access"`
	}
	if text != "" {
		_ = json.Unmarshal([]byte(text), &rows) // what can be read counts
	}
	all := make(map[string]used, len(rows))
	for id, cases := range rows {
		if !event.IsMetaID(id) {
			continue
		}
		var most used
		for _, c := range cases {
			most.percent = max(most.percent, c.percent())
			most.minutes = max(most.minutes, int64(math.Ceil(float64(c.Minutes))))
		}
		all[id] = most
	}
	return all
}

// retryAfter returns how many seconds must pass before the call is made again:
// what Meta says, and at least what its documents say. 0: nothing is known.
func retryAfter(header http.Header, e event.MetaError, now time.Time) int {
	wait := max(sayRetryAfter(header, now), sayRegain(header))
	if wait <= 0 && e.Code != 0 {
		wait = errcode.UsualWait(e.Code, e.Subcode)
	}
	wait = max(wait, errcode.MinimumWait(e.Code, e.Subcode))
	return seconds(min(wait, maxWait))
}

func seconds(wait time.Duration) int { return int((wait + time.Second - 1) / time.Second) }

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

// sayRegain returns how long the object that is most limited stays so.
func sayRegain(header http.Header) time.Duration {
	var longest time.Duration
	for _, u := range objectsUsed(header) {
		if u.minutes > 0 {
			longest = max(longest, u.wait())
		}
	}
	return longest
}
