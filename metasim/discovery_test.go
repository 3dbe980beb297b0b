package metasim_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

func TestTheDefaultAccountIsFoundByTheTokensBusiness(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "plain"), metasim.IDs("plain")

	me := s.get(t, "/me?fields=client_business_id", token)
	require.Equal(t, map[string]any{"client_business_id": ids.Business, "id": ids.User}, me.json)

	owned := s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts?fields=id,name,account_review_status&limit=100", token)
	require.Equal(t, []string{ids.WABA}, owned.ids(t))
	require.Equal(t, "APPROVED", owned.data(t)[0]["account_review_status"])
	require.Contains(t, owned.data(t)[0]["name"], "São João & Filhos")
	require.NotContains(t, owned.text, "ã", "Meta escapes what is not ASCII")

	require.Empty(t, s.get(t, "/"+ids.Business+"/client_whatsapp_business_accounts", token).ids(t))
	require.Empty(t, s.get(t, "/me/accounts", token).ids(t))
	require.Equal(t, []string{ids.Phone}, s.get(t, "/"+ids.WABA+"/phone_numbers?fields=id,status", token).ids(t))

	// The plan's scopes have no business_management.
	s.get(t, "/me/businesses", token).refusedWith(t, http.StatusForbidden, 200, 0)
}

func TestAPersonsTokenListsBusinessesAndHasNoClientBusiness(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "demo-existing-business"), metasim.IDs("demo-existing-business")
	s.get(t, "/me?fields=client_business_id", token).refusedWith(t, http.StatusBadRequest, 100, 0)
	require.Equal(t, []string{ids.Business}, s.get(t, "/me/businesses?fields=id,name,verification_status", token).ids(t))
	require.Equal(t, []string{ids.WABA}, s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts", token).ids(t))
}

func TestAPageLeadsToTheBusinessAndNotToAnAccount(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "demo-existing-page"), metasim.IDs("demo-existing-page")
	require.Empty(t, s.get(t, "/me/businesses", token).ids(t))

	pages := s.get(t, "/me/accounts?fields=id,name&limit=100", token).ids(t)
	require.Len(t, pages, 2)
	require.Equal(t, ids.Page, pages[1])
	require.NotContains(t, s.get(t, "/"+pages[0]+"?fields=business,owner_business", token).json, "business")
	page := s.get(t, "/"+pages[1]+"?fields=business{id},owner_business", token)
	require.Equal(t, map[string]any{"id": ids.Business}, page.json["business"])
	require.Equal(t, []string{ids.WABA}, s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts", token).ids(t))

	s.get(t, "/"+ids.Page+"?fields=connected_whatsapp_business_account", token).refusedWith(t, http.StatusBadRequest, 100, 0)
}

func TestClientAccountsAreListedApart(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "demo-existing-client"), metasim.IDs("demo-existing-client")
	require.Empty(t, s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts", token).ids(t))
	require.Equal(t, []string{ids.WABA}, s.get(t, "/"+ids.Business+"/client_whatsapp_business_accounts", token).ids(t))
}

func TestTwoCodesNeverShareAnything(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	mine, theirs := s.token(t, "mine"), metasim.IDs("theirs")
	s.token(t, "theirs")
	s.get(t, "/"+theirs.WABA, mine).refusedWith(t, http.StatusBadRequest, 100, 33)
	s.get(t, "/"+theirs.Business+"/owned_whatsapp_business_accounts", mine).refusedWith(t, http.StatusForbidden, 200, 1349174)
	s.get(t, "/"+theirs.WABA+"/phone_numbers", mine).refusedWith(t, http.StatusForbidden, 200, 1349174)
	e := s.post(t, "/"+theirs.WABA+"/subscribed_apps", mine, nil).refusedWith(t, http.StatusForbidden, 200, 1349174)
	require.Equal(t, "Permission Denied", e.Title)
}

func TestIDsAreDigitsOfTheirOwnAndFollowFromTheCode(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i := range 500 {
		code := "code-" + strconv.Itoa(i)
		ids := metasim.IDs(code)
		require.Equal(t, ids, metasim.IDs(code))
		for _, id := range []string{ids.User, ids.Business, ids.WABA, ids.Phone, ids.Page} {
			require.Regexp(t, `^[1-9][0-9]{14,15}$`, id)
			require.False(t, seen[id], id)
			seen[id] = true
		}
	}
	large := metasim.IDs("demo-large-ids-7").WABA
	n, err := strconv.ParseUint(large, 10, 64)
	require.NoError(t, err)
	require.NotEqual(t, n, uint64(float64(n)), "float64 must lose it")
}

func TestListsArePaged(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{PublicURL: "https://graph.example.test/"})
	token, ids := s.token(t, "demo-paged"), metasim.IDs("demo-paged")

	var businesses []string
	sizes := []int{}
	for after := ""; ; {
		r := s.get(t, "/me/businesses?limit=100&after="+after, token)
		businesses = append(businesses, r.ids(t)...)
		sizes = append(sizes, len(r.data(t)))
		paging := r.json["paging"].(map[string]any)
		after = paging["cursors"].(map[string]any)["after"].(string)
		next, more := paging["next"].(string)
		if !more {
			break
		}
		require.True(t, strings.HasPrefix(next, "https://graph.example.test/v22.0/me/businesses?"))
		parsed, err := url.Parse(next)
		require.NoError(t, err)
		require.Equal(t, after, parsed.Query().Get("after"))
	}
	require.Equal(t, []int{10, 0, 10, 3}, sizes, "a page may be empty and still have a next")
	require.Len(t, businesses, 23)
	require.Equal(t, ids.Business, businesses[22])

	require.Empty(t, s.get(t, "/"+businesses[0]+"/owned_whatsapp_business_accounts", token).ids(t))
	first := s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts", token)
	require.Empty(t, first.ids(t))
	after := first.json["paging"].(map[string]any)["cursors"].(map[string]any)["after"].(string)
	second := s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts?after="+after, token)
	require.Equal(t, []string{ids.WABA}, second.ids(t))
	require.NotContains(t, second.json["paging"], "next")

	before := second.json["paging"].(map[string]any)["cursors"].(map[string]any)["before"].(string)
	require.Empty(t, s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts?before="+before, token).ids(t))
}

func TestParametersOfListsAreChecked(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token := s.token(t, "demo-existing-business")
	for _, query := range []string{"limit=0", "limit=-1", "limit=101", "limit=x", "after=zzz", "after=QVFI!!", "before=QVFIMQ", "fields=id,nonsense", "fields=id{"} {
		s.get(t, "/me/businesses?"+query, token).refusedWith(t, http.StatusBadRequest, 100, 0)
	}
	business := metasim.IDs("demo-existing-business").Business
	s.get(t, "/"+business+"/client_whatsapp_business_accounts?fields=nonsense", token).refusedWith(t, http.StatusBadRequest, 100, 0)
}

func TestFieldsSelectWhatIsAnswered(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "fields"), metasim.IDs("fields")
	require.Len(t, s.get(t, "/"+ids.WABA, token).json, 2, "id and name, where no field is named")
	r := s.get(t, "/"+ids.WABA+"?fields=owner_business_info{id},primary_funding_id,currency", token)
	require.Equal(t, map[string]any{"owner_business_info": map[string]any{"id": ids.Business}, "currency": "BRL", "id": ids.WABA}, r.json)
	s.get(t, "/"+ids.WABA+"?fields=id,phone", token).refusedWith(t, http.StatusBadRequest, 100, 0)
	require.Regexp(t, " LTDA$", s.get(t, "/"+ids.Business, token).json["name"])
	require.Equal(t, ids.User, s.get(t, "/"+ids.User, token).json["id"])
	require.Equal(t, ids.User, s.get(t, "/me", token).json["id"])

	all := "id,name,currency,timezone_id,country,message_template_namespace,account_review_status,business_verification_status," +
		"ownership_type,owner_business_info,on_behalf_of_business_info,primary_funding_id,status,health_status,is_enabled_for_insights," +
		"marketing_messages_onboarding_status,whatsapp_business_manager_messaging_limit"
	health := s.get(t, "/"+ids.WABA+"?fields="+all, token).json["health_status"].(map[string]any)
	require.Equal(t, "AVAILABLE", health["can_send_message"])
}

func TestTokensAreChecked(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "checked"), metasim.IDs("checked")
	s.get(t, "/me", "").refusedWith(t, http.StatusBadRequest, 2500, 0)
	s.get(t, "/me", appToken).refusedWith(t, http.StatusBadRequest, 2500, 0)
	s.get(t, "/"+ids.WABA, "").refusedWith(t, http.StatusUnauthorized, 104, 0)
	s.get(t, "/"+ids.WABA, "garbage").refusedWith(t, http.StatusUnauthorized, 190, 0)
	r := s.get(t, "/"+ids.WABA, "EAAunknown")
	r.refusedWith(t, http.StatusUnauthorized, 190, 467)
	require.Contains(t, r.header.Get("WWW-Authenticate"), "invalid_token")
	require.Equal(t, http.StatusOK, s.get(t, "/me?access_token="+token, "").status, "the query works, too")
}

func TestAppsecretProofIsChecked(t *testing.T) {
	t.Parallel()
	at := &clock{noon}
	s := start(t, metasim.Options{Now: at.now})
	token := s.token(t, "proven")
	proof := metasim.Proof(metasim.DefaultAppSecret, token)
	require.Equal(t, http.StatusOK, s.get(t, "/me?appsecret_proof="+proof, token).status)
	e := s.get(t, "/me?appsecret_proof="+proof[1:]+"0", token).refusedWith(t, http.StatusBadRequest, 100, 0)
	require.Equal(t, "GraphMethodException", e.Type)

	timed := func(seconds int64) string {
		text := strconv.FormatInt(seconds, 10)
		return "/me?appsecret_time=" + text + "&appsecret_proof=" + metasim.Proof(metasim.DefaultAppSecret, token+"|"+text)
	}
	require.Equal(t, http.StatusOK, s.get(t, timed(noon.Unix()-299), token).status)
	s.get(t, timed(noon.Unix()-301), token).refusedWith(t, http.StatusBadRequest, 100, 0)

	strict := start(t, metasim.Options{RequireProof: true})
	token = strict.token(t, "proven")
	strict.get(t, "/me", token).refusedWith(t, http.StatusBadRequest, 100, 0)
}

func TestWhatDoesNotExistIsRefusedAsMetaDoes(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "lost"), metasim.IDs("lost")
	s.get(t, "/123456789012345", token).refusedWith(t, http.StatusBadRequest, 100, 33)
	s.get(t, "/"+ids.WABA+"/nonsense", token).refusedWith(t, http.StatusBadRequest, 100, 0)
	s.post(t, "/"+ids.WABA+"/nonsense", token, nil).refusedWith(t, http.StatusBadRequest, 100, 33)
	s.get(t, "/"+ids.Business+"/phone_numbers", token).refusedWith(t, http.StatusBadRequest, 100, 33)
	s.post(t, "/"+ids.WABA, token, map[string]any{"pin": "123456"}).refusedWith(t, http.StatusBadRequest, 100, 33)
	s.do(t, http.MethodDelete, "/v22.0/"+ids.WABA, token, nil).refusedWith(t, http.StatusBadRequest, 100, 33)
	s.get(t, "/no/such/path", token).refusedWith(t, http.StatusBadRequest, 2500, 0)
	for _, path := range []string{"/", "/v22.0", "/v22.0/", "//", "/v22.0//x"} {
		s.do(t, http.MethodGet, s.url+path, token, nil).refusedWith(t, http.StatusBadRequest, 2500, 0)
	}
}

func TestAnswersNameTheVersionAndTheUsage(t *testing.T) {
	t.Parallel()
	at := &clock{noon}
	s := start(t, metasim.Options{Now: at.now})
	token, ids := s.token(t, "headers"), metasim.IDs("headers")
	for asked, served := range map[string]string{"/v22.0": "v22.0", "/v25.0": "v25.0", "/v19.0": "v21.0", "/v99.0": "v21.0", "": "v21.0"} {
		r := s.do(t, http.MethodGet, asked+"/me", token, nil)
		require.Equal(t, http.StatusOK, r.status)
		require.Equal(t, served, r.header.Get("facebook-api-version"))
		require.NotEmpty(t, r.header.Get("x-fb-trace-id"))
		require.Contains(t, r.header.Get("X-App-Usage"), `"call_count":`)
		require.Equal(t, "application/json; charset=UTF-8", r.header.Get("Content-Type"))
	}
	r := s.get(t, "/"+ids.WABA, token)
	require.Contains(t, r.header.Get("X-Business-Use-Case-Usage"), `"`+ids.WABA+`":[{"type":"whatsapp_business_management","call_count":`)
	require.Contains(t, r.header.Get("X-Business-Use-Case-Usage"), `"estimated_time_to_regain_access":0`)
}
