package metasim_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

// creation is one of the plan's four calls.
type creation struct {
	op   metasim.Op
	path string
	body map[string]any
}

func creations(business string) []creation {
	return []creation{
		{metasim.OpCreate2A, "/" + business + "/client_whatsapp_applications", map[string]any{
			"app_name":              "WhatsApp Business Account",
			"waba_creation_request": map[string]any{"business_manager_id": business, "category": "BUSINESS_TO_CUSTOMER"},
		}},
		{metasim.OpCreate2B, "/" + business + "/whatsapp_business_accounts", map[string]any{
			"name": "WhatsApp Business Account", "category": "BUSINESS_TO_CUSTOMER",
		}},
		{metasim.OpCreate2C, "/" + business + "/applications", map[string]any{
			"name": "WhatsApp Business App", "namespace": "whatsapp_1795435200000", "category": "BUSINESS",
		}},
		{metasim.OpCreate2D, "/whatsapp_business_accounts", map[string]any{
			"business_manager_id": business, "name": "WhatsApp Business Account", "category": "BUSINESS_TO_CUSTOMER",
		}},
	}
}

func TestCreationsAreRefusedAsMetaRefusesThemToday(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token := s.token(t, "demo-all-strategies-fail")
	all := creations(metasim.IDs("demo-all-strategies-fail").Business)
	e := s.post(t, all[0].path, token, all[0].body).refusedWith(t, http.StatusBadRequest, 100, 33)
	require.Equal(t, "GraphMethodException", e.Type)
	s.post(t, all[1].path, token, all[1].body).refusedWith(t, http.StatusForbidden, 200, 1349174)
	s.post(t, all[2].path, token, all[2].body).refusedWith(t, http.StatusBadRequest, 100, 33)
	s.post(t, all[3].path, token, all[3].body).refusedWith(t, http.StatusBadRequest, 2500, 0)

	token = s.token(t, "demo-app-incapable")
	incapable := creations(metasim.IDs("demo-app-incapable").Business)[1]
	s.post(t, incapable.path, token, incapable.body).refusedWith(t, http.StatusBadRequest, 3, 0)
	require.Zero(t, s.Executed(metasim.OpCreate2B, ""))
}

func TestEachCreationCreatesInItsScenario(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	for i, name := range []string{"creates-2a", "creates-2b", "creates-2c", "creates-2d"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code := "demo-" + name + "-x"
			token, ids := s.token(t, code), metasim.IDs(code)
			owned := "/" + ids.Business + "/owned_whatsapp_business_accounts"
			require.Empty(t, s.get(t, owned, token).ids(t))
			for j, c := range creations(ids.Business) {
				r := s.post(t, c.path, token, c.body)
				if i != j {
					require.Equal(t, 4, r.status/100)
					continue
				}
				require.Equal(t, http.StatusOK, r.status, r.text)
				require.Equal(t, ids.WABA, r.json["id"])
				require.Equal(t, 1, s.Executed(c.op, code))
			}
			require.Equal(t, []string{ids.WABA}, s.get(t, owned, token).ids(t))
			require.Equal(t, []string{ids.Phone}, s.get(t, "/"+ids.WABA+"/phone_numbers", token).ids(t))
		})
	}
}

func TestASecondCreationIsASecondAccount(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "demo-creates-2b"), metasim.IDs("demo-creates-2b")
	c := creations(ids.Business)[1]
	first, second := s.post(t, c.path, token, c.body), s.post(t, c.path, token, c.body)
	require.NotEqual(t, first.json["id"], second.json["id"])
	require.Len(t, s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts", token).ids(t), 2)
	require.Equal(t, 2, s.Executed(metasim.OpCreate2B, "demo-creates-2b"))
}

func TestCreationBodiesAreThePlansToTheLetter(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	for i, name := range []string{"creates-2a", "creates-2b", "creates-2c", "creates-2d"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code := "demo-" + name + "-body"
			token, ids := s.token(t, code), metasim.IDs(code)
			c := creations(ids.Business)[i]
			refused := func(body any) {
				s.post(t, c.path, token, body).refusedWith(t, http.StatusBadRequest, 100, 0)
			}
			refused(nil)
			refused([]string{"a list"})
			extra := maps.Clone(c.body)
			extra["extra"] = 1
			refused(extra)
			for key := range c.body {
				less, wrong, number := maps.Clone(c.body), maps.Clone(c.body), maps.Clone(c.body)
				delete(less, key)
				wrong[key] = "wrong"
				number[key] = 7
				refused(less)
				refused(wrong)
				refused(number)
			}
			require.Zero(t, s.Executed(c.op, code))
			require.Equal(t, http.StatusOK, s.post(t, c.path, token, c.body).status)
		})
	}
	// The request inside 2A is looked at, too.
	token, ids := s.token(t, "demo-creates-2a"), metasim.IDs("demo-creates-2a")
	c := creations(ids.Business)[0]
	for _, inner := range []map[string]any{
		{"business_manager_id": ids.WABA, "category": "BUSINESS_TO_CUSTOMER"},
		{"business_manager_id": ids.Business, "category": "B2C"},
		{"business_manager_id": ids.Business},
		{"business_manager_id": ids.Business, "category": "BUSINESS_TO_CUSTOMER", "more": true},
	} {
		body := maps.Clone(c.body)
		body["waba_creation_request"] = inner
		s.post(t, c.path, token, body).refusedWith(t, http.StatusBadRequest, 100, 0)
	}
}

func TestACreatedAccountShowsAtTheThirdLook(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	for name, look := range map[string]func(token string, ids metasim.WorldIDs) bool{
		"in the list": func(token string, ids metasim.WorldIDs) bool {
			return len(s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts", token).ids(t)) == 1
		},
		"by its id": func(token string, ids metasim.WorldIDs) bool {
			return s.get(t, "/"+ids.WABA, token).status == http.StatusOK
		},
		"by its numbers": func(token string, ids metasim.WorldIDs) bool {
			return s.get(t, "/"+ids.WABA+"/phone_numbers", token).status == http.StatusOK
		},
		"in list and numbers, each time": func(token string, ids metasim.WorldIDs) bool {
			listed := len(s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts", token).ids(t)) == 1
			return s.get(t, "/"+ids.WABA+"/phone_numbers", token).status == http.StatusOK && listed
		},
		"in both, each time": func(token string, ids metasim.WorldIDs) bool {
			listed := len(s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts", token).ids(t)) == 1
			return s.get(t, "/"+ids.WABA, token).status == http.StatusOK && listed
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code := "demo-found-at-third-poll-" + strings.ReplaceAll(name, " ", "-")
			token, ids := s.token(t, code), metasim.IDs(code)
			look(token, ids) // looks before the creation do not count
			c := creations(ids.Business)[1]
			require.Equal(t, http.StatusOK, s.post(t, c.path, token, c.body).status)
			require.False(t, look(token, ids))
			require.False(t, look(token, ids))
			require.True(t, look(token, ids))
			require.True(t, look(token, ids))
		})
	}
}

func TestACreatedAccountMayNeverAppear(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "demo-never-appears"), metasim.IDs("demo-never-appears")
	c := creations(ids.Business)[1]
	require.Equal(t, ids.WABA, s.post(t, c.path, token, c.body).json["id"])
	for range 20 {
		require.Empty(t, s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts", token).ids(t))
	}
	s.get(t, "/"+ids.WABA, token).refusedWith(t, http.StatusBadRequest, 100, 33)
	s.get(t, "/"+ids.WABA+"/phone_numbers", token).refusedWith(t, http.StatusBadRequest, 100, 33)
}

func TestACreationMayBeDoneAndNotAnswered(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	code := "demo-created-but-unanswered"
	token, ids := s.token(t, code), metasim.IDs(code)
	c := creations(ids.Business)[1]
	_, err := s.try(t, http.MethodPost, "/v22.0"+c.path, token, c.body)
	require.Error(t, err)
	require.Equal(t, 1, s.Executed(metasim.OpCreate2B, code))
	require.Equal(t, []string{ids.WABA}, s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts", token).ids(t))
}
