package notice_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/services/onboarding/internal/notice"
)

func entry(id, changes string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":` + id + `,"time":1795000123,"changes":[` + changes + `]}]}`
}

func TestAChangeIsAboutTheAccountTheNumberOrTheBusinessThatItNames(t *testing.T) {
	t.Parallel()
	at := time.Unix(1795000123, 0).UTC()
	for name, tt := range map[string]struct {
		body string
		want notice.Change
	}{
		"the account of the entry": {
			entry(`"880011223344"`, `{"field":"account_review_update","value":{"decision":"APPROVED"}}`),
			notice.Change{Field: "account_review_update", Event: "APPROVED", Waba: "880011223344"},
		},
		"a partner's entry is our own business": {
			entry(`"555000999"`, `{"field":"account_update","value":{"event":"PARTNER_ADDED","waba_info":{"waba_id":"880011223344","owner_business_id":"777000111"}}}`),
			notice.Change{Field: "account_update", Event: "PARTNER_ADDED", Waba: "880011223344", Business: "777000111"},
		},
		"a partner's entry without an account": {
			entry(`"555000999"`, `{"field":"account_update","value":{"event":"PARTNER_REMOVED"}}`),
			notice.Change{Field: "account_update", Event: "PARTNER_REMOVED"},
		},
		"why an account was taken away": {
			entry(`"555000999"`, `{"field":"account_update","value":{"event":"PARTNER_REMOVED","waba_info":{"waba_id":880011223344},"disconnection_info":{"reason":"CHANGE_NUMBER","initiated_by":"USER"}}}`),
			notice.Change{Field: "account_update", Event: "PARTNER_REMOVED", Detail: "CHANGE_NUMBER", Waba: "880011223344"},
		},
		"a ban": {
			entry(`"880011223344"`, `{"field":"account_update","value":{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"REINSTATE"}}}`),
			notice.Change{Field: "account_update", Event: "DISABLED_UPDATE", Detail: "REINSTATE", Waba: "880011223344"},
		},
		"a ban in a list": {
			entry(`"880011223344"`, `{"field":"account_update","value":{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":["DISABLE"]}}}`),
			notice.Change{Field: "account_update", Event: "DISABLED_UPDATE", Detail: "DISABLE", Waba: "880011223344"},
		},
		"an id beyond 2^53 that is a number": {
			entry(`9223372036854775807`, `{"field":"account_update","value":{"event":"ACCOUNT_DELETED"}}`),
			notice.Change{Field: "account_update", Event: "ACCOUNT_DELETED", Waba: "9223372036854775807"},
		},
		"an alert of a number": {
			entry(`"880011223344"`, `{"field":"account_alerts","value":{"entity_type":"PHONE_NUMBER","entity_id":"106000111","alert_info":{"alert_type":"OBA_APPROVED"}}}`),
			notice.Change{Field: "account_alerts", Event: "OBA_APPROVED", Waba: "880011223344", Phone: "106000111"},
		},
		"a certified business": {
			entry(`"880011223344"`, `{"field":"account_update","value":{"event":"PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE","partner_client_certification_info":{"client_business_id":"777000111"}}}`),
			notice.Change{Field: "account_update", Event: "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE", Business: "777000111"},
		},
		"an app that was taken away from a business": {
			entry(`"1122334455667788"`, `{"field":"business_integration_uninstall","value":{"business_manager_id":"777000111"}}`),
			notice.Change{Field: "business_integration_uninstall", Business: "777000111"},
		},
		"a person": {
			strings.Replace(entry(`"10200012345"`, `{"field":"deauthorize","value":{}}`), "whatsapp_business_account", "waba.platform", 1),
			notice.Change{Field: "deauthorize", User: "10200012345"},
		},
		"a text that is no word": {
			entry(`"880011223344"`, `{"field":"account_update","value":{"event":"<script>"}}`),
			notice.Change{Field: "account_update", Waba: "880011223344"},
		},
		"a value that is none":   {entry(`"880011223344"`, `{"field":"security","value":7}`), notice.Change{Field: "security", Waba: "880011223344"}},
		"a change that is none":  {entry(`"880011223344"`, `"?"`), notice.Change{Waba: "880011223344"}},
		"an entry with odd ids":  {entry(`{"a":1}`, `{"field":"security","value":{"phone_number_id":"*"}}`), notice.Change{Field: "security"}},
		"a number that is text ": {entry(`"12"`, `{"field":"security"}`), notice.Change{Field: "security"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := notice.Parse("b1", []byte(tt.body))
			require.NoError(t, err)
			tt.want.Body, tt.want.At = "b1", at
			require.Equal(t, []notice.Change{tt.want}, got)
		})
	}
}

func TestChangesAreCountedOverAllEntries(t *testing.T) {
	t.Parallel()
	got, err := notice.Parse("b1", []byte(`{"entry":[{"id":"880011223344","time":"1795000123000","changes":[{"field":"a"},{"field":"b"}]},7,{"changes":3},{"time":-1,"changes":[{"field":"c"}]}]}`))
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.Equal(t, time.Unix(1795000123, 0).UTC(), got[0].At, "milliseconds are understood")
	require.Equal(t, []int{0, 1, 2}, []int{got[0].Index, got[1].Index, got[2].Index})
	require.True(t, got[2].At.IsZero())
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(entry(`"880011223344"`, `{"field":"account_update","value":{"event":"PARTNER_ADDED","waba_info":[]}}`)))
	f.Add([]byte(`{"entry":[{"changes":[null]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		changes, err := notice.Parse("b1", body)
		if err != nil {
			require.False(t, json.Valid(body) && strings.HasPrefix(string(body), `{"entry":[]`), "%s", body)
			require.NotContains(t, err.Error(), "'", "nothing of the body is repeated")
		}
		for i, change := range changes {
			require.Equal(t, i, change.Index)
		}
	})
}
