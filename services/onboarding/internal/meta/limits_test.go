package meta_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// clock is a clock that a test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// timed is a client and a simulated Meta on one clock.
type timed struct {
	*meta.Client
	sim   *metasim.Server
	clock *clock
}

func newTimed(t testing.TB, change ...func(*meta.Config)) *timed {
	t.Helper()
	w := &timed{clock: &clock{at: noon}}
	var err error
	w.sim, err = metasim.New(metasim.Options{AppID: appID, AppSecret: secret, RequireProof: true, Now: w.clock.now})
	require.NoError(t, err)
	server := httptest.NewServer(w.sim)
	t.Cleanup(server.Close)
	t.Cleanup(func() { require.NoError(t, w.sim.Close()) })
	w.Client = newClient(t, server.URL, append(change, func(c *meta.Config) { c.Now = w.clock.now })...)
	return w
}

// customer is a restaurant at Meta, with its token.
type customer struct {
	code  string
	token seal.Secret
	waba  event.WabaID
	phone event.PhoneNumberID
	owner event.BusinessID
}

func (w *timed) customer(t testing.TB, code string) customer {
	t.Helper()
	ids := metasim.IDs(code)
	return customer{
		code: code, token: exchanged(t, w.Client, code),
		waba: event.WabaID(ids.WABA), phone: event.PhoneNumberID(ids.Phone), owner: event.BusinessID(ids.Business),
	}
}

// inject has Meta answer the next request of an operation so.
func (w *timed) inject(t testing.TB, c customer, op metasim.Op, f metasim.Fault) {
	t.Helper()
	f.Ops, f.Code, f.Times = []metasim.Op{op}, c.code, 1
	require.NoError(t, w.sim.Inject(f))
}

func (w *timed) numbers(t testing.TB, c customer) error {
	t.Helper()
	_, err := w.PhoneNumbers(t.Context(), c.token, c.waba)
	return err
}

// requireKept requires that a call fails without having been sent, until a time.
func (w *timed) requireKept(t testing.TB, until time.Duration, call func() error) {
	t.Helper()
	before := w.sim.Calls(metasim.OpAny, "")
	f := failure(t, call())
	require.Equal(t, meta.ReasonLimit, f.Reason)
	require.Equal(t, event.ClassRateLimit, f.Class)
	require.Equal(t, int(until/time.Second), f.RetryAfter)
	require.Zero(t, f.HTTPStatus)
	require.Equal(t, before, w.sim.Calls(metasim.OpAny, ""), "nothing is sent while a limit lasts")
}

func graphFault(code int) metasim.Fault {
	return metasim.Fault{Kind: metasim.FaultError, Status: 400, ErrorCode: code}
}

func TestTheAppsLimitKeepsEveryCallBackUntilItIsOver(t *testing.T) {
	t.Parallel()
	html := metasim.Fault{Kind: metasim.FaultHTML, Status: http.StatusTooManyRequests}
	for name, tt := range map[string]struct {
		fault metasim.Fault
		wait  time.Duration
	}{
		"code 4, and minutes are minutes":     {metasim.Fault{Kind: metasim.FaultError, ErrorCode: 4, RegainMinutes: 7}, 7 * time.Minute},
		"code 4 without a time":               {graphFault(4), time.Hour},
		"code 341":                            {graphFault(341), 15 * time.Minute},
		"code 613":                            {graphFault(613), 15 * time.Minute},
		"Retry-After in seconds":              {metasim.Fault{Kind: metasim.FaultError, ErrorCode: 4, RetryAfter: 95}, 95 * time.Second},
		"Retry-After as a date":               {metasim.Fault{Kind: metasim.FaultError, ErrorCode: 4, RetryAfter: 95, RetryAfterDate: true}, 95 * time.Second},
		"HTML with 429 and a date":            {metasim.Fault{Kind: metasim.FaultHTML, Status: 429, RetryAfter: 95, RetryAfterDate: true}, 95 * time.Second},
		"HTML with 429 without a time":        {html, time.Minute},
		"the header at 100 % before an error": {metasim.Fault{Kind: metasim.FaultUsage, AppUsage: 100}, 5 * time.Minute},
		"the header with a Retry-After":       {metasim.Fault{Kind: metasim.FaultUsage, AppUsage: 100, RetryAfter: 900}, 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTimed(t)
			mine, theirs := w.customer(t, "mine"), w.customer(t, "theirs")
			w.inject(t, mine, metasim.OpPhoneNumbers, tt.fault)
			require.Equal(t, tt.fault.Kind != metasim.FaultUsage, w.numbers(t, mine) != nil)

			w.requireKept(t, tt.wait, func() error { return w.numbers(t, theirs) })
			w.requireKept(t, tt.wait, func() error { return w.SubscribeApp(t.Context(), mine.token, mine.waba) })
			w.clock.advance(tt.wait - time.Second)
			w.requireKept(t, time.Second, func() error { _, err := w.Inspect(t.Context(), theirs.token); return err })
			w.clock.advance(time.Second)
			require.NoError(t, w.numbers(t, theirs))
		})
	}
}

func TestALimitOfOneKeepsBackThatOneAlone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		op    metasim.Op
		fault metasim.Fault
		wait  time.Duration
		free  func(w *timed, t testing.TB, c customer) error // what the limited restaurant can do all the same
	}{
		"80007 with minutes":        {op: metasim.OpPhoneNumbers, fault: metasim.Fault{Kind: metasim.FaultError, ErrorCode: 80007, RegainMinutes: 3}, wait: 3 * time.Minute, free: inspect},
		"80007 without a time":      {op: metasim.OpPhoneNumbers, fault: graphFault(80007), wait: 30 * time.Minute, free: inspect},
		"80008 without a time":      {op: metasim.OpPhoneNumbers, fault: graphFault(80008), wait: 30 * time.Minute, free: inspect},
		"80008 with Retry-After":    {op: metasim.OpPhoneNumbers, fault: metasim.Fault{Kind: metasim.FaultError, ErrorCode: 80008, RetryAfter: 70}, wait: 70 * time.Second, free: inspect},
		"17, of a user":             {op: metasim.OpPhoneNumbers, fault: graphFault(17), wait: time.Hour, free: inspect},
		"32, of a page's user":      {op: metasim.OpPhoneNumbers, fault: graphFault(32), wait: time.Hour, free: inspect},
		"the header with minutes":   {op: metasim.OpPhoneNumbers, fault: metasim.Fault{Kind: metasim.FaultUsage, RegainMinutes: 2}, wait: 2 * time.Minute, free: inspect},
		"the header without a time": {op: metasim.OpPhoneNumbers, fault: metasim.Fault{Kind: metasim.FaultUsage, AccountUsage: 100}, wait: 5 * time.Minute, free: inspect},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTimed(t)
			mine, theirs := w.customer(t, "mine"), w.customer(t, "theirs")
			w.inject(t, mine, tt.op, tt.fault)
			require.Equal(t, tt.fault.Kind != metasim.FaultUsage, w.numbers(t, mine) != nil)

			w.requireKept(t, tt.wait, func() error { return w.numbers(t, mine) })
			w.requireKept(t, tt.wait, func() error { // a number's calls count for its account
				ctx := meta.For(t.Context(), &meta.Errand{Waba: mine.waba})
				return w.Register(ctx, mine.token, mine.phone, seal.NewSecret(pin))
			})
			require.NoError(t, tt.free(w, t, mine))
			require.NoError(t, w.numbers(t, theirs))
			w.clock.advance(tt.wait)
			require.NoError(t, w.numbers(t, mine))
		})
	}
}

func inspect(w *timed, t testing.TB, c customer) error {
	_, err := w.Inspect(t.Context(), c.token) // as the app
	return err
}

func TestANumbersLimitLeavesItsAccountAlone(t *testing.T) {
	t.Parallel()
	w := newTimed(t)
	c := w.customer(t, "mine")
	w.inject(t, c, metasim.OpRegister, metasim.Fault{Kind: metasim.FaultError, Status: 429, ErrorCode: 130429})
	require.Equal(t, 130429, failure(t, w.Register(t.Context(), c.token, c.phone, seal.NewSecret(pin))).Code)
	w.requireKept(t, time.Minute, func() error { return w.Register(t.Context(), c.token, c.phone, seal.NewSecret(pin)) })
	require.NoError(t, w.numbers(t, c))
	w.clock.advance(time.Minute)
	require.NoError(t, w.Register(t.Context(), c.token, c.phone, seal.NewSecret(pin)))
}

func TestARegistrationLimitDoesNotHideTheNumber(t *testing.T) {
	t.Parallel()
	w := newTimed(t)
	c := w.customer(t, "mine")
	w.inject(t, c, metasim.OpRegister, graphFault(133016))
	f := failure(t, w.Register(t.Context(), c.token, c.phone, seal.NewSecret(pin)))
	require.Equal(t, int((72*time.Hour)/time.Second), f.RetryAfter)
	_, err := w.Phone(t.Context(), c.token, c.phone)
	require.NoError(t, err)
}

func TestTheAppsLimitStopsAnExchangeOnlyWhenAnExchangeHasMetIt(t *testing.T) {
	t.Parallel()
	w := newTimed(t)
	first := w.customer(t, "first")
	w.inject(t, first, metasim.OpPhoneNumbers, metasim.Fault{Kind: metasim.FaultError, ErrorCode: 4, RegainMinutes: 10})
	require.Error(t, w.numbers(t, first))
	w.customer(t, "second") // its code would be dead when the limit is over

	third := customer{code: "third"}
	w.inject(t, third, metasim.OpExchange, metasim.Fault{Kind: metasim.FaultError, ErrorCode: 4, RetryAfter: 120})
	exchange := func(code string) error {
		_, err := w.Exchange(t.Context(), seal.NewSecret(code), "")
		return err
	}
	require.Equal(t, 4, failure(t, exchange("third")).Code)
	w.requireKept(t, 2*time.Minute, func() error { return exchange("fourth") })
	w.clock.advance(2 * time.Minute)
	require.NoError(t, exchange("fourth"))
}

func TestALongerTimeStands(t *testing.T) {
	t.Parallel()
	w := newTimed(t)
	mine := w.customer(t, "mine")
	w.inject(t, mine, metasim.OpPhoneNumbers, metasim.Fault{Kind: metasim.FaultError, ErrorCode: 4, RetryAfter: 600})
	require.Error(t, w.numbers(t, mine))
	late := customer{code: "late"}
	w.inject(t, late, metasim.OpExchange, metasim.Fault{Kind: metasim.FaultError, ErrorCode: 4, RetryAfter: 60})
	_, err := w.Exchange(t.Context(), seal.NewSecret("late"), "")
	require.Error(t, err)
	w.requireKept(t, 10*time.Minute, func() error { return w.numbers(t, mine) })
}

func TestWhenTheAppsLimitIsOverNotEverybodyComesAtOnce(t *testing.T) {
	t.Parallel()
	w := newTimed(t)
	mine := w.customer(t, "mine")
	require.NoError(t, w.numbers(t, mine))
	for range 100 { // in calm weather nobody is paced
		require.NoError(t, w.numbers(t, mine))
	}
	w.inject(t, mine, metasim.OpPhoneNumbers, metasim.Fault{Kind: metasim.FaultError, ErrorCode: 4, RetryAfter: 3600})
	require.Error(t, w.numbers(t, mine))
	w.clock.advance(time.Hour)
	require.NoError(t, w.sim.Inject(metasim.Fault{Kind: metasim.FaultUsage, AppUsage: 10}))

	through := func() (n int) {
		for range 500 {
			if w.numbers(t, mine) == nil {
				n++
			}
		}
		return n
	}
	require.Equal(t, 20, through(), "at once")
	w.clock.advance(time.Second)
	require.Equal(t, 20, through(), "a second later")
	_, err := w.Exchange(t.Context(), seal.NewSecret("code"), "")
	require.NoError(t, err, "a code dies in 30 s")
	f := failure(t, w.numbers(t, mine))
	require.Equal(t, 60, f.RetryAfter)
	w.clock.advance(10 * time.Minute)
	require.Equal(t, 500, through(), "it has gone well for ten minutes")
}

func TestWhatHasBegunIsNotStoppedHalfWay(t *testing.T) {
	t.Parallel()
	w := newTimed(t)
	mine := w.customer(t, "mine")
	require.NoError(t, w.sim.Inject(metasim.Fault{Kind: metasim.FaultUsage, AppUsage: 99}))
	require.NoError(t, w.numbers(t, mine))
	ctx := meta.For(t.Context(), &meta.Errand{})
	for range 50 { // a call a second is what 99 % leaves, and 20 at once
		_, err := w.PhoneNumbers(ctx, mine.token, mine.waba)
		require.NoError(t, err)
	}
	require.Equal(t, meta.ReasonLimit, failure(t, w.numbers(t, mine)).Reason, "what it took is counted")
}

func TestRunsUnderWayComeBeforeBackgroundLooks(t *testing.T) {
	t.Parallel()
	w := newTimed(t)
	mine := w.customer(t, "mine")
	look := func() error {
		_, err := w.PhoneNumbers(meta.For(t.Context(), &meta.Errand{Background: true}), mine.token, mine.waba)
		return err
	}
	require.NoError(t, look())
	w.inject(t, mine, metasim.OpPhoneNumbers, metasim.Fault{Kind: metasim.FaultUsage, AppUsage: 80})
	require.NoError(t, w.numbers(t, mine))
	w.requireKept(t, 5*time.Minute, look)
	require.NoError(t, w.numbers(t, mine))
	require.NoError(t, look(), "that answer said that there is room again")
}

func TestLimitsAreCountedWithoutNamingAnybody(t *testing.T) {
	t.Parallel()
	metrics := metric.NewManualReader()
	w := newTimed(t, func(c *meta.Config) { c.Meters = metric.NewMeterProvider(metric.WithReader(metrics)) })
	for i := range 3 {
		c := w.customer(t, "c"+strconv.Itoa(i))
		w.inject(t, c, metasim.OpPhoneNumbers, metasim.Fault{Kind: metasim.FaultError, ErrorCode: 80007, RegainMinutes: 3})
		require.Error(t, w.numbers(t, c))
		require.Error(t, w.numbers(t, c))
	}
	var got metricdata.ResourceMetrics
	require.NoError(t, metrics.Collect(t.Context(), &got))
	sums, usage := map[string]int64{}, map[string]int64{}
	for _, m := range got.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			require.Len(t, data.DataPoints, 1, "%s: a series for each restaurant", m.Name)
			limit, _ := data.DataPoints[0].Attributes.Value("limit")
			require.Equal(t, "account", limit.AsString())
			sums[m.Name] = data.DataPoints[0].Value
		case metricdata.Gauge[int64]:
			for _, point := range data.DataPoints {
				limit, _ := point.Attributes.Value("limit")
				usage[limit.AsString()] = point.Value
			}
		}
	}
	require.Equal(t, map[string]int64{"waba.meta.limits.reached": 3, "waba.meta.calls.kept_back": 3}, sums)
	require.EqualValues(t, 100, usage["account"])
	require.Less(t, usage["app"], int64(100))
}

func TestUsageHeadersAreReadAsFarAsTheyCanBe(t *testing.T) {
	t.Parallel()
	const business = "X-Business-Use-Case-Usage"
	for text, wait := range map[string]time.Duration{
		`{"880011223344556":[{"call_count":100.4}]}`:                                                5 * time.Minute,
		`{"880011223344556":[{"call_count":99.9}]}`:                                                 0,
		`{"880011223344556":[{"type":7,"call_count":"100","estimated_time_to_regain_access":"4"}]}`: 4 * time.Minute,
		`{"880011223344556":[{"call_count":3,"estimated_time_to_regain_access":2.5}]}`:              3 * time.Minute,
		`{"880011223344556":[{"call_count":{}},{"call_count":100}],"2":"x"}`:                        5 * time.Minute,
		`{"2":"x","880011223344556":[{"call_count":100}]}`:                                          5 * time.Minute,
		`{"880011223344556":[{"estimated_time_to_regain_access":1e300}]}`:                           7 * 24 * time.Hour,
		`{"880011223344556":[{"call_count":-5,"estimated_time_to_regain_access":-1}]}`:              0,
		`{"880011223344556":[{"call_count":null}]}`:                                                 0,
		`{"a business":[{"call_count":100}]}`:                                                       0,
		`{"777000111222333":[{"call_count":100}]}`:                                                  5 * time.Minute, // its owner, by another name
		`{"777000111222333":[{"call_count":100}],"880011223344556":[{"call_count":1}]}`:             0,               // another's
		`[100]`: 0,
		`{`:     0,
		`null`:  0,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set(business, text)
				says(200, `{"success":true}`)(w, r)
			})
			c := newClient(t, g.URL, func(c *meta.Config) { c.Now = (&clock{at: noon}).now })
			require.NoError(t, c.SubscribeApp(t.Context(), token, waba))
			err := c.SubscribeApp(t.Context(), token, waba)
			if wait == 0 {
				require.NoError(t, err)
				return
			}
			require.Equal(t, int(wait/time.Second), failure(t, err).RetryAfter)
		})
	}
}
