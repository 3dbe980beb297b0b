package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/httpapi"
)

func TestBadInputIsRefusedAndNothingIsPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	state := w.state(id)
	good := fmt.Sprintf(`"restaurant_id":%q,"state":%q`, id, state)
	jsonType := header{"Content-Type": "application/json"}
	for _, tt := range []struct {
		name   string
		path   string
		body   string
		with   header
		status int
		code   event.Code
		detail string
	}{
		{"no JSON", completePath, `code=1`, jsonType, 422, errcode.InvalidInput, "not JSON"},
		{"nothing", completePath, ``, jsonType, 422, errcode.InvalidInput, "not JSON"},
		{"an array", completePath, `[]`, jsonType, 422, errcode.InvalidInput, "object"},
		{"null", completePath, `null`, jsonType, 422, errcode.InvalidInput, "object"},
		{"cut off", completePath, `{"code":"x",`, jsonType, 422, errcode.InvalidInput, "not JSON"},
		{"something after it", completePath, `{"code":"x",` + good + `} {}`, jsonType, 422, errcode.InvalidInput, "after"},
		{"a repeated key", completePath, `{"code":"x","code":"y",` + good + `}`, jsonType, 422, errcode.InvalidInput, "twice"},
		{"a key in two spellings", completePath, `{"code":"x","Code":"y",` + good + `}`, jsonType, 422, errcode.InvalidInput, "twice"},
		{"a key in capitals", completePath, `{"CODE":"x",` + good + `}`, jsonType, 422, errcode.InvalidInput, "lower case"},
		{"a repeated restaurant", completePath, fmt.Sprintf(`{"code":"x","restaurant_id":%q,%s}`, newRestaurant(), good), jsonType, 422, errcode.InvalidInput, "twice"},
		{"a deep nest", completePath, `{"x":` + strings.Repeat(`[`, 20000) + strings.Repeat(`]`, 20000) + `}`, jsonType, 422, errcode.InvalidInput, "deeply"},
		{"invalid UTF-8", completePath, "{\"code\":\"\xff\"," + good + `}`, jsonType, 422, errcode.InvalidInput, "UTF-8"},
		{"a missing code", completePath, `{` + good + `}`, jsonType, 422, errcode.InvalidInput, "code"},
		{"an empty code", completePath, `{"code":"",` + good + `}`, jsonType, 422, errcode.InvalidInput, "code"},
		{"a null code", completePath, `{"code":null,` + good + `}`, jsonType, 422, errcode.InvalidInput, "code"},
		{"a code of the wrong type", completePath, `{"code":["CANARYVALUE"],` + good + `}`, jsonType, 422, errcode.InvalidInput, "code expected string"},
		{"a code with a line break", completePath, `{"code":"CANARYVALUE\r\nX: y",` + good + `}`, jsonType, 422, errcode.InvalidInput, "code"},
		{"a long code", completePath, `{"code":"` + strings.Repeat("x", 5000) + `",` + good + `}`, jsonType, 422, errcode.InvalidInput, "code"},
		{"a missing state", completePath, fmt.Sprintf(`{"code":"x","restaurant_id":%q}`, id), jsonType, 422, errcode.InvalidInput, "state"},
		{"a restaurant id that is no UUID", completePath, fmt.Sprintf(`{"code":"x","state":%q,"restaurant_id":"CANARYVALUE"}`, state), jsonType, 422, errcode.InvalidInput, "restaurant_id is not a UUID"},
		{"a restaurant id with a wildcard", completePath, fmt.Sprintf(`{"code":"x","state":%q,"restaurant_id":"*"}`, state), jsonType, 422, errcode.InvalidInput, "restaurant_id"},
		{"a restaurant id in braces", completePath, fmt.Sprintf(`{"code":"x","state":%q,"restaurant_id":"{%s}"}`, state, id), jsonType, 422, errcode.InvalidInput, "restaurant_id"},
		{"the nil UUID", completePath, fmt.Sprintf(`{"code":"x","state":%q,"restaurant_id":"00000000-0000-0000-0000-000000000000"}`, state), jsonType, 422, errcode.InvalidInput, "restaurant_id"},
		{"a claim that is no id", completePath, `{"code":"x","waba_id":"../me",` + good + `}`, jsonType, 422, errcode.InvalidInput, "waba_id"},
		{"a redirect_uri of another scheme", completePath, `{"code":"x","redirect_uri":"javascript:alert(1)",` + good + `}`, jsonType, 422, errcode.InvalidInput, "redirect_uri"},
		{"a name with NUL", completePath, `{"code":"x","restaurant_name":"a\u0000b",` + good + `}`, jsonType, 422, errcode.InvalidInput, "restaurant_name"},
		{"max_attempts 0", pollPath, `{"access_token":"EAAG","business_id":"777000111","max_attempts":0,` + good + `}`, jsonType, 422, errcode.InvalidInput, "max_attempts"},
		{"max_attempts -1", pollPath, `{"access_token":"EAAG","business_id":"777000111","max_attempts":-1,` + good + `}`, jsonType, 422, errcode.InvalidInput, "max_attempts"},
		{"max_attempts 1000000", pollPath, `{"access_token":"EAAG","business_id":"777000111","max_attempts":1000000,` + good + `}`, jsonType, 422, errcode.InvalidInput, "max_attempts"},
		{"max_attempts 1e300", pollPath, `{"access_token":"EAAG","business_id":"777000111","max_attempts":1e300,` + good + `}`, jsonType, 422, errcode.InvalidInput, "max_attempts"},
		{"max_attempts 2.5", pollPath, `{"access_token":"EAAG","business_id":"777000111","max_attempts":2.5,` + good + `}`, jsonType, 422, errcode.InvalidInput, "max_attempts"},
		{"max_attempts as text", pollPath, `{"access_token":"EAAG","business_id":"777000111","max_attempts":"10",` + good + `}`, jsonType, 422, errcode.InvalidInput, "max_attempts"},
		{"a missing business", createPath, `{"access_token":"EAAG",` + good + `}`, jsonType, 422, errcode.InvalidInput, "business_id"},
		{"a missing token", discoverPath, `{` + good + `}`, jsonType, 422, errcode.InvalidInput, "access_token"},
		{"too much", completePath, `{"code":"` + strings.Repeat("x", 65<<10) + `"}`, jsonType, 413, errcode.BodyTooLarge, "64 KiB"},
		{"a form", completePath, `code=1`, header{"Content-Type": "application/x-www-form-urlencoded"}, 422, errcode.InvalidInput, "application/json"},
		{"no type", completePath, `{}`, header{"Content-Type": ""}, 422, errcode.InvalidInput, "application/json"},
		{"a form's text", completePath, `{}`, header{"Content-Type": "text/plain"}, 422, errcode.InvalidInput, "application/json"},
		{"compressed", completePath, `{}`, header{"Content-Type": "application/json", "Content-Encoding": "gzip"}, 422, errcode.InvalidInput, "Content-Encoding"},
		{"an empty idempotency key", discoverPath, `{"access_token":"EAAG",` + good + `}`, header{"Content-Type": "application/json", "Idempotency-Key": strings.Repeat("k", 300)}, 422, errcode.InvalidInput, "Idempotency-Key"},
		{"another method", completePath + "/", ``, jsonType, 404, errcode.NotFound, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := w.send(http.MethodPost, tt.path, tt.body, tt.with)
			a.t = t
			body := a.problem(tt.status, tt.code)
			require.Contains(t, body["detail"], tt.detail)
			require.NotContains(t, a.text, "CANARYVALUE")
			require.NotContains(t, w.logged(), "CANARYVALUE")
			require.Empty(t, w.inputs(id))
			require.Zero(t, w.secrets())
		})
	}
}

// refused requires a problem; of one to a HEAD only the headers are there.
func (a answer) refused(method string, status int, code event.Code) {
	a.t.Helper()
	if method != http.MethodHead {
		a.problem(status, code)
		return
	}
	require.Equal(a.t, status, a.status)
	require.Equal(a.t, "application/problem+json", a.header.Get("Content-Type"))
	require.Empty(a.t, a.text)
}

func TestUnknownRoutesAndMethodsAreProblemsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.get("/nowhere").problem(http.StatusNotFound, errcode.NotFound)
	id := newRestaurant()
	for _, path := range []string{"/", "//", "/api", "/api/whatsapp/", completePath + "/", completePath + "/x", integrationPath(id) + "/", integrationPath(id) + "/x", "/api/whatsapp/../docs", "/%2e%2e/docs", "/docs/", "/.env"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodHead, http.MethodOptions} {
			w.send(method, path, "", header{"Authorization": ""}).refused(method, http.StatusNotFound, errcode.NotFound)
		}
	}
	for path, allowed := range map[string]string{
		completePath: "POST", "/docs": "GET, HEAD", "/openapi.json": "GET, HEAD", "/api/whatsapp/integrations": "GET, HEAD", integrationPath(id) + "/events": "GET, HEAD", integrationPath(id) + "/retry": "POST",
	} {
		others := []string{http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, "PROPFIND"}
		if allowed == "POST" {
			others = append(others, http.MethodGet, http.MethodHead)
		}
		for _, method := range others {
			a := w.send(method, path, "", header{"Authorization": "", "Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
			a.refused(method, http.StatusMethodNotAllowed, errcode.MethodNotAllowed)
			require.Equal(t, []string{allowed}, a.header.Values("Allow"), "%s %s", method, path)
			require.Empty(t, a.header.Get("Access-Control-Allow-Origin"))
		}
	}
	english := w.get("/nowhere", header{"Accept-Language": "fr, en;q=0.5"})
	require.Equal(t, "Not found", english.json()["title"])
}

func TestAnUpperCaseRestaurantIsTheSameOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	body := w.codeBody(id, "code-1")
	body["restaurant_id"] = strings.ToUpper(string(id))
	a := w.post(completePath, body, header{"Prefer": "respond-async"})
	require.Equal(t, http.StatusAccepted, a.status, a.text)
	require.Len(t, w.inputs(id), 1)
}

func TestStatesThatAreNotGoodReachNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, other := newRestaurant(), newRestaurant()
	send := func(state string) answer {
		return w.post(completePath, map[string]any{"restaurant_id": id, "code": "code-1", "state": state})
	}
	send("unknown").problem(http.StatusForbidden, errcode.StateUnknown)
	send("dev").problem(http.StatusForbidden, errcode.StateUnknown)
	send(w.state(other)).problem(http.StatusForbidden, errcode.StateForeign)
	old, _, err := w.states.Issue(id, "key:x", "", "", time.Now().Add(-11*time.Minute))
	require.NoError(t, err)
	send(old).problem(http.StatusForbidden, errcode.StateExpired)
	anothers, _, err := w.states.Issue(id, "key:another", "", "", time.Now())
	require.NoError(t, err)
	send(anothers).problem(http.StatusForbidden, errcode.StateForeign)
	require.Empty(t, w.inputs(id))
	require.Zero(t, w.secrets())
}

func TestAStateIsUsedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step {
		return []step{started(codeOf(in)), expired(nil)}
	})
	body := w.codeBody(id, "code-1")
	w.post(completePath, body).problem(http.StatusUnprocessableEntity, event.CodeCodeExpired)
	again := w.post(completePath, body)
	again.problem(http.StatusUnprocessableEntity, event.CodeCodeExpired)
	require.Equal(t, "true", again.header.Get("Idempotent-Replay"))

	body["code"] = "code-2"
	w.post(completePath, body).problem(http.StatusForbidden, errcode.StateUsed)
	require.Len(t, w.inputs(id), 1)

	fresh := w.codeBody(id, "code-3")
	w.post(completePath, fresh).problem(http.StatusUnprocessableEntity, event.CodeCodeExpired)
	inputs := w.inputs(id)
	require.Len(t, inputs, 2)
	require.Len(t, inputs[1].Event.(event.OAuthCodeReceived).UsedStates, 2, "the one before is remembered")
	w.post(completePath, body).problem(http.StatusForbidden, errcode.StateUsed)

	body["code"] = "code-1"
	w.post(completePath, body).problem(http.StatusUnprocessableEntity, event.CodeCodeUsed)
	require.Len(t, w.inputs(id), 2)
}

func TestTheSameCodeFiftyTimesAtOnceIsOneInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step {
		return []step{started(codeOf(in)), exchanged(), checked(), discovered(event.StrategyBusiness), ready()}
	})
	state := w.state(id)
	text := fmt.Sprintf(`{"restaurant_id":%q,"code":"code-1","state":%q}`, id, state)
	answers := make([]answer, 50)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() {
			answers[i], _ = w.try(t.Context(), http.MethodPost, completePath, text, header{"Content-Type": "application/json"})
		})
	}
	group.Wait()
	for _, a := range answers {
		require.Equal(t, http.StatusOK, a.status, a.text)
	}
	require.Len(t, w.inputs(id), 1)
}

func TestOfManyCodesAtOnceOneIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	texts := make([]string, 20)
	for i := range texts {
		texts[i] = fmt.Sprintf(`{"restaurant_id":%q,"code":"code-%d","state":%q}`, id, i, w.state(id))
	}
	statuses := make([]int, len(texts))
	var group sync.WaitGroup
	for i := range texts {
		group.Go(func() {
			a, _ := w.try(t.Context(), http.MethodPost, completePath, texts[i], header{"Content-Type": "application/json", "Prefer": "respond-async"})
			statuses[i] = a.status
		})
	}
	group.Wait()
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	require.Equal(t, map[int]int{http.StatusAccepted: 1, http.StatusConflict: 19}, count)
	require.Len(t, w.inputs(id), 1)
}

func TestAnotherCodeIsRefusedWhileOneIsAtWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step { return []step{started(codeOf(in))} })
	require.Equal(t, http.StatusAccepted, w.post(completePath, w.codeBody(id, "code-1"), header{"Prefer": "wait=1"}).status)
	busy := w.post(completePath, w.codeBody(id, "code-2"))
	busy.problem(http.StatusConflict, event.CodeBusy)
	require.Equal(t, "https://gateway.example/api/whatsapp/integrations/"+string(id), busy.header.Get("Location"))
	require.Len(t, w.inputs(id), 1)
}

func TestACodeCrossesTheBusSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.post(completePath, w.codeBody(id, "CANARYCODE"), header{"Prefer": "respond-async"})
	input := w.inputs(id)[0]
	require.NotContains(t, string(input.Envelope.Data), "CANARYCODE")
	require.NotEmpty(t, input.Envelope.ID)
	require.NotContains(t, w.logged(), "CANARYCODE")
	code := input.Event.(event.OAuthCodeReceived)
	require.Equal(t, "https://gateway.example/api/whatsapp/oauth/callback", code.RedirectURI)
	secrets, err := bus.OpenSecrets(t.Context(), w.js)
	require.NoError(t, err)
	sealed, err := secrets.Get(t.Context(), code.CodeRef)
	require.NoError(t, err)
	require.NotContains(t, sealed, "CANARYCODE")
	opened, err := w.private.Open(event.PurposeCode, string(id), sealed)
	require.NoError(t, err)
	require.True(t, opened.Equal(seal.NewSecret("CANARYCODE")))
	_, err = w.private.Open(event.PurposeCode, string(newRestaurant()), sealed)
	require.ErrorIs(t, err, seal.ErrTampered)
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step {
		if in.Event.Name() == event.NameRetryRequested {
			return []step{refused(in.Event.Name(), event.CodeTooEarly, time.Now().Add(time.Hour))}
		}
		return []step{started(""), exchanged(), checked(), notFound(), awaiting()}
	})
	body := map[string]any{"restaurant_id": id, "access_token": "EAAG"}
	key := header{"Idempotency-Key": "k-1"}
	first := w.post(discoverPath, body, key)
	require.Equal(t, http.StatusAccepted, first.status, first.text)
	require.Empty(t, first.header.Get("Idempotent-Replay"))
	again := w.post(discoverPath, body, key)
	require.Equal(t, "true", again.header.Get("Idempotent-Replay"))
	require.Len(t, w.inputs(id), 1)

	body["waba_id"] = "880011223344"
	w.post(discoverPath, body, key).problem(http.StatusUnprocessableEntity, errcode.IdempotencyConflict)

	retry := "/api/whatsapp/integrations/" + string(id) + "/retry"
	key = header{"Idempotency-Key": "k-2"}
	one := w.post(retry, map[string]any{}, key).problem(http.StatusConflict, event.CodeTooEarly)
	two := w.post(retry, map[string]any{}, key)
	require.Equal(t, one["next_action"], two.problem(http.StatusConflict, event.CodeTooEarly)["next_action"])
	require.Equal(t, "true", two.header.Get("Idempotent-Replay"))
	require.Len(t, w.inputs(id), 2)
}

func TestAnIdempotencyKeyIsOfOneRequestAlone(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/keys.json"
	mine, anothers := addKey(t, path, []string{"*"}, auth.Scopes()), addKey(t, path, []string{"*"}, auth.Scopes())
	keys, err := auth.OpenKeys(path, nil)
	require.NoError(t, err)
	w := newWorld(t, func(_ *httpapi.Settings, p *httpapi.Parts) { p.Keys = keys })
	w.key = mine
	id, other := newRestaurant(), newRestaurant()
	w.decide(other, bus.Input{}, started("h"))
	send := func(path string, body map[string]any) answer {
		return w.post(path, body, header{"Idempotency-Key": "k", "Prefer": "wait=0"})
	}
	body := w.codeBody(id, "code-1")
	require.Equal(t, http.StatusAccepted, send(completePath, body).status)
	require.Equal(t, http.StatusAccepted, send(completePath, body).status)

	for path, body := range map[string]map[string]any{
		completePath:                       w.codeBody(other, "code-1"),
		exchangePath:                       body,
		discoverPath:                       {"restaurant_id": id, "access_token": "EAAG"},
		integrationPath(id) + "/cancel":    {},
		integrationPath(other) + "/cancel": {},
	} {
		told := send(path, body).problem(http.StatusUnprocessableEntity, errcode.IdempotencyConflict)
		require.Equal(t, false, told["retryable"])
	}
	require.Len(t, w.inputs(id), 1)
	require.Empty(t, w.inputs(other))
	require.EqualValues(t, 1, w.secrets())

	w.key = anothers
	require.Equal(t, http.StatusAccepted, send(discoverPath, map[string]any{"restaurant_id": other, "access_token": "EAAG"}).status, "another caller's keys are its own")
	send(integrationPath(id)+"/retry", map[string]any{}).problem(http.StatusUnprocessableEntity, errcode.IdempotencyConflict)
}

func TestACallerThatHangsUpChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	text := fmt.Sprintf(`{"restaurant_id":%q,"code":"code-1","state":%q}`, id, w.state(id))
	ctx, hangUp := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		_, err := w.try(ctx, http.MethodPost, completePath, text, header{"Content-Type": "application/json"})
		require.Error(t, err)
	})
	require.Eventually(t, func() bool { return len(w.inputs(id)) == 1 }, 10*time.Second, 5*time.Millisecond)
	hangUp()
	group.Wait()
	require.Eventually(t, func() bool { return strings.Contains(w.logged(), `"status":499`) }, 10*time.Second, 5*time.Millisecond)

	w.answerInputs(func(in bus.Input) []step {
		return []step{started(codeOf(in)), exchanged(), checked(), discovered(event.StrategyBusiness), ready()}
	})
	a, err := w.try(t.Context(), http.MethodPost, completePath, text, header{"Content-Type": "application/json"})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.Len(t, w.inputs(id), 1)
}

func TestWhoWaitsIsAnsweredWhenTheProcessEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	text := fmt.Sprintf(`{"restaurant_id":%q,"code":"code-1","state":%q}`, id, w.state(id))
	var a answer
	var err error
	var group sync.WaitGroup
	group.Go(func() {
		a, err = w.try(t.Context(), http.MethodPost, completePath, text, header{"Content-Type": "application/json", "Prefer": "wait=55"})
	})
	require.Eventually(t, func() bool { return len(w.inputs(id)) == 1 }, 10*time.Second, 5*time.Millisecond)
	w.drain()
	group.Wait()
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, a.status, a.text)
	require.Equal(t, "oauth", a.data()["stage"])
}

func TestCallersMakeTheirOwnStateWhereThatIsAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *httpapi.Settings, p *httpapi.Parts) {
		p.States.Caller = true
		s.Dialog.RedirectURI = "https://app.example/callback"
	})
	id := newRestaurant()
	body := map[string]any{"restaurant_id": id, "code": "code-1", "state": "state_parameter"}
	require.Equal(t, http.StatusAccepted, w.post(completePath, body, header{"Prefer": "respond-async"}).status)
	body["code"] = "code-2"
	w.post(completePath, body).problem(http.StatusForbidden, errcode.StateUsed)
	body["state"] = strings.Repeat("s", 513)
	w.post(completePath, body).problem(http.StatusForbidden, errcode.StateUnknown)
	require.Equal(t, "https://app.example/callback", w.inputs(id)[0].Event.(event.OAuthCodeReceived).RedirectURI)
}

func TestTooManyStatesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	used := make([]event.UsedState, 100)
	for i := range used {
		used[i] = event.UsedState{StateHash: event.Hash(fmt.Sprint(i)), Until: time.Now().Add(time.Minute)}
	}
	_, err := bus.PublishCode(t.Context(), w.js, event.Meta{ID: "before", Restaurant: id, Time: time.Now()}, event.OAuthCodeReceived{CodeHash: "h", UsedStates: used}, 0)
	require.NoError(t, err)
	w.decide(id, w.inputs(id)[0], started("h"))
	w.decide(id, bus.Input{}, expired(nil))
	a := w.post(completePath, w.codeBody(id, "code-1"))
	a.problem(http.StatusTooManyRequests, errcode.TooManyRequests)
	require.NotEmpty(t, a.header.Get("Retry-After"))
}

func TestACodeOfAnEarlierRunIsRefusedWhateverItsState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *httpapi.Settings, p *httpapi.Parts) { s.Dev, p.States.Dev, p.Keys = true, true, nil })
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step {
		return []step{started(codeOf(in)), exchanged(), checked(), discovered(event.StrategyBusiness), ready()}
	})
	send := func(code string) answer {
		return w.post(completePath, map[string]any{"restaurant_id": id, "code": code, "state": auth.DevState}, header{"Authorization": ""})
	}
	require.Equal(t, http.StatusOK, send("code-1").status)
	require.Equal(t, http.StatusOK, send("code-2").status)
	send("code-1").problem(http.StatusUnprocessableEntity, event.CodeCodeUsed)
	again := send("code-2")
	require.Equal(t, http.StatusOK, again.status, again.text)
	require.Equal(t, "true", again.header.Get("Idempotent-Replay"))
	inputs := w.inputs(id)
	require.Len(t, inputs, 2)

	used := inputs[1].Event.(event.OAuthCodeReceived).UsedCodes
	require.Len(t, used, 2)
	for i, u := range used {
		require.Equal(t, codeOf(inputs[i]), u.CodeHash)
		require.WithinDuration(t, time.Now().Add(24*time.Hour), u.Until, time.Minute)
	}
}

func TestACodeThatWasForgottenIsAnotherInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step { return []step{started(codeOf(in)), expired(nil)} })
	w.post(completePath, w.codeBody(id, "code-1")).problem(http.StatusUnprocessableEntity, event.CodeCodeExpired)
	first := w.inputs(id)[0]

	// A day and a hundred other codes later.
	used := []event.UsedCode{{CodeHash: codeOf(first), Until: time.Now().Add(-time.Second)}}
	for i := range 100 {
		used = append(used, event.UsedCode{CodeHash: event.Hash(fmt.Sprint(i)), Until: time.Now().Add(time.Hour)})
	}
	other := event.OAuthCodeReceived{CodeHash: "99", UsedCodes: used}
	_, err := bus.PublishCode(t.Context(), w.js, event.Meta{ID: "other", Restaurant: id, Time: time.Now()}, other, first.Seq)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		data := w.get(integrationPath(id)).data()
		return data["run"] == 2.0 && data["status"] == "failed"
	}, 10*time.Second, 5*time.Millisecond)

	a := w.post(completePath, w.codeBody(id, "code-1"))
	a.problem(http.StatusUnprocessableEntity, event.CodeCodeExpired)
	require.Empty(t, a.header.Get("Idempotent-Replay"))
	inputs := w.inputs(id)
	require.Len(t, inputs, 3)
	require.Equal(t, codeOf(first), codeOf(inputs[2]))
	require.NotEqual(t, first.Envelope.ID, inputs[2].Envelope.ID, "an id names one input, for ever")
	remembered := inputs[2].Event.(event.OAuthCodeReceived).UsedCodes
	require.Len(t, remembered, 100)
	require.Equal(t, codeOf(first), remembered[99].CodeHash)
	require.Equal(t, event.Hash("1"), remembered[0].CodeHash, "the oldest is forgotten first")
}

func TestLoopbackCallersPassInDevelopment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *httpapi.Settings, p *httpapi.Parts) { s.Dev, p.States.Dev, p.Keys = true, true, nil })
	id := newRestaurant()
	dev := func(code string) map[string]any {
		return map[string]any{"restaurant_id": id, "code": code, "state": auth.DevState}
	}
	nobody := header{"Authorization": ""}
	require.Equal(t, http.StatusAccepted, w.post(completePath, dev("code-1"), nobody, header{"Prefer": "respond-async"}).status)
	w.decide(id, w.inputs(id)[0], started(w.inputs(id)[0].Event.(event.OAuthCodeReceived).CodeHash))
	w.decide(id, bus.Input{}, expired(nil))
	require.Equal(t, http.StatusAccepted, w.post(completePath, dev("code-2"), nobody, header{"Prefer": "respond-async"}).status, "dev is used any number of times")
	require.Equal(t, "dev", w.inputs(id)[1].Event.(event.OAuthCodeReceived).Principal)

	path := "/api/whatsapp/integrations/" + string(id)
	require.Equal(t, http.StatusOK, w.get(path, nobody).status)
	for _, elsewhere := range []header{
		{"X-Forwarded-For": "203.0.113.7"},
		{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
	} {
		a := w.send(http.MethodPost, path+"/cancel", `{}`, nobody, header{"Content-Type": "application/json"}, elsewhere)
		a.problem(http.StatusUnauthorized, errcode.Unauthenticated)
	}
}
