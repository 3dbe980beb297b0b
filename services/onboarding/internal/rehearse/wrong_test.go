package rehearse_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/rehearse"
)

func refusing(op metasim.Op, code, subcode int) metasim.Fault {
	return metasim.Fault{Ops: []metasim.Op{op}, Kind: metasim.FaultError, ErrorCode: code, ErrorSubcode: subcode}
}

func saying(op metasim.Op, old, text string) metasim.Fault {
	return metasim.Fault{Ops: []metasim.Op{op}, Kind: metasim.FaultAltered, Replace: map[string]string{old: text}}
}

func heading(op metasim.Op, name, text string) metasim.Fault {
	return metasim.Fault{Ops: []metasim.Op{op}, Kind: metasim.FaultAltered, Header: map[string]string{name: text}}
}

func TestABeliefThatIsWrongDiffers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind   rehearse.Kind
		belief string
		code   string
		fault  metasim.Fault
		seen   string
	}{
		{rehearse.KindCredentials, "app-credentials", "", refusing(metasim.OpDebugToken, 101, 0), "Meta 101, HTTP 400"},
		{rehearse.KindCredentials, "app-credentials", "", saying(metasim.OpDebugToken, `"is_valid":true`, `"is_valid":false`), "is_valid: false"},
		{rehearse.KindError, "wrong-app-secret", "", refusing(metasim.OpExchange, 101, 0), "Meta 101"},
		{rehearse.KindError, "wrong-app-id", "", refusing(metasim.OpExchange, 100, 0), "Meta 100"},
		{rehearse.KindError, "malformed-code", "", refusing(metasim.OpExchange, 100, 36007), "Meta 100/36007"},
		{rehearse.KindError, "error-form", "", saying(metasim.OpExchange, `"fbtrace_id"`, `"trace"`), "missing error.fbtrace_id"},
		{rehearse.KindError, "invalid-token", "", refusing(metasim.OpClientBusiness, 102, 0), "Meta 102"},
		{rehearse.KindError, "unknown-id", "", refusing(metasim.OpPhoneNumbers, 803, 0), "Meta 803"},
		{rehearse.KindError, "wrong-proof", "demo-default", refusing(metasim.OpClientBusiness, 110, 0), "Meta 110"},
		{rehearse.KindVersion, "version-v22.0", "", heading(metasim.OpDebugToken, "Facebook-Api-Version", "v23.0"), "v23.0"},
		{rehearse.KindVersion, "version-v26.0", "", heading(metasim.OpDebugToken, "Facebook-Api-Version", "v23.0"), "v23.0"},
		{rehearse.KindVersion, "version-ended", "", heading(metasim.OpDebugToken, "Facebook-Api-Version", "v22.0"), "v22.0"},
		{rehearse.KindVersion, "version-header", "", heading(metasim.OpExchange, "Facebook-Api-Version", ""), "missing facebook-api-version"},
		{rehearse.KindToken, "app-token-type", "", saying(metasim.OpDebugToken, `"APP"`, `"APPLICATION"`), "data.type: APPLICATION"},
		{rehearse.KindToken, "invalid-token-inspected", "", saying(metasim.OpDebugToken, `"code":190`, `"code":102`), "data.error.code: 102"},
		{rehearse.KindToken, "token-type", "demo-default", saying(metasim.OpDebugToken, `"SYSTEM_USER"`, `"ROBOT"`), "data.type: ROBOT"},
		{rehearse.KindToken, "token-ends", "demo-default", saying(metasim.OpDebugToken, `"expires_at":0`, `"expires_at":"0"`), "data.expires_at: string"},
		{rehearse.KindToken, "token-scopes", "demo-default", saying(metasim.OpDebugToken, `"scopes":[`, `"permissions":[`), "missing data.scopes"},
		{rehearse.KindToken, "token-granular-scopes", "demo-existing-granular", saying(metasim.OpDebugToken, `"target_ids":[`, `"target_ids":{"all":[`), ""},
		{rehearse.KindToken, "token-whatsapp-scope", "demo-default", saying(metasim.OpDebugToken, `"whatsapp_business_`, `"messaging_business_`), "no whatsapp_business_*"},
		{rehearse.KindID, "token-target-ids", "demo-large-ids", heading(metasim.OpDebugToken, "X-None", "x"), "data.granular_scopes.*.target_ids.*: number"},
		{rehearse.KindID, "token-ids", "demo-default", saying(metasim.OpDebugToken, `"`+metasim.DefaultAppID+`"`, metasim.DefaultAppID), "data.app_id: number"},
		{rehearse.KindID, "owned-ids", "demo-default", saying(metasim.OpOwned, `"`+metasim.IDs("demo-default").WABA+`"`, metasim.IDs("demo-default").WABA), "data.*.id: number"},
		{rehearse.KindID, "number-id", "demo-default", saying(metasim.OpPhoneNumbers, `"id":"`, `"id":"n`), "data.*.id: string"},
		{rehearse.KindList, "owned-cursors", "demo-default", saying(metasim.OpOwned, `"after"`, `"behind"`), "missing paging.cursors.after"},
		{rehearse.KindList, "numbers-readable", "demo-default", saying(metasim.OpPhoneNumbers, `"data"`, `"rows"`), "incomplete, HTTP 200"},
		{rehearse.KindField, "numbers-fields", "demo-default", refusing(metasim.OpPhoneNumbers, 100, 0), "Meta 100"},
		{rehearse.KindField, "number-status", "demo-default", saying(metasim.OpPhoneNumbers, `"status":"PENDING"`, `"status":"ASLEEP"`), "data.*.status: ASLEEP"},
		{rehearse.KindField, "number-platform_type", "demo-default", saying(metasim.OpPhoneNumbers, `"platform_type"`, `"platform"`), "missing data.*.platform_type"},
		{rehearse.KindField, "number-is_on_biz_app", "demo-default", saying(metasim.OpPhoneNumbers, `"is_on_biz_app":false`, `"is_on_biz_app":"no"`), "data.*.is_on_biz_app: string"},
		{rehearse.KindField, "number-same", "demo-default", saying(metasim.OpPhone, `"status":"PENDING"`, `"status":"CONNECTED"`), "status"},
		{rehearse.KindField, "client-business", "demo-default", saying(metasim.OpClientBusiness, `"client_business_id":"`, `"client_business_id":"b`), "incomplete, HTTP 200"},
		{rehearse.KindField, "subscribed-apps", "demo-default", saying(metasim.OpSubscribedApps, `"data":[`, `"apps":[`), "incomplete, HTTP 200"},
		{rehearse.KindPermission, "businesses-permission", "demo-default", refusing(metasim.OpBusinesses, 100, 0), "Meta 100, HTTP 400"},
		{rehearse.KindPermission, "pages-permission", "demo-default", refusing(metasim.OpPages, 200, 0), "Meta 200, HTTP 400"},
		{rehearse.KindUsage, "usage-app", "", heading(metasim.OpDebugToken, "X-App-Usage", `{"calls":7}`), "missing call_count"},
		{rehearse.KindUsage, "usage-business", "demo-default", heading(metasim.OpPhoneNumbers, "X-Business-Use-Case-Usage", `{"880011223344":[{"type":"x","call_count":"7"}]}`), "*.*.call_count: string"},
		{rehearse.KindCreation, "creation-2a", "demo-default", refusing(metasim.OpCreate2A, 10, 0), "Meta 10"},
		{rehearse.KindCreation, "creation-2b", "demo-creates-2b", heading(metasim.OpCreate2B, "X-None", "x"), "accepted"},
		{rehearse.KindCreation, "creation-2d", "demo-default", refusing(metasim.OpCreate2D, 100, 33), "Meta 100/33"},
		{rehearse.KindWrite, "subscribe", "demo-default", saying(metasim.OpSubscribe, `"success":true`, `"success":false`), "incomplete, HTTP 200"},
		{rehearse.KindWrite, "subscribe-again", "demo-default", metasim.Fault{Ops: []metasim.Op{metasim.OpSubscribe}, After: 1, Kind: metasim.FaultError, ErrorCode: 100}, "Meta 100, HTTP 400"},
		{rehearse.KindWrite, "subscribed", "demo-default", saying(metasim.OpSubscribedApps, metasim.DefaultAppID, "880011223344"), "missing"},
	} {
		t.Run(fmt.Sprint(tt.belief, " ", tt.seen), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			if tt.code != "" {
				s.options.Token, s.options.Write = s.token(t, tt.code), true
			}
			require.NoError(t, s.sim.Inject(tt.fault))
			got := verdict(t, s.run(t.Context(), t), tt.belief)
			require.Equal(t, tt.kind, got.Kind)
			if tt.seen == "" { // the answer is no JSON any more
				require.Equal(t, rehearse.Unreadable, got.Because, got.Seen)
				return
			}
			require.Equal(t, rehearse.Differs, got.Verdict, "%s %s", got.Because, got.Seen)
			require.Equal(t, tt.seen, got.Seen)
		})
	}
}

func TestWhatIsNotAnsweredStaysUnknown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		fault   metasim.Fault
		because rehearse.Reason
	}{
		{"HTML", metasim.Fault{Kind: metasim.FaultHTML}, rehearse.Unreadable},
		{"HTML that looks well", metasim.Fault{Kind: metasim.FaultHTML, Status: 200}, rehearse.Unreadable},
		{"nothing", metasim.Fault{Kind: metasim.FaultEmpty}, rehearse.Unreadable},
		{"half of it", metasim.Fault{Kind: metasim.FaultTruncated}, rehearse.Unreadable},
		{"too much", metasim.Fault{Kind: metasim.FaultHuge, Bytes: 2 << 20}, rehearse.Unreadable},
		{"another address", metasim.Fault{Kind: metasim.FaultRedirect, Location: "https://elsewhere.example.test/"}, rehearse.Unreadable},
		{"a cut", metasim.Fault{Kind: metasim.FaultCut}, rehearse.Unanswered},
		{"silence", metasim.Fault{Kind: metasim.FaultStall}, rehearse.Unanswered},
		{"trouble", metasim.Fault{Kind: metasim.FaultError, ErrorCode: 2, Status: 500}, rehearse.Troubled},
		{"a limit", metasim.Fault{Kind: metasim.FaultError, ErrorCode: 4, Status: 429}, rehearse.Limited},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.options.Token, s.options.Write = s.token(t, "demo-default"), true
			s.options.Graph.CallTimeout = 50 * time.Millisecond
			require.NoError(t, s.sim.Inject(tt.fault))
			report := s.run(t.Context(), t)
			require.Equal(t, tt.because, verdict(t, report, rehearse.AppCredentials).Because)
			require.Zero(t, report.Count(rehearse.Differs))
			for _, r := range report.Results {
				if r.Verdict == rehearse.Agrees {
					require.Contains(t, []rehearse.Kind{rehearse.KindVersion, rehearse.KindUsage, rehearse.KindError}, r.Kind, r.Name)
				}
			}
		})
	}

	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		s.options.Graph.Base, s.options.Token = gone.URL, seal.NewSecret("EAAx")
		report := s.run(t.Context(), t)
		require.Equal(t, len(report.Results), report.Count(rehearse.Unknown))
		require.Equal(t, rehearse.Unanswered, verdict(t, report, rehearse.AppCredentials).Because)
		require.Equal(t, "dial", verdict(t, report, rehearse.AppCredentials).Seen)
	})

	t.Run("no time", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		report := s.run(ctx, t)
		require.Equal(t, rehearse.OutOfTime, verdict(t, report, rehearse.AppCredentials).Because)
		require.Zero(t, s.sim.State().Entries)
	})
}

func TestNoSecretAndNoTextOfMetasIsReported(t *testing.T) {
	t.Parallel()
	for _, fault := range []metasim.Fault{
		{Kind: metasim.FaultError, ErrorCode: 100, Message: canarySecret, Details: "CaNaRyToKeN"},
		saying(metasim.OpPhoneNumbers, `"PENDING"`, `"CaNaRySeCrEt"`),
		saying(metasim.OpPhoneNumbers, `"PENDING"`, `"`+canarySecret+`"`),
		saying(metasim.OpDebugToken, `"SYSTEM_USER"`, `"CaNaRyToKeN"`),
		saying(metasim.OpDebugToken, `"whatsapp_business_management"`, `"whatsapp_business_CaNaRySeCrEt9c4b7d"`),
		heading(metasim.OpDebugToken, "Facebook-Api-Version", canarySecret),
		heading(metasim.OpDebugToken, "X-App-Usage", `{"`+canarySecret+`":1}`),
		{Kind: metasim.FaultHTML},
	} {
		s := newStage(t)
		s.options.Token, s.options.Write = s.token(t, "demo-paged"), true
		require.NoError(t, s.sim.Inject(fault))
		report := s.run(t.Context(), t)
		body, err := json.Marshal(report)
		require.NoError(t, err)
		for _, text := range []string{string(body), fmt.Sprintf("%+v %#v", report, report)} {
			require.NotContains(t, text, "CaNaRy")
			require.NotContains(t, text, s.options.Token.Reveal())
			require.NotContains(t, text, metasim.IDs("demo-paged").WABA, "nor an id")
		}
	}
}
