package meta_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

func TestLists(t *testing.T) {
	t.Parallel()

	t.Run("are read to the end, over short and empty pages", func(t *testing.T) {
		t.Parallel()
		trap := newGraph(t, says(200, `{"data":[]}`))
		pages := map[string]string{
			"":  `{"data":[{"id":"100001"},{"id":"100002"}],"paging":{"cursors":{"after":"b"},"next":"` + trap.URL + `/x?access_token=t"}}`,
			"b": `{"data":[],"paging":{"cursors":{"after":"c"},"next":"` + trap.URL + `/x"}}`,
			"c": `{"data":[{"id":"100002"},{"id":100003}],"paging":{"cursors":{"before":"c","after":"d"}}}`,
		}
		g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
			says(200, pages[r.URL.Query().Get("after")])(w, r)
		})
		got, err := newClient(t, g.URL).Businesses(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, []event.BusinessID{"100001", "100002", "100003"}, got)
		require.Len(t, g.requests(), 3)
		for _, r := range g.requests() {
			require.Equal(t, proofOf(access), r.Query.Get("appsecret_proof"))
			require.Equal(t, "100", r.Query.Get("limit"))
		}
		require.Empty(t, trap.requests(), "paging.next was followed")
	})

	for name, tt := range map[string]struct {
		page     func(after string) string
		requests int
	}{
		"that go in a circle are an error": {func(string) string {
			return `{"data":[{"id":"100001"}],"paging":{"cursors":{"after":"a"},"next":"x"}}`
		}, 2},
		"that do not say how they go on are an error": {func(string) string {
			return `{"data":[{"id":"100001"}],"paging":{"next":"x"}}`
		}, 1},
		"that never end are an error": {func(after string) string {
			n, _ := strconv.Atoi(after)
			return fmt.Sprintf(`{"data":[],"paging":{"cursors":{"after":"%d"},"next":"x"}}`, n+1)
		}, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
				says(200, tt.page(r.URL.Query().Get("after")))(w, r)
			})
			got, err := newClient(t, g.URL).OwnedAccounts(t.Context(), token, business)
			require.Nil(t, got)
			require.Equal(t, event.ClassUnanswered, failure(t, err).Class)
			require.Equal(t, meta.ReasonPaging, failure(t, err).Reason)
			require.Len(t, g.requests(), tt.requests)
		})
	}

	t.Run("of which a page cannot be read are an error, not a shorter list", func(t *testing.T) {
		t.Parallel()
		g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("after") {
				says(500, `{"error":{"code":2}}`)(w, r)
				return
			}
			says(200, `{"data":[{"id":"880011223344556"}],"paging":{"cursors":{"after":"b"},"next":"x"}}`)(w, r)
		})
		got, err := newClient(t, g.URL).PhoneNumbers(t.Context(), token, waba)
		require.Nil(t, got)
		require.Equal(t, event.ClassTransient, failure(t, err).Class)
	})
}

func TestPhone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                                   string
		phone                                  meta.Phone
		connected, coexists, sandbox, verified bool
	}{
		{"in service", meta.Phone{Status: "CONNECTED", PlatformType: "CLOUD_API", CodeVerification: "VERIFIED"}, true, false, false, true},
		{"new", meta.Phone{Status: "PENDING", PlatformType: "NOT_APPLICABLE", CodeVerification: "NOT_VERIFIED"}, false, false, false, false},
		{"on premise", meta.Phone{Status: "CONNECTED", PlatformType: "ON_PREMISE"}, false, false, false, false},
		{"of the business app", meta.Phone{Status: "CONNECTED", PlatformType: "CLOUD_API", OnBizApp: true}, true, true, false, false},
		{"of the business app alone", meta.Phone{PlatformType: "NOT_APPLICABLE", OnBizApp: true}, false, false, false, false},
		{"a test number", meta.Phone{AccountMode: "SANDBOX"}, false, false, true, false},
		{"of a time to come", meta.Phone{Status: "TELEPATHIC", PlatformType: "MIND"}, false, false, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.connected, tt.phone.Connected())
			require.Equal(t, tt.coexists, tt.phone.Coexists())
			require.Equal(t, tt.sandbox, tt.phone.Sandbox())
			require.Equal(t, tt.verified, tt.phone.Verified())
		})
	}
}

func TestSubscribes(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://graph.facebook.com")
	require.True(t, c.Subscribes([]meta.AppID{"99", appID}))
	require.False(t, c.Subscribes([]meta.AppID{"99"}))
	require.False(t, c.Subscribes(nil))
}
