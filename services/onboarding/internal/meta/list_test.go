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
	const yes, no, unknown = event.ReadingYes, event.ReadingNo, event.ReadingUnknown
	for _, tt := range []struct {
		name     string
		phone    meta.Phone
		state    event.NumberState
		managed  bool
		verified event.Reading
	}{
		{"in service", meta.Phone{Status: "CONNECTED", PlatformType: "CLOUD_API", Throughput: "STANDARD", CodeVerification: "VERIFIED"}, event.NumberConnected, false, yes},
		{"new", meta.Phone{Status: "PENDING", PlatformType: "NOT_APPLICABLE", Throughput: "NOT_APPLICABLE", CodeVerification: "NOT_VERIFIED"}, event.NumberUnregistered, false, no},
		{"whose proof has expired", meta.Phone{Status: "DISCONNECTED", PlatformType: "NOT_APPLICABLE", CodeVerification: "EXPIRED"}, event.NumberUnregistered, false, unknown},
		{"on premise", meta.Phone{Status: "CONNECTED", PlatformType: "ON_PREMISE"}, event.NumberUnregistered, false, unknown},
		{"registered and out of service", meta.Phone{Status: "DISCONNECTED", PlatformType: "CLOUD_API", OnBizApp: no}, event.NumberUnregistered, false, unknown},
		{"registered, out of service, and perhaps of the business app", meta.Phone{Status: "DISCONNECTED", PlatformType: "CLOUD_API", OnBizApp: unknown}, event.NumberUnclear, false, unknown},
		{"of the business app", meta.Phone{Status: "CONNECTED", PlatformType: "CLOUD_API", OnBizApp: yes}, event.NumberConnected, true, unknown},
		{"of the business app alone", meta.Phone{Status: "PENDING", PlatformType: "NOT_APPLICABLE", OnBizApp: yes}, event.NumberUnregistered, true, unknown},
		{"a test number", meta.Phone{Status: "CONNECTED", PlatformType: "CLOUD_API", AccountMode: "SANDBOX"}, event.NumberConnected, true, unknown},
		{"held back", meta.Phone{Status: "FLAGGED", PlatformType: "CLOUD_API"}, event.NumberRestricted, false, unknown},
		{"held back elsewhere", meta.Phone{Status: "RESTRICTED", PlatformType: "NOT_APPLICABLE"}, event.NumberUnregistered, false, unknown},
		{"banned", meta.Phone{Status: "BANNED"}, event.NumberBanned, false, unknown},
		{"moved away", meta.Phone{Status: "MIGRATED", PlatformType: "CLOUD_API"}, event.NumberGone, false, unknown},
		{"new, by its throughput", meta.Phone{Status: "PENDING", Throughput: "NOT_APPLICABLE"}, event.NumberUnregistered, false, unknown},
		{"that is not on the platform on which it is", meta.Phone{Status: "CONNECTED", PlatformType: "CLOUD_API", Throughput: "NOT_APPLICABLE"}, event.NumberUnclear, false, unknown},
		{"of no platform", meta.Phone{Status: "CONNECTED"}, event.NumberUnclear, false, unknown},
		{"of no status", meta.Phone{PlatformType: "CLOUD_API", Throughput: "STANDARD"}, event.NumberUnclear, false, unknown},
		{"linked to something", meta.Phone{Status: "LINKED", PlatformType: "CLOUD_API"}, event.NumberUnclear, false, unknown},
		{"of a platform to come", meta.Phone{Status: "CONNECTED", PlatformType: "MIND", Throughput: "HIGH"}, event.NumberUnclear, false, unknown},
		{"of a status to come", meta.Phone{Status: "TELEPATHIC", PlatformType: "NOT_APPLICABLE", CodeVerification: "BY_THOUGHT"}, event.NumberUnclear, false, unknown},
		{"of which nothing is said", meta.Phone{}, event.NumberUnclear, false, unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.state, tt.phone.State())
			require.Equal(t, tt.managed, tt.phone.Managed())
			require.Equal(t, tt.verified, tt.phone.Verified())
		})
	}
}

func TestWordsInAnotherFormAreUnknown(t *testing.T) {
	t.Parallel()
	for name, words := range map[string]string{
		"null":    `"status":null,"platform_type":null,"throughput":null,"is_on_biz_app":null`,
		"numbers": `"status":1,"platform_type":2,"throughput":3,"is_on_biz_app":1`,
		"objects": `"status":{},"platform_type":{"a":1},"throughput":{"level":{}},"is_on_biz_app":{}`,
		"lists":   `"status":[],"platform_type":["CLOUD_API"],"throughput":[],"is_on_biz_app":"true"`,
		"nothing": `"name_status":["PENDING_REVIEW"]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGraph(t, says(200, `{"id":"106000111",`+words+`}`))
			got, err := newClient(t, g.URL).Phone(t.Context(), token, "106000111")
			require.NoError(t, err)
			require.Equal(t, event.NumberUnclear, got.State())
			require.Equal(t, event.ReadingUnknown, got.OnBizApp)
			require.False(t, got.Managed())
		})
	}
}

func TestSubscribes(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://graph.facebook.com")
	require.Equal(t, event.ReadingYes, c.Subscribes([]meta.AppID{"99", "", appID}))
	require.Equal(t, event.ReadingNo, c.Subscribes([]meta.AppID{"99"}))
	require.Equal(t, event.ReadingNo, c.Subscribes(nil))
	require.Equal(t, event.ReadingUnknown, c.Subscribes([]meta.AppID{"99", ""}), "one that is not named may be ours")
}
