package meta_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// A hostile or broken answer, and what it means to a call that can be repeated
// and to one that cannot.
var badAnswers = []struct {
	name   string
	answer http.HandlerFunc
	read   event.Class
	effect event.Class
	reason meta.Reason
}{
	{"HTML with 200", says(200, "<!DOCTYPE html><title>Facebook</title>"), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"HTML with 503", says(503, "<html>busy</html>"), event.ClassTransient, event.ClassUnanswered, meta.ReasonNotJSON},
	{"HTML with 502", says(502, "<html>busy</html>"), event.ClassTransient, event.ClassUnanswered, meta.ReasonNotJSON},
	{"HTML with 401", says(401, "<html>proxy</html>"), event.ClassTransient, event.ClassUnanswered, meta.ReasonNotJSON},
	{"HTML with 429", says(429, "<html>slow down</html>"), event.ClassRateLimit, event.ClassRateLimit, meta.ReasonNotJSON},
	{"nothing with 200", says(200, ""), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"nothing with 500", says(500, ""), event.ClassTransient, event.ClassUnanswered, meta.ReasonNotJSON},
	{"nothing with 204", says(204, ""), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"null", says(200, "null"), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"an array", says(200, `[{"id":"880011223344556"}]`), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"a string", says(200, `"ok"`), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"half of an object", says(200, `{"data":[{"id":"8800`), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"two objects", says(200, `{"success":true}{"success":true}`), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"a key twice", says(200, `{"id":"880011223344556","id":"880011223344557"}`), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"a key twice in another spelling", says(200, `{"success":false,"Success":true}`), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"a key twice inside", says(200, `{"data":[{"id":"880011223344556","ID":"1"}],"success":true}`), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"100,000 levels", says(200, strings.Repeat(`{"a":`, 100_000)), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"UTF-16", says(200, "\xff\xfe{\x00}\x00"), event.ClassUnanswered, event.ClassUnanswered, meta.ReasonNotJSON},
	{"an error that is a text", says(400, `{"error":"invalid_request"}`), event.ClassTransient, event.ClassUnanswered, meta.ReasonNotAsked},
	{"10 MB", huge, event.ClassUnanswered, event.ClassUnanswered, meta.ReasonTooLarge},
	{"a gzip bomb", bomb, event.ClassUnanswered, event.ClassUnanswered, meta.ReasonTooLarge},
	{"a redirect", elsewhere, event.ClassUnanswered, event.ClassUnanswered, meta.ReasonRedirect},
	{"a promise of more than comes", short, event.ClassUnanswered, event.ClassUnanswered, meta.ReasonCut},
	{"a broken chunk", brokenChunk, event.ClassUnanswered, event.ClassUnanswered, ""},
	{"a cut connection", cut, event.ClassUnanswered, event.ClassUnanswered, meta.ReasonCut},
}

func TestBadAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range badAnswers {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGraph(t, tt.answer)
			for _, call := range calls {
				c := newClient(t, g.URL) // one that has met no limit yet
				before := len(g.requests())
				_, err := call.do(t, c)
				f := failure(t, err)
				want := tt.read
				if call.effect {
					want = tt.effect
				}
				require.Equal(t, want, f.Class, "%s: %v", call.name, err)
				if tt.reason != "" {
					require.Equal(t, tt.reason, f.Reason, "%s: %v", call.name, err)
				}
				require.Zero(t, f.Code)
				if call.effect {
					require.Len(t, g.requests(), before+1, "%s was sent again", call.name)
				}
			}
		})
	}
}

func huge(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"data":"`)
	filler := bytes.Repeat([]byte("x"), 1<<16)
	for range 160 {
		if _, err := w.Write(filler); err != nil {
			return
		}
	}
	_, _ = io.WriteString(w, `"}`)
}

func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	_, _ = w.Write(packed())
}

// packed is 4 MiB of zeros in 4 KiB.
var packed = sync.OnceValue(func() []byte {
	var buffer bytes.Buffer
	packer := gzip.NewWriter(&buffer)
	zeros := make([]byte, 1<<20)
	for range 4 {
		_, _ = packer.Write(zeros) // a buffer takes all
	}
	_ = packer.Close()
	return buffer.Bytes()
})

func elsewhere(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/elsewhere") {
		_, _ = io.WriteString(w, `{"data":[],"success":true}`)
		return
	}
	w.Header().Set("Location", "http://"+r.Host+"/elsewhere")
	w.WriteHeader(http.StatusFound)
}

func short(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, `{"success":true}`)
}

func brokenChunk(w http.ResponseWriter, _ *http.Request) {
	conn, buffer, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = buffer.WriteString("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")
	_ = buffer.Flush()
}

func cut(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_ = conn.Close()
}

func TestIncompleteAnswers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"exchange":       `{"token_type":"bearer"}`,
		"inspect":        `{"data":{"is_valid":true}}`,
		"businesses":     `{"data":null}`,
		"owned accounts": `{"data":[{"id":"880011223344556x"}]}`,
		"pages":          `{"data":[{"id":["5550001"]}]}`,
		"numbers":        `{"data":{"id":"106000111222333"}}`,
		"one number":     `{"display_phone_number":"+55"}`,
		"strategy 2B":    `{"success":false}`,
		"subscribe":      `{"success":false}`,
		"register":       `{"id":"106000111222333"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, call := range calls {
				if call.name == name {
					_, err := call.do(t, newClient(t, newGraph(t, says(200, answer)).URL))
					f := failure(t, err)
					require.Equal(t, event.ClassUnanswered, f.Class)
					require.Equal(t, meta.ReasonNotAsked, f.Reason)
					return
				}
			}
			t.Fatal("no such call")
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		call    string
		status  int
		headers map[string]string
		body    string
		want    event.MetaError
	}{{
		name: "a permission that is missing", call: "owned accounts", status: 403,
		body: `{"error":{"message":"m","type":"OAuthException","code":200,"error_subcode":1349174,"fbtrace_id":"AbC_1-2"}}`,
		want: event.MetaError{Operation: "list_owned_wabas", Code: 200, Subcode: 1349174, Class: event.ClassPermission, HTTPStatus: 403, FbtraceID: "AbC_1-2"},
	}, {
		name: "code 1 at the exchange is the app secret", call: "exchange", status: 400,
		body: `{"error":{"code":1,"is_transient":true}}`,
		want: event.MetaError{Operation: "exchange_code", Code: 1, Class: event.ClassInvalid, HTTPStatus: 400},
	}, {
		name: "code 1 elsewhere is Meta's own fault", call: "one number", status: 500,
		body: `{"error":{"code":1}}`,
		want: event.MetaError{Operation: "read_phone_number", Code: 1, Class: event.ClassTransient, HTTPStatus: 500},
	}, {
		name: "an error with status 200 is an error", call: "register", status: 200,
		body: `{"error":{"code":133005},"success":true}`,
		want: event.MetaError{Operation: "register_phone", Code: 133005, Class: event.ClassInvalid, HTTPStatus: 200},
	}, {
		name: "a code of 0 is a token that cannot be used", call: "numbers", status: 401,
		body: `{"error":{"code":0}}`,
		want: event.MetaError{Operation: "list_phone_numbers", Class: event.ClassAuthExpired, HTTPStatus: 401},
	}, {
		name: "an error without a code goes by its status", call: "numbers", status: 503,
		body: `{"error":{"message":"m"}}`,
		want: event.MetaError{Operation: "list_phone_numbers", Class: event.ClassTransient, HTTPStatus: 503},
	}, {
		name: "an unknown code that Meta calls transient is", call: "subscribe", status: 400,
		body: `{"error":{"code":987654,"is_transient":true}}`,
		want: event.MetaError{Operation: "subscribe_app", Code: 987654, Class: event.ClassTransient, HTTPStatus: 400},
	}, {
		name: "what is odd in an error object does not hide the code", call: "subscribe", status: 400,
		body: `{"error":{"code":"190","error_subcode":"463","is_transient":"no","fbtrace_id":{"x":1},"error_data":"text","message":7}}`,
		want: event.MetaError{Operation: "subscribe_app", Code: 190, Subcode: 463, Class: event.ClassAuthExpired, HTTPStatus: 400},
	}, {
		name: "a trace id that could be anything else is dropped", call: "subscribe", status: 400,
		body: `{"error":{"code":190,"fbtrace_id":"<script>alert(1)</script>"}}`,
		want: event.MetaError{Operation: "subscribe_app", Code: 190, Class: event.ClassAuthExpired, HTTPStatus: 400},
	}, {
		name: "a limit waits as many minutes as the most limited object says", call: "numbers", status: 400,
		headers: map[string]string{"X-Business-Use-Case-Usage": `{"880011223344556":[{"type":"x","estimated_time_to_regain_access":3},{"estimated_time_to_regain_access":7}],"1":[]}`},
		body:    `{"error":{"code":80007}}`,
		want:    event.MetaError{Operation: "list_phone_numbers", Code: 80007, Class: event.ClassRateLimit, HTTPStatus: 400, RetryAfter: 420},
	}, {
		name: "a limit without a time waits an hour", call: "numbers", status: 400,
		headers: map[string]string{"X-Business-Use-Case-Usage": "not JSON", "Retry-After": "soon"},
		body:    `{"error":{"code":4}}`,
		want:    event.MetaError{Operation: "list_phone_numbers", Code: 4, Class: event.ClassRateLimit, HTTPStatus: 400, RetryAfter: 3600},
	}, {
		name: "Retry-After counts", call: "numbers", status: 503, headers: map[string]string{"Retry-After": "90"},
		body: `{"error":{"code":2}}`,
		want: event.MetaError{Operation: "list_phone_numbers", Code: 2, Class: event.ClassTransient, HTTPStatus: 503, RetryAfter: 90},
	}, {
		name: "no header shortens a wait of 72 hours", call: "register", status: 400, headers: map[string]string{"Retry-After": "1"},
		body: `{"error":{"code":133016}}`,
		want: event.MetaError{Operation: "register_phone", Code: 133016, Class: event.ClassRateLimit, HTTPStatus: 400, RetryAfter: 259200},
	}, {
		name: "nor one of five minutes", call: "register", status: 400,
		body: `{"error":{"code":133015}}`,
		want: event.MetaError{Operation: "register_phone", Code: 133015, Class: event.ClassTransient, HTTPStatus: 400, RetryAfter: 300},
	}, {
		name: "a wait of years is not believed", call: "numbers", status: 400, headers: map[string]string{"Retry-After": "9223372036854775807"},
		body: `{"error":{"code":4}}`,
		want: event.MetaError{Operation: "list_phone_numbers", Code: 4, Class: event.ClassRateLimit, HTTPStatus: 400, RetryAfter: 7 * 24 * 3600},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
				for name, value := range tt.headers {
					w.Header().Set(name, value)
				}
				says(tt.status, tt.body)(w, r)
			})
			_, err := callNamed(t, tt.call).do(t, newClient(t, g.URL))
			require.Equal(t, tt.want, failure(t, err).MetaError)
		})
	}
}

func TestRetryAfterAsADate(t *testing.T) {
	t.Parallel()
	g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		says(503, `{"error":{"code":2}}`)(w, r)
	})
	_, err := newClient(t, g.URL).ClientBusiness(t.Context(), token)
	require.InDelta(t, 3600, failure(t, err).RetryAfter, 5)
}

func callNamed(t testing.TB, name string) call {
	t.Helper()
	for _, c := range calls {
		if c.name == name {
			return c
		}
	}
	t.Fatal("no call named " + name)
	return call{}
}

func TestExchangeReadsOddAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, answer, want string }{
		{"only a token", `{"access_token":"EAACANARYaccesstoken"}`, "  0s"},
		{"a life in quotes", `{"access_token":"EAACANARYaccesstoken","token_type":"bearer","expires_in":"60"}`, " bearer 1m0s"},
		{"no life", `{"access_token":"EAACANARYaccesstoken","expires_in":null}`, "  0s"},
		{"a life of 0", `{"access_token":"EAACANARYaccesstoken","expires_in":0}`, "  0s"},
		{"a life below 0", `{"access_token":"EAACANARYaccesstoken","expires_in":-1}`, "  0s"},
		{"a life of ages", `{"access_token":"EAACANARYaccesstoken","expires_in":9000000000000000000}`, "  87600h0m0s"},
		{"a life that is a fraction", `{"access_token":"EAACANARYaccesstoken","expires_in":1e3,"token_type":["x"]}`, "  0s"},
		{"a type that is a text of somebody", `{"access_token":"EAACANARYaccesstoken","token_type":"<b>bearer</b>"}`, "  0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := callNamed(t, "exchange").do(t, newClient(t, newGraph(t, says(200, tt.answer)).URL))
			require.NoError(t, err)
			require.Equal(t, access+tt.want, got)
		})
	}
	t.Run("a token that cannot be sent is no token", func(t *testing.T) {
		t.Parallel()
		for _, bad := range []string{"", `a\r\nb`, "a b", "ã", strings.Repeat("x", 5000)} {
			g := newGraph(t, says(200, fmt.Sprintf(`{"access_token":"%s"}`, bad)))
			_, err := callNamed(t, "exchange").do(t, newClient(t, g.URL))
			require.Equal(t, event.ClassUnanswered, failure(t, err).Class, bad)
		}
	})
}

func TestCreateAccountNamesOnlyWhatIsSurelyAnAccount(t *testing.T) {
	t.Parallel()
	const wanted, other = "880011223344556", "990000000000001"
	for _, tt := range []struct {
		name     string
		strategy event.Strategy
		answer   string
		want     event.WabaID
	}{
		{"2A: an id may be the app's", event.StrategyClient, `{"id":"` + other + `"}`, ""},
		{"2A: an account by name", event.StrategyClient, `{"id":"` + other + `","whatsapp_business_account_id":` + wanted + `}`, wanted},
		{"2A: an account as an object", event.StrategyClient, `{"whatsapp_business_account":{"id":"` + wanted + `"}}`, wanted},
		{"2A: an account as a text", event.StrategyClient, `{"whatsapp_business_account":"` + wanted + `"}`, wanted},
		{"2C: an id may be the app's", event.StrategyApps, `{"id":"` + other + `"}`, ""},
		{"2C: an account by name", event.StrategyApps, `{"waba_id":"` + wanted + `"}`, wanted},
		{"2B: the id", event.StrategyAccounts, `{"id":"` + wanted + `"}`, wanted},
		{"2B: an id above 2^53", event.StrategyAccounts, `{"id":9007199254740993001}`, "9007199254740993001"},
		{"2B: not the business's own", event.StrategyAccounts, `{"id":"` + string(business) + `"}`, ""},
		{"2D: no id at all", event.StrategyOfficial, `{"success":true}`, ""},
		{"2D: an id that is none", event.StrategyOfficial, `{"id":{"x":1}}`, ""},
		{"2D: an id in floating point", event.StrategyOfficial, `{"id":8.8e14}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGraph(t, says(200, tt.answer))
			got, err := newClient(t, g.URL).CreateAccount(t.Context(), token, tt.strategy, business, noon)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}
