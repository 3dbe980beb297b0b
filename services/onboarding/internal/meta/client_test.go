package meta_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	appID    = "1122334455667788"
	secret   = "CANARY-app-secret"
	code     = "CANARY-code/+ü&="
	access   = "EAACANARYaccesstoken"
	pin      = "424242"
	business = event.BusinessID("777000111222333")
	waba     = event.WabaID("880011223344556")
	phone    = event.PhoneNumberID("106000111222333")
)

var (
	token = seal.NewSecret(access)
	noon  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

// seen is a request as the server saw it.
type seen struct {
	Method, Path, Body string
	Query              url.Values
	Header             http.Header
}

// graph is a Graph API that answers as it is told, and remembers what was asked.
type graph struct {
	*httptest.Server

	mu   sync.Mutex
	seen []seen
}

func newGraph(t testing.TB, answer http.HandlerFunc) *graph {
	t.Helper()
	g := &graph{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		g.mu.Lock()
		g.seen = append(g.seen, seen{r.Method, r.URL.Path, string(body), r.URL.Query(), r.Header.Clone()})
		g.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *graph) requests() []seen {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]seen(nil), g.seen...)
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func newClient(t testing.TB, base string, change ...func(*meta.Config)) *meta.Client {
	t.Helper()
	config := meta.Config{Base: base, Version: "v22.0", AppID: appID, AppSecret: seal.NewSecret(secret), CallTimeout: 5 * time.Second}
	for _, c := range change {
		c(&config)
	}
	client, err := meta.New(config)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// call is one call of each kind, with what it must look like on the wire.
type call struct {
	name   string
	do     func(t testing.TB, c *meta.Client) (any, error)
	effect bool // it cannot simply be done again

	method, path string
	query        url.Values // without the proof
	body         string
	answer       string
	want         any
}

func withFields(names string) url.Values { return url.Values{"fields": {names}, "limit": {"100"}} }

const phoneFields = "id,display_phone_number,verified_name,status,platform_type,code_verification_status," +
	"name_status,quality_rating,account_mode,throughput,is_on_biz_app"

func creation(strategy event.Strategy) func(testing.TB, *meta.Client) (any, error) {
	return func(t testing.TB, c *meta.Client) (any, error) {
		return c.CreateAccount(t.Context(), token, strategy, business, noon)
	}
}

var calls = []call{{
	name: "exchange",
	do: func(t testing.TB, c *meta.Client) (any, error) {
		got, err := c.Exchange(t.Context(), seal.NewSecret(code), "https://app.example.test/cb?x=1&y=ã")
		return got.Access.Reveal() + " " + got.Type + " " + got.ExpiresIn.String(), err
	},
	effect: true,
	method: http.MethodGet, path: "/v22.0/oauth/access_token",
	query: url.Values{
		"client_id": {appID}, "client_secret": {secret}, "code": {code},
		"redirect_uri": {"https://app.example.test/cb?x=1&y=ã"},
	},
	answer: `{"access_token":"EAACANARYaccesstoken","token_type":"bearer","expires_in":3600}`,
	want:   access + " bearer 1h0m0s",
}, {
	name: "inspect",
	do: func(t testing.TB, c *meta.Client) (any, error) {
		got, err := c.Inspect(t.Context(), token)
		return got.UserID, err
	},
	method: http.MethodGet, path: "/v22.0/debug_token", query: url.Values{"input_token": {access}},
	answer: `{"data":{"app_id":"1122334455667788","is_valid":true,"user_id":"12200001"}}`,
	want:   event.UserID("12200001"),
}, {
	name:   "client business",
	do:     func(t testing.TB, c *meta.Client) (any, error) { return c.ClientBusiness(t.Context(), token) },
	method: http.MethodGet, path: "/v22.0/me", query: url.Values{"fields": {"client_business_id"}},
	answer: `{"client_business_id":"777000111222333","id":"12200001"}`,
	want:   business,
}, {
	name:   "businesses",
	do:     func(t testing.TB, c *meta.Client) (any, error) { return c.Businesses(t.Context(), token) },
	method: http.MethodGet, path: "/v22.0/me/businesses", query: withFields("id"),
	answer: `{"data":[{"id":"777000111222333"},{"id":"777000111222333"},{"id":777000444555666}]}`,
	want:   []event.BusinessID{business, "777000444555666"},
}, {
	name:   "owned accounts",
	do:     func(t testing.TB, c *meta.Client) (any, error) { return c.OwnedAccounts(t.Context(), token, business) },
	method: http.MethodGet, path: "/v22.0/777000111222333/owned_whatsapp_business_accounts",
	query:  withFields("id,name,account_review_status"),
	answer: `{"data":[{"id":"880011223344556","name":"Padaria Sol","account_review_status":"APPROVED"}]}`,
	want:   []meta.Account{{ID: waba, Name: "Padaria Sol", ReviewStatus: "APPROVED"}},
}, {
	name:   "client accounts",
	do:     func(t testing.TB, c *meta.Client) (any, error) { return c.ClientAccounts(t.Context(), token, business) },
	method: http.MethodGet, path: "/v22.0/777000111222333/client_whatsapp_business_accounts",
	query:  withFields("id,name,account_review_status"),
	answer: `{"data":[]}`,
	want:   []meta.Account{},
}, {
	name:   "pages",
	do:     func(t testing.TB, c *meta.Client) (any, error) { return c.Pages(t.Context(), token) },
	method: http.MethodGet, path: "/v22.0/me/accounts", query: withFields("id"),
	answer: `{"data":[{"id":"5550001112223"}]}`,
	want:   []meta.PageID{"5550001112223"},
}, {
	name: "business of a page",
	do: func(t testing.TB, c *meta.Client) (any, error) {
		return c.PageBusiness(t.Context(), token, "5550001112223")
	},
	method: http.MethodGet, path: "/v22.0/5550001112223", query: url.Values{"fields": {"business,owner_business"}},
	answer: `{"owner_business":{"id":"777000111222333","name":"x"},"id":"5550001112223"}`,
	want:   business,
}, {
	name:   "numbers",
	do:     func(t testing.TB, c *meta.Client) (any, error) { return c.PhoneNumbers(t.Context(), token, waba) },
	method: http.MethodGet, path: "/v22.0/880011223344556/phone_numbers", query: withFields(phoneFields),
	answer: `{"data":[{"id":"106000111222333","display_phone_number":"+55 11 90000-0000","status":"pending","platform_type":"NOT_APPLICABLE","throughput":{"level":"NEW"}}]}`,
	want:   []meta.Phone{{ID: phone, Display: "+55 11 90000-0000", Status: "PENDING", PlatformType: "NOT_APPLICABLE", Throughput: "NEW", OnBizApp: event.ReadingUnknown}},
}, {
	name:   "one number",
	do:     func(t testing.TB, c *meta.Client) (any, error) { return c.Phone(t.Context(), token, phone) },
	method: http.MethodGet, path: "/v22.0/106000111222333", query: url.Values{"fields": {phoneFields}},
	answer: `{"id":"106000111222333","display_phone_number":"+55 11 90000-0000","verified_name":"Padaria Sol","status":"CONNECTED",` +
		`"platform_type":"CLOUD_API","code_verification_status":"VERIFIED","name_status":"APPROVED","quality_rating":"GREEN",` +
		`"account_mode":"LIVE","throughput":{"level":"STANDARD"},"is_on_biz_app":true}`,
	want: meta.Phone{
		ID: phone, Display: "+55 11 90000-0000", VerifiedName: "Padaria Sol", Status: "CONNECTED",
		PlatformType: "CLOUD_API", CodeVerification: "VERIFIED", NameStatus: "APPROVED", QualityRating: "GREEN",
		AccountMode: "LIVE", Throughput: "STANDARD", OnBizApp: event.ReadingYes,
	},
}, {
	name: "strategy 2A", do: creation(event.StrategyClient), effect: true,
	method: http.MethodPost, path: "/v22.0/777000111222333/client_whatsapp_applications",
	body:   `{"app_name":"WhatsApp Business Account","waba_creation_request":{"business_manager_id":"777000111222333","category":"BUSINESS_TO_CUSTOMER"}}`,
	answer: `{"id":"990000000000001","waba_id":"880011223344556"}`, want: waba,
}, {
	name: "strategy 2B", do: creation(event.StrategyAccounts), effect: true,
	method: http.MethodPost, path: "/v22.0/777000111222333/whatsapp_business_accounts",
	body:   `{"name":"WhatsApp Business Account","category":"BUSINESS_TO_CUSTOMER"}`,
	answer: `{"id":"880011223344556","payment_account_id":"990011"}`, want: waba,
}, {
	name: "strategy 2C", do: creation(event.StrategyApps), effect: true,
	method: http.MethodPost, path: "/v22.0/777000111222333/applications",
	body:   `{"name":"WhatsApp Business App","namespace":"whatsapp_1795435200000","category":"BUSINESS"}`,
	answer: `{"id":"990000000000001"}`, want: event.WabaID(""),
}, {
	name: "strategy 2D", do: creation(event.StrategyOfficial), effect: true,
	method: http.MethodPost, path: "/v22.0/whatsapp_business_accounts",
	body:   `{"business_manager_id":"777000111222333","name":"WhatsApp Business Account","category":"BUSINESS_TO_CUSTOMER"}`,
	answer: `{"id":880011223344556}`, want: waba,
}, {
	name:   "subscribe",
	do:     func(t testing.TB, c *meta.Client) (any, error) { return nil, c.SubscribeApp(t.Context(), token, waba) },
	effect: true,
	method: http.MethodPost, path: "/v22.0/880011223344556/subscribed_apps",
	answer: `{"success":true}`,
}, {
	name:   "subscribed apps",
	do:     func(t testing.TB, c *meta.Client) (any, error) { return c.SubscribedApps(t.Context(), token, waba) },
	method: http.MethodGet, path: "/v22.0/880011223344556/subscribed_apps", query: url.Values{"limit": {"100"}},
	answer: `{"data":[{"whatsapp_business_api_data":{"id":"1122334455667788","name":"x","link":"https://x"}}]}`,
	want:   []meta.AppID{appID},
}, {
	name: "register",
	do: func(t testing.TB, c *meta.Client) (any, error) {
		return nil, c.Register(t.Context(), token, phone, seal.NewSecret(pin))
	},
	effect: true,
	method: http.MethodPost, path: "/v22.0/106000111222333/register",
	body:   `{"messaging_product":"whatsapp","pin":"424242"}`,
	answer: `{"success":"true"}`,
}}

func TestCalls(t *testing.T) {
	t.Parallel()
	for _, tt := range calls {
		t.Run(tt.name+" asks as Meta documents it and reads the answer", func(t *testing.T) {
			t.Parallel()
			g := newGraph(t, says(http.StatusOK, tt.answer))
			got, err := tt.do(t, newClient(t, g.URL))
			require.NoError(t, err)
			require.Equal(t, tt.want, got)

			require.Len(t, g.requests(), 1)
			asked := g.requests()[0]
			require.Equal(t, tt.method, asked.Method)
			require.Equal(t, tt.path, asked.Path)
			require.Equal(t, tt.body, asked.Body)
			if tt.body != "" {
				require.Equal(t, "application/json", asked.Header.Get("Content-Type"))
			}
			switch tt.name {
			case "exchange":
				require.Empty(t, asked.Header.Get("Authorization"))
			case "inspect":
				require.Equal(t, "Bearer "+appID+"|"+secret, asked.Header.Get("Authorization"))
			default:
				require.Equal(t, "Bearer "+access, asked.Header.Get("Authorization"))
				require.Equal(t, proofOf(access), asked.Query.Get("appsecret_proof"))
				require.False(t, asked.Query.Has("access_token"))
				asked.Query.Del("appsecret_proof")
			}
			if tt.query == nil {
				tt.query = url.Values{}
			}
			require.Equal(t, tt.query, asked.Query)
		})
	}
}

func TestCallsWithoutSense(t *testing.T) {
	t.Parallel()
	g := newGraph(t, says(http.StatusOK, `{}`))
	c := newClient(t, g.URL)
	ctx := t.Context()
	one := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"no business":        one(c.CreateAccount(ctx, token, event.StrategyClient, "", noon)),
		"business of a path": one(c.OwnedAccounts(ctx, token, "../me")),
		"waba of a path":     one(c.PhoneNumbers(ctx, token, "880011223344556/x")),
		"no number":          one(c.Phone(ctx, token, "")),
		"page with a query":  one(c.PageBusiness(ctx, token, "5550001?x=1")),
		"register nothing":   c.Register(ctx, token, "", seal.NewSecret(pin)),
		"subscribe to a dot": c.SubscribeApp(ctx, token, "."),
		"apps of nothing":    one(c.SubscribedApps(ctx, token, "")),
		"2E makes nothing":   one(c.CreateAccount(ctx, token, event.StrategyToken, business, noon)),
		"unknown strategy":   one(c.CreateAccount(ctx, token, "magic", business, noon)),
	} {
		require.Equal(t, event.ClassInvalid, failure(t, err).Class, name)
	}
	for name, bad := range map[string]seal.Secret{
		"none": {}, "with a line break": seal.NewSecret("a\r\nX: y"), "with a space": seal.NewSecret("a b"), "not ASCII": seal.NewSecret("ã"),
	} {
		_, err := c.ClientBusiness(ctx, bad)
		require.Equal(t, event.ClassAuthExpired, failure(t, err).Class, name)
		_, err = c.Inspect(ctx, bad)
		require.Equal(t, event.ClassAuthExpired, failure(t, err).Class, name)
	}
	require.Empty(t, g.requests())
}

// failure returns the *meta.Error that err is.
func failure(t testing.TB, err error) *meta.Error {
	t.Helper()
	require.Error(t, err)
	f, ok := errors.AsType[*meta.Error](err)
	require.True(t, ok, "%T %v", err, err)
	return f
}
