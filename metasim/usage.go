package metasim

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// usage is how much of its call limit the app has used: 200 calls an hour for
// each user of the day. It is shown and never enforced: a limit is a fault that a
// scenario scripts.
type usage struct {
	hour, day int64
	calls     int
	users     int // of the day
	before    int // of the day before, so that midnight does not take the limit away
}

const (
	callsPerUser     = 200
	callsPerAccount  = 200  // of an account without a registered number, each hour
	callsPerActive   = 5000 // of one with
	mostShownPercent = 90   // only a scripted limit reads as reached
	fullPercent      = 100
)

func (u *usage) count(at time.Time) {
	if hour := at.Unix() / 3600; hour != u.hour {
		u.hour, u.calls = hour, 0
	}
	u.calls++
}

func (u *usage) user(at time.Time) {
	if day := at.Unix() / 86400; day != u.day {
		u.day, u.users, u.before = day, 0, u.users
	}
	u.users++
}

func (u *usage) percent() int {
	return min(mostShownPercent, 100*u.calls/(callsPerUser*max(1, u.users, u.before)))
}

// percentOfAccount counts a call against the account.
func percentOfAccount(account *waba, at time.Time) int {
	if hour := at.Unix() / 3600; hour != account.hour {
		account.hour, account.hourCalls = hour, 0
	}
	account.hourCalls++
	limit := callsPerAccount
	for _, number := range account.number {
		if number.registered {
			limit = callsPerActive
		}
	}
	return min(mostShownPercent, 100*account.hourCalls/limit)
}

// usageHeaders says what the answer to c has cost, or what the fault says of it.
func (s *Server) usageHeaders(c *call, a *answer, f *Fault) {
	if f == nil {
		f = &Fault{}
	}
	if f.RetryAfter > 0 {
		wait := strconv.Itoa(f.RetryAfter)
		if f.RetryAfterDate {
			wait = c.now.Add(time.Duration(f.RetryAfter) * time.Second).Format(http.TimeFormat)
		}
		a.set("Retry-After", wait)
	}
	ofApp := cmp.Or(f.AppUsage, s.usage.percent())
	if f.AppUsage == 0 && f.Kind == FaultError && f.ErrorCode == 4 {
		ofApp = fullPercent
	}
	percent := strconv.Itoa(ofApp)
	a.set("X-App-Usage", `{"call_count":`+percent+`,"total_time":`+percent+`,"total_cputime":`+percent+`}`)

	var object string
	used, limited := f.AccountUsage, f.RegainMinutes > 0
	account := c.node.waba
	switch {
	case account != nil:
		object = idText(account.id)
		used = cmp.Or(used, percentOfAccount(account, c.now))
	case limited && c.world != nil:
		object = idText(c.world.businessID(0))
	default:
		return
	}
	if limited && f.AccountUsage == 0 {
		used = fullPercent
	}
	row, err := json.Marshal(map[string][]businessUsage{object: {{
		Type: "whatsapp_business_management", CallCount: used, TotalCPUTime: used / 2, TotalTime: used / 2, Regain: f.RegainMinutes,
	}}})
	if err == nil { // numbers and digits always marshal
		a.set("X-Business-Use-Case-Usage", string(row))
	}
}

type businessUsage struct {
	Type         string `json:"type"`
	CallCount    int    `json:"call_count"`
	TotalCPUTime int    `json:"total_cputime"`
	TotalTime    int    `json:"total_time"`
	Regain       int    `json:"estimated_time_to_regain_access"` // minutes
}

// living are the versions that Meta serves, oldest first, with their last day.
var living = []struct {
	name string
	ends time.Time
}{
	{"v21.0", time.Date(2027, 1, 21, 0, 0, 0, 0, time.UTC)},
	{"v22.0", time.Date(2027, 5, 20, 0, 0, 0, 0, time.UTC)},
	{"v23.0", time.Date(2027, 10, 8, 0, 0, 0, 0, time.UTC)},
	{"v24.0", time.Date(2028, 2, 18, 0, 0, 0, 0, time.UTC)},
	{"v25.0", time.Date(2028, 7, 29, 0, 0, 0, 0, time.UTC)},
	{"v26.0", time.Time{}},
}

// served returns the version that answers a request for another: an ended or
// absent one is served by the oldest that lives.
func served(version string, now time.Time) string {
	oldest := ""
	for _, v := range living {
		if !v.ends.IsZero() && now.After(v.ends) {
			continue
		}
		if v.name == version {
			return version
		}
		if oldest == "" {
			oldest = v.name
		}
	}
	return oldest
}

// debugHeaders are those that Meta's support asks for, beside the trace.
func debugHeaders(header http.Header, version string) {
	header.Set("Facebook-Api-Version", version)
	header.Set("X-Fb-Rev", "1030000000")
	header.Set("Cache-Control", "private, no-cache, no-store, must-revalidate")
}
