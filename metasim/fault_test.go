package metasim_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

func inject(t *testing.T, s *sim, f metasim.Fault) {
	t.Helper()
	require.NoError(t, s.Inject(f))
}

func TestAFaultStrikesWhatItMatches(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	mine, theirs := s.token(t, "mine"), s.token(t, "theirs")
	inject(t, s, metasim.Fault{
		Ops: []metasim.Op{metasim.OpClientBusiness}, Code: "mine", After: 1, Times: 2,
		Kind: metasim.FaultError, Status: 403, ErrorCode: 368, Message: "blocked",
	})
	business := "/me?fields=client_business_id"
	require.Equal(t, http.StatusOK, s.get(t, business, mine).status, "the first is let through")
	require.Equal(t, http.StatusOK, s.get(t, business, theirs).status, "another code")
	require.Equal(t, http.StatusOK, s.get(t, "/me", mine).status, "another operation")
	s.get(t, business, mine).refusedWith(t, http.StatusForbidden, 368, 0)
	s.get(t, business, mine).refusedWith(t, http.StatusForbidden, 368, 0)
	require.Equal(t, http.StatusOK, s.get(t, business, mine).status, "twice is enough")

	kept := s.Faults()
	require.Len(t, kept, 1)
	require.Empty(t, kept[0].Code)
	require.Equal(t, metasim.KeyOf("mine"), kept[0].World)
	require.NoError(t, s.ClearFaults())
	require.Empty(t, s.Faults())
}

func TestAFaultForEveryOperationStrikesTheExchangeToo(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	inject(t, s, metasim.Fault{Kind: metasim.FaultError, ErrorCode: 2, Transient: true, Status: 500, Times: 1})
	e := s.exchange(t, "later").refusedWith(t, http.StatusInternalServerError, 2, 0)
	require.True(t, e.Transient)
	s.token(t, "later") // the refused one has not spent the code
}

func TestFaultsBreakAnswersInEveryWay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault metasim.Fault
		check func(t *testing.T, r reply, err error)
	}{
		{metasim.Fault{Kind: metasim.FaultHTML, Status: 502}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			require.Equal(t, http.StatusBadGateway, r.status)
			require.Contains(t, r.header.Get("Content-Type"), "text/html")
			require.Contains(t, r.text, "<html")
		}},
		{metasim.Fault{Kind: metasim.FaultCut}, func(t *testing.T, _ reply, err error) { require.Error(t, err) }},
		{metasim.Fault{Kind: metasim.FaultTruncated}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, r.status)
			require.False(t, json.Valid([]byte(r.text)))
			require.NotEmpty(t, r.text)
		}},
		{metasim.Fault{Kind: metasim.FaultEmpty, Status: 200}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, r.status)
			require.Empty(t, r.text)
		}},
		{metasim.Fault{Kind: metasim.FaultHuge, Bytes: 3 << 20}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			require.Greater(t, len(r.text), 3<<20)
		}},
		{metasim.Fault{Kind: metasim.FaultBody, Status: 401, Body: `{"error":{"code":0}}`}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			require.Equal(t, 401, r.status)
			require.JSONEq(t, `{"error":{"code":0}}`, r.text)
		}},
		{metasim.Fault{Kind: metasim.FaultRedirect, Location: "https://elsewhere.example.test/"}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			require.Equal(t, http.StatusFound, r.status)
			require.Equal(t, "https://elsewhere.example.test/", r.header.Get("Location"))
		}},
		{metasim.Fault{Kind: metasim.FaultLatency, LatencyMS: 30}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, r.status)
		}},
		{metasim.Fault{Kind: metasim.FaultError, ErrorCode: 4, Status: 429, ErrorSubcode: 2446079, RegainMinutes: 7, RetryAfter: 9, Details: "wait"}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			r.refusedWith(t, http.StatusTooManyRequests, 4, 2446079)
			require.Contains(t, r.header.Get("X-App-Usage"), `"call_count":100`)
			require.Contains(t, r.header.Get("X-Business-Use-Case-Usage"), `"estimated_time_to_regain_access":7`)
			require.Equal(t, "9", r.header.Get("Retry-After"))
			require.Equal(t, "wait", r.graphError(t).Data.Details)
		}},
		{metasim.Fault{Kind: metasim.FaultUsage, AppUsage: 97, AccountUsage: 88}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, r.status)
			require.Contains(t, r.header.Get("X-App-Usage"), `"call_count":97`)
			require.Contains(t, r.header.Get("X-Business-Use-Case-Usage"), `"call_count":88`)
			require.Contains(t, r.header.Get("X-Business-Use-Case-Usage"), `"estimated_time_to_regain_access":0`)
			require.Empty(t, r.header.Get("Retry-After"))
		}},
		{metasim.Fault{
			Kind: metasim.FaultAltered, Replace: map[string]string{`"id":"`: `"id":"9`},
			Header: map[string]string{"Facebook-Api-Version": "v99.0", "X-App-Usage": ""},
		}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, r.status)
			require.Contains(t, r.text, `"id":"9`)
			require.Equal(t, "v99.0", r.header.Get("Facebook-Api-Version"))
			require.NotContains(t, r.header, "X-App-Usage")
		}},
		{metasim.Fault{Kind: metasim.FaultError, ErrorCode: 80007, RegainMinutes: 3}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			require.NotContains(t, r.header.Get("X-App-Usage"), "100", "the account's limit is not the app's")
			require.Contains(t, r.header.Get("X-Business-Use-Case-Usage"), `"call_count":100`)
		}},
		{metasim.Fault{Kind: metasim.FaultHTML, Status: 429, RetryAfter: 9, RetryAfterDate: true}, func(t *testing.T, r reply, err error) {
			require.NoError(t, err)
			at, err := http.ParseTime(r.header.Get("Retry-After"))
			require.NoError(t, err)
			require.WithinDuration(t, time.Now().Add(9*time.Second), at, 5*time.Second)
		}},
	} {
		t.Run(string(tt.fault.Kind), func(t *testing.T) {
			t.Parallel()
			s := start(t, metasim.Options{})
			token, ids := s.token(t, "x"), metasim.IDs("x")
			inject(t, s, tt.fault)
			begun := time.Now()
			r, err := s.try(t, http.MethodGet, "/v22.0/"+ids.WABA, token, nil)
			tt.check(t, r, err)
			require.GreaterOrEqual(t, time.Since(begun), time.Duration(tt.fault.LatencyMS)*time.Millisecond)
			require.NoError(t, s.ClearFaults())
			require.Equal(t, http.StatusOK, s.get(t, "/"+ids.WABA, token).status)

			entries := s.Ledger()
			require.Equal(t, tt.fault.Kind, entries[len(entries)-2].Fault)
			require.Empty(t, entries[len(entries)-1].Fault)
		})
	}
}

func TestWorkIsDoneOrNotAsTheFaultSays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault metasim.Fault
		done  int
	}{
		{metasim.Fault{Kind: metasim.FaultCut}, 0},
		{metasim.Fault{Kind: metasim.FaultCut, Execute: true}, 1},
		{metasim.Fault{Kind: metasim.FaultUnanswered}, 1},
		{metasim.Fault{Kind: metasim.FaultTruncated}, 1},
		{metasim.Fault{Kind: metasim.FaultHTML}, 0},
		{metasim.Fault{Kind: metasim.FaultHTML, Execute: true}, 1},
		{metasim.Fault{Kind: metasim.FaultEmpty}, 0},
		{metasim.Fault{Kind: metasim.FaultError, ErrorCode: 2}, 0},
		{metasim.Fault{Kind: metasim.FaultError, ErrorCode: 2, Execute: true}, 1},
	} {
		s := start(t, metasim.Options{})
		token, ids := s.token(t, "demo-creates-2b"), metasim.IDs("demo-creates-2b")
		inject(t, s, tt.fault)
		c := creations(ids.Business)[1]
		_, err := s.try(t, http.MethodPost, "/v22.0"+c.path, token, c.body)
		if tt.fault.Kind == metasim.FaultCut || tt.fault.Kind == metasim.FaultUnanswered {
			require.Error(t, err)
		}
		require.Equal(t, tt.done, s.Executed(metasim.OpCreate2B, "demo-creates-2b"), tt.fault)
		require.Equal(t, 1, s.Calls(metasim.OpCreate2B, "demo-creates-2b"), tt.fault)
		world, ok := s.World("demo-creates-2b")
		require.True(t, ok)
		require.Len(t, world.Accounts, tt.done)
	}
}

func TestAStalledAnswerEndsWhenTheClientLeavesOrTheServerCloses(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token := s.token(t, "stalled")
	inject(t, s, metasim.Fault{Kind: metasim.FaultStall})

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/v22.0/me", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := s.client.Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)

	left := make(chan error, 1)
	go func() {
		_, err := s.try(t, http.MethodGet, "/v22.0/me", token, nil) //nolint:testifylint // it asserts only that a nil body can be encoded
		left <- err
	}()
	require.Eventually(t, func() bool { return s.Calls(metasim.OpMe, "stalled") == 2 }, 5*time.Second, time.Millisecond)
	require.NoError(t, s.Close())
	require.Error(t, <-left)
}

func TestAFaultThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	for _, f := range []metasim.Fault{
		{},
		{Kind: "earthquake"},
		{Kind: metasim.FaultError},
		{Kind: metasim.FaultLatency},
		{Kind: metasim.FaultRedirect},
		{Kind: metasim.FaultUsage},
		{Kind: metasim.FaultCut, Times: -1},
		{Kind: metasim.FaultHTML, Status: 99},
		{Kind: metasim.FaultCut, Ops: []metasim.Op{250}},
	} {
		require.Error(t, s.Inject(f), "%+v", f)
	}
	require.Empty(t, s.Faults())
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	r, err := s.try(t, http.MethodPost, "/v22.0/oauth/access_token", "", map[string]string{"code": strings.Repeat("x", 2<<20)})
	if errors.Is(err, io.EOF) || err != nil {
		return // the server closed the connection while the client still wrote
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, r.status)
}
