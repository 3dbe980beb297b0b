package metasim_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

// walk is the simplest client that gets through an onboarding: it looks in every
// place, tries every strategy, polls ten times, and repeats only what may be.
type walk struct {
	t     *testing.T
	s     *sim
	token string
	ids   metasim.WorldIDs
}

// ended is how a walk ends early.
type ended struct{ metasim.Ending }

func (e ended) Error() string { return string(e.Ending) }

// call sends a request, again when it failed in a way that passes.
func (w *walk) call(method, path string, body any) (reply, error) {
	for range 3 {
		r, err := w.s.try(w.t, method, "/v22.0"+path, w.token, body)
		if err != nil || r.status == http.StatusServiceUnavailable || r.status == http.StatusOK && r.json == nil {
			if method != http.MethodGet && err != nil {
				return r, nil //nolint:nilerr // the outcome is unknown: whoever asked looks
			}
			continue
		}
		if r.status == http.StatusOK {
			return r, nil
		}
		if r.status == http.StatusTooManyRequests {
			return r, ended{metasim.EndsRateLimited}
		}
		switch e := r.graphError(w.t); {
		case e.Code == 2:
			continue
		case e.Code == 190:
			return r, ended{metasim.EndsTokenDead}
		case slices.Contains([]int{4, 17, 80007, 80008, 130429}, e.Code):
			return r, ended{metasim.EndsRateLimited}
		case e.Code == 368:
			return r, ended{metasim.EndsBlocked}
		}
		return r, nil
	}
	return reply{}, ended{metasim.EndsMetaDown}
}

// list follows the cursors of a list to its end.
func (w *walk) list(path string) ([]map[string]any, error) {
	var rows []map[string]any
	for after := ""; ; {
		r, err := w.call(http.MethodGet, path+"?fields=id&limit=100&after="+after, nil)
		if err != nil || r.status != http.StatusOK {
			return rows, err
		}
		rows = append(rows, r.data(w.t)...)
		paging, _ := r.json["paging"].(map[string]any)
		if paging["next"] == nil {
			return rows, nil
		}
		after = paging["cursors"].(map[string]any)["after"].(string)
	}
}

// run goes all the way and returns where it ended, and through what.
func (w *walk) run(code string, hint metasim.Signup) (metasim.Ending, string) {
	via, err := w.all(code, hint)
	if e, ok := errors.AsType[ended](err); ok {
		return e.Ending, via
	}
	require.NoError(w.t, err)
	return metasim.EndsFinished, via
}

func (w *walk) all(code string, hint metasim.Signup) (string, error) {
	if err := w.exchange(code); err != nil {
		return "", err
	}
	targets, err := w.inspect()
	if err != nil {
		return "", err
	}
	if hint.WABA != "" {
		targets = []string{hint.WABA}
	}
	accounts, via, err := w.discover(targets)
	if hint.WABA != "" && via != "id" {
		return via, ended{metasim.EndsHintRefused}
	}
	if err == nil && len(accounts) == 0 {
		accounts, via, err = w.create()
	}
	if err != nil {
		return via, err
	}
	if len(accounts) > 1 {
		return via, ended{metasim.EndsActionRequired}
	}
	return via, w.connect(accounts[0], hint.Phone)
}

func (w *walk) exchange(code string) error {
	r, err := w.s.try(w.t, http.MethodPost, "/v22.0/oauth/access_token", "", exchangeForm(code))
	switch {
	case err != nil:
		return ended{metasim.EndsUnknown}
	case r.status == http.StatusServiceUnavailable:
		return ended{metasim.EndsMetaDown}
	case r.status == http.StatusOK:
		w.token = r.json["access_token"].(string)
		return nil
	}
	switch e := r.graphError(w.t); {
	case e.Code == 1, e.Subcode == 36008:
		return ended{metasim.EndsMisconfigured}
	default:
		return ended{metasim.EndsCodeRefused}
	}
}

// inspect asks debug_token, and returns the accounts that the token names.
func (w *walk) inspect() ([]string, error) {
	app := walk{t: w.t, s: w.s, token: appToken}
	r, err := app.call(http.MethodGet, "/debug_token?input_token="+w.token, nil)
	if err != nil {
		return nil, err
	}
	var body struct {
		Data struct {
			AppID    string   `json:"app_id"`
			Type     string   `json:"type"`
			Valid    bool     `json:"is_valid"`
			Scopes   []string `json:"scopes"`
			Granular []struct {
				Scope   string            `json:"scope"`
				Targets []json.RawMessage `json:"target_ids"`
			} `json:"granular_scopes"`
		} `json:"data"`
	}
	require.NoError(w.t, json.Unmarshal([]byte(r.text), &body))
	switch {
	case body.Data.AppID != metasim.DefaultAppID:
		return nil, ended{metasim.EndsForeignApp}
	case body.Data.Type == "PAGE":
		return nil, ended{metasim.EndsUnsuitable}
	case !body.Data.Valid:
		return nil, ended{metasim.EndsTokenDead}
	case !slices.Contains(body.Data.Scopes, "whatsapp_business_management"):
		return nil, ended{metasim.EndsNoPermission}
	}
	var targets []string
	for _, granular := range body.Data.Granular {
		for _, id := range granular.Targets {
			if strings.HasPrefix(granular.Scope, "whatsapp_business_") {
				targets = append(targets, strings.Trim(string(id), `"`))
			}
		}
	}
	slices.Sort(targets)
	return slices.Compact(targets), nil
}

func (w *walk) discover(targets []string) (accounts []string, via string, err error) {
	for _, id := range targets {
		if r, err := w.call(http.MethodGet, "/"+id+"/phone_numbers", nil); err != nil || r.status == http.StatusOK {
			return []string{id}, "id", err
		}
	}
	var businesses []string
	r, err := w.call(http.MethodGet, "/me?fields=client_business_id", nil)
	if err != nil {
		return nil, "", err
	}
	if id, ok := r.json["client_business_id"].(string); ok {
		businesses = append(businesses, id)
	}
	rows, err := w.list("/me/businesses")
	for _, row := range rows {
		businesses = append(businesses, row["id"].(string))
	}
	for _, id := range businesses {
		if accounts, err := w.of(id); err != nil || len(accounts) > 0 {
			return accounts, "business", err
		}
	}
	if err != nil {
		return nil, "", err
	}
	pages, err := w.list("/me/accounts")
	for _, page := range pages {
		r, _ := w.call(http.MethodGet, "/"+page["id"].(string)+"?fields=business", nil)
		if business, ok := r.json["business"].(map[string]any); ok {
			if accounts, err := w.of(business["id"].(string)); err != nil || len(accounts) > 0 {
				return accounts, "page", err
			}
		}
	}
	return nil, "", err
}

// of lists the accounts of a business.
func (w *walk) of(business string) ([]string, error) {
	var ids []string
	for _, edge := range []string{"/owned_whatsapp_business_accounts", "/client_whatsapp_business_accounts"} {
		rows, err := w.list("/" + business + edge)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			ids = append(ids, row["id"].(string))
		}
	}
	return ids, nil
}

func (w *walk) create() (accounts []string, via string, err error) {
	for _, c := range creations(w.ids.Business) {
		r, err := w.call(http.MethodPost, c.path, c.body)
		if err != nil {
			return nil, "", err
		}
		if r.status/100 == 4 {
			continue
		}
		for range 10 {
			if accounts, err := w.of(w.ids.Business); err != nil || len(accounts) > 0 {
				return accounts, c.op.String(), err
			}
		}
	}
	return nil, "", ended{metasim.EndsAwaiting}
}

func (w *walk) connect(account, hint string) error {
	r, err := w.call(http.MethodPost, "/"+account+"/subscribed_apps", nil)
	if err != nil {
		return err
	}
	if r.status == http.StatusForbidden {
		return ended{metasim.EndsNoPermission}
	}
	numbers, err := w.list("/" + account + "/phone_numbers")
	if err != nil {
		return err
	}
	if hint != "" {
		numbers = slices.DeleteFunc(numbers, func(n map[string]any) bool { return n["id"] != hint })
		if len(numbers) == 0 {
			return ended{metasim.EndsHintRefused}
		}
	}
	if len(numbers) != 1 {
		return ended{metasim.EndsActionRequired}
	}
	id := numbers[0]["id"].(string)
	for range 5 {
		r, err := w.call(http.MethodGet, "/"+id+"?fields=status,platform_type", nil)
		if err != nil || r.json["status"] == "CONNECTED" {
			return err
		}
		if r.json["platform_type"] == "CLOUD_API" {
			continue
		}
		r, err = w.call(http.MethodPost, "/"+id+"/register", pin("152563"))
		if err != nil {
			return err
		}
		if r.status == http.StatusBadRequest {
			return ended{metasim.EndsActionRequired}
		}
	}
	return ended{metasim.EndsActionRequired} // it is not connected for a reason
}

func TestEachScenarioEndsAsItSays(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	through := map[string]string{
		"default": "business", "existing-business": "business", "existing-page": "page", "existing-hint": "id",
		"existing-granular": "id", "existing-client": "business", "paged": "business", "creates-2a": "create_2a",
		"creates-2b": "create_2b", "creates-2c": "create_2c", "creates-2d": "create_2d", "found-at-third-poll": "create_2b",
		"created-but-unanswered": "create_2b",
	}
	for _, scenario := range metasim.Scenarios() {
		t.Run(scenario.Name, func(t *testing.T) {
			t.Parallel()
			code := scenario.Code("walk-1")
			if scenario.Name == "slow" { // the whole walk takes 10 s
				begun := time.Now()
				s.token(t, code)
				require.GreaterOrEqual(t, time.Since(begun), time.Second)
				return
			}
			w := &walk{t: t, s: s, ids: metasim.IDs(code)}
			ends, via := w.run(code, scenario.Signup(code))
			require.Equal(t, scenario.Ends, ends)
			if want, ok := through[scenario.Name]; ok {
				require.Equal(t, want, via)
			}
			creations := 0
			for _, op := range []metasim.Op{metasim.OpCreate2A, metasim.OpCreate2B, metasim.OpCreate2C, metasim.OpCreate2D} {
				creations += s.Executed(op, code)
			}
			require.LessOrEqual(t, creations, 1)
			require.LessOrEqual(t, s.Executed(metasim.OpRegister, code), 1)
			if ends == metasim.EndsFinished {
				world, ok := s.World(code)
				require.True(t, ok)
				account := world.Accounts[len(world.Accounts)-1]
				require.True(t, account.Subscribed)
				require.True(t, account.Numbers[len(account.Numbers)-1].Registered)
			}
			if scenario.Ends == metasim.EndsRateLimited {
				if err := w.connect(w.ids.WABA, ""); err != nil { // some limits meet two calls
					require.Equal(t, ended{metasim.EndsRateLimited}, err)
				}
				require.NoError(t, w.connect(w.ids.WABA, ""), "it passes")
			}
		})
	}
}

func TestScenariosAreDescribedAndNamedApart(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, scenario := range metasim.Scenarios() {
		require.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, scenario.Name)
		require.False(t, names[scenario.Name])
		names[scenario.Name] = true
		require.NotEmpty(t, scenario.PT)
		require.NotEmpty(t, scenario.EN)
		require.NotEmpty(t, scenario.Ends)
	}
}

func TestTheLongestScenarioNameWins(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	for code, want := range map[string]string{
		"demo-meta-down-later":   "meta-down-later",
		"demo-meta-down-later-2": "meta-down-later",
		"demo-meta-down":         "meta-down",
		"demo-meta-downwards":    "default",
		"demo-":                  "default",
		"demo-nothing":           "default",
		"code-expired":           "default",
		"demo-default-blocked":   "default",
	} {
		_, err := s.try(t, http.MethodPost, "/v22.0/oauth/access_token", "", exchangeForm(code))
		require.NoError(t, err)
		world, ok := s.World(code)
		require.True(t, ok)
		require.Equal(t, want, world.Scenario, code)
	}
}
