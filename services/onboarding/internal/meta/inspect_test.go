package meta_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	dead := func(code, subcode, status int) *event.MetaError {
		return &event.MetaError{Operation: "inspect_token", Code: code, Subcode: subcode, Class: event.ClassAuthExpired, HTTPStatus: status}
	}
	for _, tt := range []struct {
		name   string
		status int
		answer string
		want   meta.Inspection
	}{{
		name: "a business token", status: 200,
		answer: `{"data":{"app_id":"1122334455","application":"Onboard Demo","type":"SYSTEM_USER","is_valid":true,"issued_at":1795000000,
			"expires_at":0,"data_access_expires_at":0,"user_id":"12200001","scopes":["whatsapp_business_management","public_profile"],
			"granular_scopes":[{"scope":"whatsapp_business_management","target_ids":["880011223344","880011223355"]},
				{"scope":"whatsapp_business_messaging","target_ids":["880011223344"]},{"scope":"business_management","target_ids":["777000111"]}]}}`,
		want: meta.Inspection{
			AppID: "1122334455", Type: "SYSTEM_USER", Valid: true, UserID: "12200001",
			Scopes:  []string{"whatsapp_business_management", "public_profile", "whatsapp_business_messaging", "business_management"},
			WabaIDs: []event.WabaID{"880011223344", "880011223355"}, BusinessIDs: []event.BusinessID{"777000111"},
		},
	}, {
		name: "ids as numbers above 2^53, and a scope of another name", status: 200,
		answer: `{"data":{"app_id":1122334455,"is_valid":true,"granular_scopes":[
			{"scope":"whatsapp_business_manage_events","target_ids":[9007199254740993,"18446744073709551617"]}]}}`,
		want: meta.Inspection{
			AppID: "1122334455", Valid: true, Scopes: []string{"whatsapp_business_manage_events"},
			WabaIDs: []event.WabaID{"9007199254740993", "18446744073709551617"},
		},
	}, {
		name: "a scope without accounts holds for all of them", status: 200,
		answer: `{"data":{"app_id":"1122334455","is_valid":true,"granular_scopes":[{"scope":"whatsapp_business_management"},{"scope":"business_management"}]}}`,
		want: meta.Inspection{
			AppID: "1122334455", Valid: true, EveryWaba: true, Scopes: []string{"whatsapp_business_management", "business_management"},
		},
	}, {
		name: "what other scopes are for does not matter", status: 200,
		answer: `{"data":{"app_id":"1122334455","is_valid":true,"granular_scopes":[{"scope":"pages_show_list","target_ids":["me",{"x":1}]}]}}`,
		want:   meta.Inspection{AppID: "1122334455", Valid: true, Scopes: []string{"pages_show_list"}},
	}, {
		name: "the earlier of two ends", status: 200,
		answer: `{"data":{"app_id":"1122334455","is_valid":true,"expires_at":1800000000,"data_access_expires_at":1799000000}}`,
		want:   meta.Inspection{AppID: "1122334455", Valid: true, ExpiresAt: time.Unix(1799000000, 0).UTC()},
	}, {
		name: "an end of 0 is none", status: 200,
		answer: `{"data":{"app_id":"1122334455","is_valid":true,"expires_at":1800000000,"data_access_expires_at":0}}`,
		want:   meta.Inspection{AppID: "1122334455", Valid: true, ExpiresAt: time.Unix(1800000000, 0).UTC()},
	}, {
		name: "not valid, with status 200", status: 200,
		answer: `{"data":{"app_id":"1122334455","is_valid":false,"error":{"code":190,"subcode":463,"message":"m"},"scopes":[]}}`,
		want:   meta.Inspection{AppID: "1122334455", Error: dead(190, 463, 200)},
	}, {
		name: "not valid, in the older form", status: 400,
		answer: `{"data":{"is_valid":false,"error":{"code":190,"message":"m"},"scopes":[]}}`,
		want:   meta.Inspection{Error: dead(190, 0, 200)},
	}, {
		name: "not valid, without a reason", status: 200,
		answer: `{"data":{"is_valid":false}}`,
		want:   meta.Inspection{Error: dead(0, 0, 0)},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := newClient(t, newGraph(t, says(tt.status, tt.answer)).URL).Inspect(t.Context(), token)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}

	t.Run("a refused caller is an error", func(t *testing.T) {
		t.Parallel()
		g := newGraph(t, says(400, `{"error":{"code":190,"message":"m"}}`))
		_, err := newClient(t, g.URL).Inspect(t.Context(), token)
		require.Equal(t, *dead(190, 0, 400), failure(t, err).MetaError)
	})

	t.Run("an account that is no id is not read", func(t *testing.T) {
		t.Parallel()
		g := newGraph(t, says(200, `{"data":{"app_id":"1122334455","is_valid":true,"granular_scopes":[{"scope":"whatsapp_business_management","target_ids":["../me"]}]}}`))
		_, err := newClient(t, g.URL).Inspect(t.Context(), token)
		require.Equal(t, event.ClassUnanswered, failure(t, err).Class)
	})
}
