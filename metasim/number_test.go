package metasim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

func pin(text string) map[string]any {
	return map[string]any{"messaging_product": "whatsapp", "pin": text}
}

const numberFields = "?fields=id,display_phone_number,verified_name,code_verification_status,quality_rating,platform_type,throughput," +
	"status,name_status,account_mode,is_official_business_account,is_on_biz_app,is_pin_enabled,last_onboarded_time,webhook_configuration,health_status"

func TestARegisteredNumberReadsConnected(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "number"), metasim.IDs("number")
	before := s.get(t, "/"+ids.Phone+numberFields, token).json
	require.Equal(t, []any{"PENDING", "NOT_APPLICABLE", "VERIFIED", false, false},
		[]any{before["status"], before["platform_type"], before["code_verification_status"], before["is_pin_enabled"], before["is_on_biz_app"]})

	require.Equal(t, `{"success":true}`, s.post(t, "/"+ids.Phone+"/register", token, pin("152563")).text)
	after := s.get(t, "/"+ids.Phone+numberFields, token).json
	require.Equal(t, []any{"CONNECTED", "CLOUD_API", true}, []any{after["status"], after["platform_type"], after["is_pin_enabled"]})
	listed := s.get(t, "/"+ids.WABA+"/phone_numbers"+numberFields, token).data(t)[0]
	require.Equal(t, after, listed)

	world, ok := s.World("number")
	require.True(t, ok)
	require.Equal(t, metasim.KeyOf("152563"), world.Accounts[0].Numbers[0].PIN)
}

func TestRegistrationNeedsThePINOfTheNumber(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "demo-pin-mismatch"), metasim.IDs("demo-pin-mismatch")
	e := s.post(t, "/"+ids.Phone+"/register", token, pin("000000")).refusedWith(t, http.StatusBadRequest, 133005, 0)
	require.Equal(t, "whatsapp", e.Data.Product)
	require.NotEmpty(t, e.Data.Details)
	require.Equal(t, http.StatusOK, s.post(t, "/"+ids.Phone+"/register", token, pin(metasim.OwnerPIN)).status)

	// A new PIN can be set without knowing the old one.
	token, ids = s.token(t, "demo-pin-mismatch-2"), metasim.IDs("demo-pin-mismatch-2")
	s.post(t, "/"+ids.Phone, token, map[string]any{"pin": "12345"}).refusedWith(t, http.StatusBadRequest, 131009, 0)
	s.post(t, "/"+ids.Phone, token, map[string]any{}).refusedWith(t, http.StatusBadRequest, 100, 0)
	require.Equal(t, http.StatusOK, s.post(t, "/"+ids.Phone, token, map[string]any{"pin": "654321"}).status)
	require.Equal(t, http.StatusOK, s.post(t, "/"+ids.Phone+"/register", token, pin("654321")).status)
}

func TestRegistrationBodiesAreChecked(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "bodies"), metasim.IDs("bodies")
	s.post(t, "/"+ids.Phone+"/register", token, map[string]any{"pin": "123456"}).refusedWith(t, http.StatusBadRequest, 131008, 0)
	for _, bad := range []string{"", "12345", "1234567", "12345a", "１２３４５６"} {
		s.post(t, "/"+ids.Phone+"/register", token, pin(bad)).refusedWith(t, http.StatusBadRequest, 131009, 0)
	}
}

func TestTenRegistrationsIn72HoursAreTheLimit(t *testing.T) {
	t.Parallel()
	at := &clock{noon}
	s := start(t, metasim.Options{Now: at.now})
	token, ids := s.token(t, "demo-pin-mismatch"), metasim.IDs("demo-pin-mismatch")
	register := func(text string) reply { return s.post(t, "/"+ids.Phone+"/register", token, pin(text)) }
	for range 10 {
		register("000000").refusedWith(t, http.StatusBadRequest, 133005, 0)
	}
	register(metasim.OwnerPIN).refusedWith(t, http.StatusBadRequest, 133016, 0)
	at.at = noon.Add(72 * time.Hour)
	require.Equal(t, http.StatusOK, register(metasim.OwnerPIN).status)

	token, ids = s.token(t, "demo-register-limit"), metasim.IDs("demo-register-limit")
	register("000000").refusedWith(t, http.StatusBadRequest, 133016, 0)
}

func TestAnUnverifiedNumberIsVerifiedFirst(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "demo-number-unverified"), metasim.IDs("demo-number-unverified")
	require.Equal(t, "NOT_VERIFIED", s.get(t, "/"+ids.Phone, token).json["code_verification_status"])
	s.post(t, "/"+ids.Phone+"/register", token, pin("123456")).refusedWith(t, http.StatusBadRequest, 133006, 0)
	verify := func(code string) reply { return s.post(t, "/"+ids.Phone+"/verify_code?code="+code, token, nil) }
	verify(metasim.VerificationCode).refusedWith(t, http.StatusBadRequest, 136025, 0)
	s.post(t, "/"+ids.Phone+"/request_code", token, url.Values{"language": {"pt_BR"}}).refusedWith(t, http.StatusBadRequest, 100, 0)
	s.post(t, "/"+ids.Phone+"/request_code", token, url.Values{"code_method": {"SMS"}}).refusedWith(t, http.StatusBadRequest, 100, 0)
	require.Equal(t, http.StatusOK, s.post(t, "/"+ids.Phone+"/request_code?code_method=SMS&language=pt_BR", token, nil).status)
	verify("000000").refusedWith(t, http.StatusBadRequest, 136025, 0)
	require.Equal(t, http.StatusOK, verify(metasim.VerificationCode).status)
	s.post(t, "/"+ids.Phone+"/request_code?code_method=SMS&language=pt_BR", token, nil).refusedWith(t, http.StatusBadRequest, 136024, 0)
	require.Equal(t, http.StatusOK, s.post(t, "/"+ids.Phone+"/register", token, pin("123456")).status)
}

func TestANumberMayNeedTimeToConnect(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "demo-not-connected-yet"), metasim.IDs("demo-not-connected-yet")
	status := func() any { return s.get(t, "/"+ids.Phone+"?fields=status", token).json["status"] }
	require.Equal(t, "PENDING", status())
	require.Equal(t, http.StatusOK, s.post(t, "/"+ids.Phone+"/register", token, pin("123456")).status)
	require.Equal(t, []any{"PENDING", "PENDING", "CONNECTED", "CONNECTED"}, []any{status(), status(), status(), status()})
}

func TestANumberMayBeConnectedAlready(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	for _, code := range []string{"demo-already-connected", "demo-coexistence"} {
		token, ids := s.token(t, code), metasim.IDs(code)
		number := s.get(t, "/"+ids.WABA+"/phone_numbers"+numberFields, token).data(t)[0]
		require.Equal(t, []any{"CONNECTED", "CLOUD_API", true}, []any{number["status"], number["platform_type"], number["is_pin_enabled"]})
		require.Equal(t, strings.HasSuffix(code, "coexistence"), number["is_on_biz_app"])
		require.Equal(t, http.StatusBadRequest, s.post(t, "/"+ids.Phone+"/register", token, pin("123456")).status)
		require.Zero(t, s.Executed(metasim.OpRegister, code))
	}
	s.post(t, "/"+metasim.IDs("demo-coexistence").Phone+"/deregister", s.token(t, "demo-coexistence-2"), nil).refusedWith(t, http.StatusForbidden, 200, 1349174)
}

func TestANumberIsDeregistered(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "leave"), metasim.IDs("leave")
	s.post(t, "/"+ids.Phone+"/deregister", token, nil).refusedWith(t, http.StatusBadRequest, 100, 2207051)
	require.Equal(t, http.StatusOK, s.post(t, "/"+ids.Phone+"/register", token, pin("123456")).status)
	require.Equal(t, http.StatusOK, s.post(t, "/"+ids.Phone+"/deregister", token, nil).status)
	require.Equal(t, "PENDING", s.get(t, "/"+ids.Phone+"?fields=status", token).json["status"])
	for range 8 {
		s.post(t, "/"+ids.Phone+"/deregister", token, nil).refusedWith(t, http.StatusBadRequest, 100, 2207051)
	}
	s.post(t, "/"+ids.Phone+"/deregister", token, nil).refusedWith(t, http.StatusBadRequest, 133016, 0)
}

func TestAnAccountIsSubscribedAndUnsubscribed(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{AppName: "Onboard Demo"})
	token, ids := s.token(t, "subscribe"), metasim.IDs("subscribe")
	edge := "/" + ids.WABA + "/subscribed_apps"
	require.Empty(t, s.get(t, edge, token).data(t))
	override := map[string]any{"override_callback_uri": "https://hooks.example.test/wa", "verify_token": "t"}
	s.post(t, edge, token, override).refusedWith(t, http.StatusBadRequest, 100, 0)

	require.Equal(t, `{"success":true}`, s.post(t, edge, token, nil).text)
	require.Equal(t, `{"success":true}`, s.post(t, edge, token, nil).text, "twice is harmless")
	row := s.get(t, edge, token).data(t)[0]
	require.Equal(t, map[string]any{
		"id": metasim.DefaultAppID, "name": "Onboard Demo", "link": "https://www.facebook.com/games/?app_id=" + metasim.DefaultAppID,
	}, row["whatsapp_business_api_data"])

	require.Equal(t, http.StatusOK, s.post(t, edge, token, override).status)
	require.Equal(t, "https://hooks.example.test/wa", s.get(t, edge, token).data(t)[0]["override_callback_uri"])
	s.post(t, edge, token, map[string]any{"override_callback_uri": "https://hooks.example.test/"}).refusedWith(t, http.StatusBadRequest, 100, 0)
	override["override_callback_uri"] = "https://hooks.example.test/" + strings.Repeat("x", 200)
	s.post(t, edge, token, override).refusedWith(t, http.StatusBadRequest, 100, 0)

	require.Equal(t, http.StatusOK, s.do(t, http.MethodDelete, "/v22.0"+edge, token, nil).status)
	require.Empty(t, s.get(t, edge, token).data(t))
	require.Equal(t, 3, s.Executed(metasim.OpSubscribe, "subscribe"))
}

func TestNumbersMayBeNoneOrTwo(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	none, two, accounts := metasim.IDs("demo-no-number"), metasim.IDs("demo-two-numbers"), metasim.IDs("demo-two-accounts")
	require.Empty(t, s.get(t, "/"+none.WABA+"/phone_numbers?fields=id,status", s.token(t, "demo-no-number")).ids(t))
	numbers := s.get(t, "/"+two.WABA+"/phone_numbers", s.token(t, "demo-two-numbers")).ids(t)
	require.Len(t, numbers, 2)
	require.Equal(t, two.Phone, numbers[0])
	require.NotEqual(t, numbers[0], numbers[1])
	require.Len(t, s.get(t, "/"+accounts.Business+"/owned_whatsapp_business_accounts", s.token(t, "demo-two-accounts")).ids(t), 2)
}
