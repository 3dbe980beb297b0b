package metasim_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

const journalFile = "metasim.jsonl"

// copyJournal takes the journal as a crash leaves it, with more bytes at its end.
func copyJournal(t *testing.T, dir, more string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, journalFile))
	require.NoError(t, err)
	copied := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(copied, journalFile), append(text, more...), 0o600))
	return copied
}

// live leads a code through a run that changes everything that can change.
func live(t *testing.T, s *sim, code string) (token string, ids metasim.WorldIDs) {
	t.Helper()
	token, ids = s.token(t, code), metasim.IDs(code)
	c := creations(ids.Business)[1]
	s.post(t, c.path, token, c.body)
	s.get(t, "/"+ids.Business+"/owned_whatsapp_business_accounts", token)
	return token, ids
}

func TestStateAndLedgerSurviveAnAbruptStop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before := start(t, metasim.Options{Dir: dir})
	code := "demo-found-at-third-poll-crash"
	token, ids := live(t, before, code)
	number, numbers := before.token(t, "demo-number-unverified-crash"), metasim.IDs("demo-number-unverified-crash")
	before.post(t, "/"+numbers.Phone+"/register", number, pin("123456"))
	before.post(t, "/"+numbers.Phone+"/request_code?code_method=SMS&language=pt_BR", number, nil)
	before.post(t, "/"+numbers.Phone+"/verify_code?code="+metasim.VerificationCode, number, nil)
	before.post(t, "/"+numbers.Phone+"/register", number, pin("123456"))
	before.post(t, "/"+numbers.WABA+"/subscribed_apps", number, nil)
	flaky := before.token(t, "demo-meta-flaky-crash")
	before.get(t, "/me", flaky).refusedWith(t, http.StatusInternalServerError, 2, 0)
	inject(t, before, metasim.Fault{Ops: []metasim.Op{metasim.OpPages}, Kind: metasim.FaultError, ErrorCode: 17, Times: 2})
	before.get(t, "/me/accounts", number).refusedWith(t, http.StatusBadRequest, 17, 0)

	// No Close: the first one is left as it is, in the middle of a line.
	after := start(t, metasim.Options{Dir: copyJournal(t, dir, `{"entry":{"n":99,"op":"excha`)})
	require.Equal(t, before.Ledger(), after.Ledger())
	require.Equal(t, before.State(), after.State())
	for _, c := range []string{code, "demo-number-unverified-crash", "demo-meta-flaky-crash"} {
		was, _ := before.World(c)
		is, ok := after.World(c)
		require.True(t, ok)
		require.Equal(t, was, is)
	}

	after.exchange(t, code).refusedWith(t, http.StatusBadRequest, 100, 36009)
	owned := "/" + ids.Business + "/owned_whatsapp_business_accounts"
	require.Empty(t, after.get(t, owned, token).ids(t), "the second look")
	require.Equal(t, []string{ids.WABA}, after.get(t, owned, token).ids(t), "the third")
	require.Equal(t, "CONNECTED", after.get(t, "/"+numbers.Phone+"?fields=status", number).json["status"])
	require.Len(t, after.get(t, "/"+numbers.WABA+"/subscribed_apps", number).data(t), 1)
	require.Equal(t, http.StatusOK, after.get(t, "/me", flaky).status, "its transient error is spent")
	after.get(t, "/me/accounts", number).refusedWith(t, http.StatusBadRequest, 17, 0)
	require.Equal(t, http.StatusOK, after.get(t, "/me/accounts", number).status)
}

func TestAJournalGoesOnWhereItWasCut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, metasim.Options{Dir: dir})
	first.token(t, "one")
	cut := copyJournal(t, dir, `{"entry":`)
	second := start(t, metasim.Options{Dir: cut})
	second.token(t, "two")
	third := start(t, metasim.Options{Dir: copyJournal(t, cut, "")})
	require.Equal(t, second.Ledger(), third.Ledger())
	require.Len(t, third.Ledger(), 2)
	third.exchange(t, "one").refusedWith(t, http.StatusBadRequest, 100, 36009)
	third.exchange(t, "two").refusedWith(t, http.StatusBadRequest, 100, 36009)
}

func TestADamagedJournalIsNotTakenForAWholeOne(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"garbage\n", `{"changes":[{"kind":"dance"}]}` + "\n", `{"changes":[{"kind":"world","scenario":"none"}]}` + "\n"} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, journalFile), []byte(line), 0o600))
		_, err := metasim.New(metasim.Options{Dir: dir})
		require.ErrorContains(t, err, "line 1")
	}
	_, err := metasim.New(metasim.Options{Dir: filepath.Join(t.TempDir(), journalFile, "\x00")})
	require.Error(t, err)
}

func TestNoSecretIsInTheJournalOrTheLedger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, metasim.Options{Dir: dir, Canary: "CaNaRyTok", AppSecret: "sEcReTcAnArY"})
	form := exchangeForm("demo-default-cOdEcAnArY")
	form.Set("client_secret", "sEcReTcAnArY")
	token := s.post(t, "/oauth/access_token", "", form).json["access_token"].(string)
	ids := metasim.IDs("demo-default-cOdEcAnArY")
	proof := metasim.Proof("sEcReTcAnArY", token)
	s.get(t, "/debug_token?input_token="+token, metasim.DefaultAppID+"|sEcReTcAnArY")
	s.get(t, "/oauth/access_token?"+form.Encode(), "")
	s.get(t, "/me?access_token="+token+"&appsecret_proof="+proof+"&fields="+token+"&"+token+"=1", "")
	s.get(t, "/"+token, token)
	s.post(t, "/"+ids.Phone+"/register", token, pin("918273"))
	s.post(t, "/"+ids.Phone, token, map[string]any{"pin": 918273, "name": token, "list": []any{token}})
	s.post(t, "/"+ids.WABA+"/subscribed_apps", token, map[string]any{"override_callback_uri": "https://a.test", "verify_token": "vErIfY"})
	s.do(t, http.MethodPost, "/v22.0/"+ids.Phone+"/register", token, "pin 918273 as text")

	text, err := os.ReadFile(filepath.Join(dir, journalFile))
	require.NoError(t, err)
	for _, secret := range []string{"cOdEcAnArY", "CaNaRyTok", "sEcReTcAnArY", "918273", "vErIfY", proof} {
		require.NotContains(t, string(text), secret)
	}
	require.Contains(t, string(text), string(metasim.KeyOf("918273")))
	require.Contains(t, string(text), `"messaging_product":"whatsapp"`)
	require.Contains(t, string(text), string(metasim.KeyOf(token)))
	info, err := os.Stat(filepath.Join(dir, journalFile))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestResetForgetsEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, metasim.Options{Dir: dir})
	s.token(t, "again")
	require.NoError(t, s.Reset())
	require.Empty(t, s.Ledger())
	require.Zero(t, s.State().Worlds)
	s.token(t, "again")
	again := start(t, metasim.Options{Dir: copyJournal(t, dir, "")})
	require.Len(t, again.Ledger(), 1)
}

func TestAClosedServerRefusesEverything(t *testing.T) {
	t.Parallel()
	s, err := metasim.New(metasim.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v22.0/me", nil))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Error(t, s.Inject(metasim.Fault{Kind: metasim.FaultCut}))
}

func TestTheLedgerKeepsTheNewestAndCountsAll(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{LedgerCap: 20})
	token := s.token(t, "many")
	for range 200 {
		s.get(t, "/me", token)
	}
	entries := s.Ledger()
	require.GreaterOrEqual(t, len(entries), 20)
	require.LessOrEqual(t, len(entries), 25)
	require.EqualValues(t, 201, entries[len(entries)-1].N)
	for i := 1; i < len(entries); i++ {
		require.Equal(t, entries[i-1].N+1, entries[i].N)
	}
	require.Equal(t, 200, s.Calls(metasim.OpMe, "many"))
	require.Equal(t, 201, s.Calls(metasim.OpAny, "many"))
	require.Equal(t, 201, s.Calls(metasim.OpAny, ""))
	require.Zero(t, s.Calls(metasim.OpAny, "nobody"))
	require.Equal(t, 1, s.Executed(metasim.OpAny, ""))

	none := start(t, metasim.Options{LedgerCap: -1})
	none.token(t, "many")
	require.Empty(t, none.Ledger())
	require.Equal(t, 1, none.Calls(metasim.OpExchange, "many"))
}

func TestALedgerEntryTellsTheRequest(t *testing.T) {
	t.Parallel()
	at := &clock{noon}
	s := start(t, metasim.Options{Now: at.now})
	token, ids := s.token(t, "demo-creates-2d"), metasim.IDs("demo-creates-2d")
	c := creations(ids.Business)[3]
	s.post(t, c.path, token, c.body)
	s.get(t, "/me/businesses?limit=5", token)
	entries := s.Ledger()
	require.Len(t, entries, 3)
	created, listed := entries[1], entries[2]
	require.JSONEq(t, `{"business_manager_id":"`+ids.Business+`","name":"WhatsApp Business Account","category":"BUSINESS_TO_CUSTOMER"}`, string(created.Body))
	created.Body = nil
	require.Equal(t, metasim.Entry{
		N: 2, Time: noon, Op: metasim.OpCreate2D, Method: http.MethodPost, Path: "/v22.0/whatsapp_business_accounts",
		Code: metasim.KeyOf("demo-creates-2d"), Scenario: "creates-2d", Token: metasim.KeyOf(token), Status: 200, Executed: true,
	}, created)
	require.Equal(t, []any{"limit=5", 403, 200, 0, false}, []any{listed.Query, listed.Status, listed.ErrorCode, listed.ErrorSubcode, listed.Executed})
}
