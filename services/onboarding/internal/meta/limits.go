package meta

import (
	"crypto/sha256"
	"maps"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// Meta limits an app, a user, an account and a number, each apart, and a call that
// is made while a limit lasts prolongs it. So what one call learns holds back the
// others that the limit is about, before they are made. Each process learns from its
// own answers and forgets when it ends: a run that waits has its wait in the log.

// limitKind says whose limit it is. It is fit for a metric.
type limitKind string

const (
	limitApp      limitKind = "app"
	limitExchange limitKind = "exchange" // the app's, where codes are exchanged
	limitUser     limitKind = "user"     // of whoever gave the token
	limitAccount  limitKind = "account"  // or another object of a business
	limitNumber   limitKind = "number"
)

// limitsByCode says whose limit an error is about. What is not here makes only the
// call wait that met it: 133016 and its kin count the registrations of one number.
// Sources: https://developers.facebook.com/docs/graph-api/overview/rate-limiting/
// and https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
var limitsByCode = map[int]limitKind{
	0:      limitApp, // HTTP 429 without an error of Meta's: whatever stands before Meta sees the app
	4:      limitApp,
	341:    limitApp,
	613:    limitApp,
	17:     limitUser,
	32:     limitUser,
	130429: limitNumber,
	131056: limitNumber,
}

// numberCreation is a subcode of 4 that is about one account: too many numbers were
// added to it. Source: Meta's OpenAPI file, POST /{waba}/phone_numbers.
const numberCreation = 2446080

func limitOf(e event.MetaError) (limitKind, bool) {
	switch {
	case e.Class != event.ClassRateLimit:
		return "", false
	case e.Code >= 80000 && e.Code <= 80014, e.Code == 4 && e.Subcode == numberCreation:
		return limitAccount, true
	}
	kind, ok := limitsByCode[e.Code]
	return kind, ok
}

const (
	fullWait    = 5 * time.Minute  // after usage of 100 % without a time: it falls as the hour rolls on
	unsaidWait  = time.Minute      // after HTTP 429 without a time
	freshFor    = 5 * time.Minute  // how long what a header said of the app is believed
	tightAt     = 75               // percent of the app's limit from which calls are paced
	lookUntil   = 80               // percent from which only runs under way may call
	full        = 100              // percent at which Meta limits
	resumeRate  = 20               // calls a second when the app's limit is over, doubled each minute
	resumeBurst = 20               // at once
	resumeFor   = 10 * time.Minute // until calls are no longer paced
	manyHolds   = 1000             // that are kept before those that are over are dropped
)

// subject is what a limit is about: the app, or one user or object.
type subject struct {
	scope limitKind // limitApp, limitExchange, limitUser; empty: an object
	id    string
}

var (
	theApp      = subject{scope: limitApp}
	theExchange = subject{scope: limitExchange}
)

// hold keeps the calls about a subject back.
type hold struct {
	kind  limitKind
	until time.Time
}

// limits is what this process knows of Meta's limits. It is safe for concurrent use.
type limits struct {
	now func() time.Time

	mu      sync.Mutex
	holds   map[subject]hold
	percent int // of the app's limit, as last said
	saidAt  time.Time
	bucket  *rate.Limiter // of the app's calls, while they are paced
}

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, holds: make(map[subject]hold), bucket: rate.NewLimiter(resumeRate, resumeBurst)}
}

// subjects returns whatever a limit of which would keep a request back. An exchange
// spends a code that dies in 30 s: the app's limit does not stop it before an
// exchange has met it.
func (r request) subjects(errand *Errand) []subject {
	if r.op == errcode.OpExchangeCode {
		return []subject{theExchange}
	}
	return append([]subject{theApp, r.user()}, r.objects(errand)...)
}

// user names whoever gave the token, without holding the token.
func (r request) user() subject {
	sum := sha256.Sum256([]byte(r.token.Reveal()))
	return subject{scope: limitUser, id: string(sum[:])}
}

// objects returns the objects that a request counts for: a number's calls count for
// its account too.
func (r request) objects(errand *Errand) []subject {
	var objects []subject
	if len(r.path) > 0 && event.IsMetaID(r.path[0]) {
		objects = append(objects, subject{id: r.path[0]})
	}
	if errand.Waba != "" && len(objects) > 0 && r.path[0] != string(errand.Waba) {
		objects = append(objects, subject{id: string(errand.Waba)})
	}
	return objects
}

// admit says whether a request may be made now: zero, or whose limit keeps it back
// and for how long.
func (l *limits) admit(r request, errand *Errand) (limitKind, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	var kept hold
	for _, s := range r.subjects(errand) {
		if h := l.holds[s]; h.until.After(now) && h.until.After(kept.until) {
			kept = h
		}
	}
	if kept.kind != "" {
		return kept.kind, kept.until.Sub(now)
	}
	if wait := l.pace(now, r.op == errcode.OpExchangeCode, errand); wait > 0 {
		return limitApp, wait
	}
	errand.begun.Store(true)
	return "", 0
}

// pace spreads calls while the app's limit is near, or has just ended: then all who
// waited come at once. What has begun goes on to its end, and an exchange is never
// kept back; both count.
func (l *limits) pace(now time.Time, exchange bool, errand *Errand) time.Duration {
	used := l.used(now)
	if errand.Background && !errand.begun.Load() && used >= lookUntil {
		return freshFor
	}
	limit := l.rate(now, used)
	if limit == rate.Inf {
		return 0
	}
	l.bucket.SetLimitAt(now, limit)
	switch {
	case exchange || errand.begun.Load():
		l.bucket.ReserveN(now, 1)
		return 0
	case errand.Background && l.bucket.TokensAt(now) < resumeBurst/2:
		return unsaidWait
	case !l.bucket.AllowN(now, 1):
		return unsaidWait
	}
	return 0
}

// rate returns how many calls a second may be made.
func (l *limits) rate(now time.Time, used int) rate.Limit {
	limit := rate.Inf
	if last, ok := l.holds[theApp]; ok {
		if since := max(now.Sub(last.until), 0); since < resumeFor {
			limit = resumeRate * rate.Limit(int(1)<<int(since/time.Minute))
		}
	}
	if used >= tightAt {
		near := rate.Limit(resumeRate) * rate.Limit(full-used) / (full - tightAt)
		limit = min(limit, max(near, 1))
	}
	return limit
}

// used returns how much of the app's limit is used, in percent; 0: not known.
func (l *limits) used(now time.Time) int {
	if now.Sub(l.saidAt) > freshFor {
		return 0
	}
	return l.percent
}

// learn takes what an answer says of limits, and returns those that it has begun.
func (l *limits) learn(r request, errand *Errand, header http.Header, failure *Error) (begun []limitKind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	keep := func(kind limitKind, wait time.Duration, about ...subject) {
		for _, s := range about {
			if l.keep(now, s, hold{kind: kind, until: now.Add(wait)}) {
				begun = append(begun, kind)
			}
		}
	}
	var met limitKind
	if failure != nil {
		met, _ = limitOf(failure.MetaError)
		wait := max(time.Duration(failure.RetryAfter)*time.Second, unsaidWait)
		keep(met, wait, r.about(met, errand)...)
	}
	if percent, ok := appUsed(header); ok {
		l.percent, l.saidAt = percent, now
		if percent >= full && met != limitApp {
			keep(limitApp, max(sayRetryAfter(header, now), fullWait), theApp)
		}
	}
	usage := objectsUsed(header)
	named := false
	for _, o := range r.objects(errand) {
		_, ok := usage[o.id]
		named = named || ok
	}
	for id, u := range usage {
		if u.minutes <= 0 && u.percent < full {
			continue
		}
		wait := u.wait()
		keep(limitAccount, wait, subject{id: id})
		if !named { // it names its owner in another way: whoever called is concerned
			keep(limitAccount, wait, r.objects(errand)...)
		}
	}
	return begun
}

// about returns what an error of this kind keeps back.
func (r request) about(met limitKind, errand *Errand) []subject {
	switch met {
	case limitApp:
		if r.op == errcode.OpExchangeCode {
			return []subject{theApp, theExchange}
		}
		return []subject{theApp}
	case limitUser:
		return []subject{r.user()}
	case limitNumber:
		return r.objects(&Errand{})
	case limitAccount:
		if objects := r.objects(errand); len(objects) > 0 {
			return objects
		}
		return []subject{r.user()} // the call names none: only its own user is known
	case limitExchange:
	}
	return nil
}

// keep keeps calls back, and says whether that is new. A longer time stands.
func (l *limits) keep(now time.Time, about subject, h hold) (begins bool) {
	last, ok := l.holds[about]
	if ok && !h.until.After(last.until) {
		return false
	}
	if len(l.holds) >= manyHolds {
		maps.DeleteFunc(l.holds, func(_ subject, h hold) bool { return now.Sub(h.until) > resumeFor })
	}
	l.holds[about] = h
	return !ok || !last.until.After(now)
}
