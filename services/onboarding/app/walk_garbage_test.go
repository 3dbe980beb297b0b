package app_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// garbage is what Meta, or what stands before it, may answer beside its documents.
var garbage = map[string]metasim.Fault{
	"nothing":            {Kind: metasim.FaultEmpty},
	"a page":             {Kind: metasim.FaultHTML, Status: http.StatusOK},
	"half of the answer": {Kind: metasim.FaultTruncated},
	"null":               {Kind: metasim.FaultBody, Body: `null`},
	"no field":           {Kind: metasim.FaultBody, Body: `{}`},
	"no success":         {Kind: metasim.FaultBody, Body: `{"success":false}`},
	"wrong types": {Kind: metasim.FaultBody, Body: `{"data":"x","id":[1],"success":"no","access_token":5,"paging":7,` +
		`"client_business_id":{},"business":"x"}`},
	"new words and numbers beyond 2^53": {Kind: metasim.FaultBody, Body: `{"data":[{"id":9007199254740993,"status":"BRAND_NEW",` +
		`"whatsapp_business_api_data":{"id":9007199254740993}}],"id":9007199254740993,"status":"BRAND_NEW","platform_type":"ELSEWHERE",` +
		`"client_business_id":9007199254740993,"account_review_status":"WHO_KNOWS"}`},
	"another number, connected": {Kind: metasim.FaultBody, Body: `{"id":"9007199254740993","status":"CONNECTED","platform_type":"CLOUD_API"}`},
	"an error of no known code": {Kind: metasim.FaultError, Status: http.StatusBadRequest, ErrorCode: 99999999, ErrorSubcode: 7},
	"an error without a code":   {Kind: metasim.FaultBody, Body: `{"error":{"message":"what?"}}`},
	"an error that is a text":   {Kind: metasim.FaultBody, Status: http.StatusInternalServerError, Body: `{"error":"down"}`},
}

func TestWhateverMetaAnswersTheRunEndsInOrderAndIsNeverReadyByMistake(t *testing.T) {
	t.Parallel()
	var all []*walked
	for _, at := range sites {
		for name, fault := range garbage {
			all = append(all, &walked{
				name: fmt.Sprintf("%s of %s in %s: %s", at.call.Op, at.call.Effect, at.call.Stage, name),
				at:   at, fault: fault, over: settled, check: requireOrder,
			})
		}
	}
	s := start(t)
	s.walk(t, all)
	s.requireRoutes(t)
}

// requireRoutes says that Meta was asked for nothing but what the table of routes has,
// and for nearly all of it.
func (s *service) requireRoutes(t *testing.T) {
	t.Helper()
	asked := map[string]bool{}
	for _, entry := range s.meta.Ledger() {
		path := strings.TrimPrefix(entry.Path, "/"+s.config.APIVersion+"/")
		asked[entry.Method+" "+anyID.ReplaceAllString(path, "{}")] = true
	}
	known := map[string]bool{}
	for _, route := range meta.Routes {
		request := route.Method + " " + anyID.ReplaceAllString(route.Path, "{}")
		known[request] = true
		if !slices.Contains(byPeople, route.Op) {
			require.True(t, asked[request], "nobody asks for %s", request)
		}
	}
	for request := range asked {
		require.True(t, known[request], "%s is in no table", request)
	}
}

// byPeople are calls that nobody asks for here.
var byPeople = []errcode.Operation{
	errcode.OpRequestCode, errcode.OpVerifyCode, errcode.OpSetPin, errcode.OpDeregister, errcode.OpUnsubscribeApp,
}

var anyID = regexp.MustCompile(`\{[a-z]+\}|[0-9]{6,}`)

// settled says that a run has ended, rests, or tries again what Meta keeps garbling.
func settled(s event.Snapshot) bool { return endedOrResting(s) || s.Delays >= 2 }

func requireOrder(t *testing.T, _ *service, w *walked) {
	t.Helper()
	got := w.got
	if got.Status == event.StatusCompleted {
		require.NotEqual(t, machine.ReadBack, w.at.call.Effect, "nothing was read back")
		return
	}
	require.NotNil(t, got.Error)
	_, known := errcode.Lookup(got.Error.Code)
	require.True(t, known, got.Error.Code)
	if got.Status != event.StatusInProgress {
		require.NotNil(t, got.NextAction)
		require.NotEmpty(t, got.NextAction.Actor)
	}
	require.NotEqual(t, event.StatusReauth, got.Status, "nothing says that the token is dead")
}
