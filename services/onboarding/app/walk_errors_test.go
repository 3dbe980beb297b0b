package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/services/onboarding/internal/effect"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

func TestEveryCallHasARunThatDependsOnIt(t *testing.T) {
	t.Parallel()
	calls := slices.Clone(elsewhereCalled)
	for _, at := range sites {
		calls = append(calls, at.call)
	}
	require.ElementsMatch(t, effect.Calls, calls)
}

// ofTheApp are limits that stop every restaurant of a process. So does any limit that
// the app's own token meets, with which all tokens are checked.
var ofTheApp = []int{4, 341, 613}

func TestEveryErrorOfMetaAtEveryCallThatCanMeetIt(t *testing.T) {
	t.Parallel()
	var apart, together []*walked
	rows := map[[2]int]bool{}
	for _, row := range errcode.MetaErrors() {
		rows[[2]int{row.Code, row.Subcode}] = true
		where := row.Where()
		if len(where) == 0 { // about what we do not do: it ends somewhere all the same
			where = []errcode.Operation{errcode.OpRegisterNumber}
		}
		for _, at := range sites {
			if !slices.Contains(where, at.call.Op) {
				continue
			}
			w := meets(at, row)
			if row.Class == event.ClassRateLimit && (slices.Contains(ofTheApp, row.Code) || at.op == metasim.OpDebugToken) {
				apart = append(apart, w)
			} else {
				together = append(together, w)
			}
		}
	}
	require.GreaterOrEqual(t, len(rows), 108)
	t.Logf("%d errors of Meta, met %d times", len(rows), len(apart)+len(together))
	t.Run("beside each other", func(t *testing.T) {
		t.Parallel()
		start(t).walk(t, together)
	})
	t.Run("one process each", func(t *testing.T) {
		t.Parallel()
		s := idle(t, natstest.New(t), databases.SQLite(t))
		for _, w := range apart { // a process that starts knows no limit
			stop := s.replica(t)
			s.walk(t, []*walked{w})
			stop()
		}
	})
}

// meets is a restaurant that meets an error at a call.
func meets(at site, row errcode.MetaError) *walked {
	status := max(http.StatusBadRequest, statuses[row.Class])
	fault := metasim.Fault{Kind: metasim.FaultError, Status: status, ErrorCode: row.Code, ErrorSubcode: row.Subcode}
	if row.Code == 0 {
		fault = metasim.Fault{Kind: metasim.FaultBody, Status: status, Body: `{"error":{"message":"unreadable","type":"OAuthException","code":0,"fbtrace_id":"A1"}}`}
	}
	class := errcode.Classify(at.call.Op, status, row.Code, row.Subcode, false)
	end := endOf(at, event.MetaError{Code: row.Code, Subcode: row.Subcode, Class: class})
	fault.Times = end.times
	// A write that Meta answers by an error of its own may have been made.
	fault.Execute = end.times == 1 && (row.Code+row.Subcode)%2 == 0 && class == event.ClassTransient
	return &walked{
		name:  fmt.Sprintf("%s of %s in %s meets %d/%d", at.call.Op, at.call.Effect, at.call.Stage, row.Code, row.Subcode),
		at:    at,
		fault: fault,
		over:  end.over,
		check: func(t *testing.T, s *service, w *walked) {
			t.Helper()
			end.check(t, w)
			if met := w.met(); met != nil {
				require.Equal(t, row.Code, met.Code)
				require.Equal(t, row.Subcode, met.Subcode)
				require.Equal(t, class, met.Class)
			}
			s.requireStopped(t, w, class)
		},
	}
}

// statuses differ between Meta's pages and what is seen: the code must decide.
var statuses = map[event.Class]int{
	event.ClassTransient: 500, event.ClassRateLimit: 400, event.ClassAuthExpired: 400, event.ClassPermission: 400,
}

// end is where a run comes to, in the words of the product's tables.
type end struct {
	code    int // Meta's
	verdict machine.Verdict
	stage   event.Stage
	passed  bool          // the search goes on
	without event.Code    // why the run rests then
	wait    time.Duration // until the same call, at least
	times   int           // that Meta misbehaves; 0: for ever
}

func endOf(at site, e event.MetaError) end {
	out := end{code: e.Code, verdict: at.call.Verdict(e), stage: at.call.Stage, wait: errcode.UsualWait(e.Code, e.Subcode), without: at.without}
	if out.verdict.Action == event.ActionVerifyNumber {
		out.stage = event.StageVerification // where it is done
	}
	out.passed = at.call.Refused == effect.GoesOn && at.call.Passes(e.Class)
	out.wait = max(out.wait, out.verdict.Wait)
	if !out.passed && out.wait == 0 && (out.verdict.Do == machine.Again || out.verdict.Do == machine.LookFirst) {
		out.times = 1
	}
	switch {
	case out.verdict.Do == machine.NotYet: // a poll like any other
		out.passed = true
	case out.verdict.Do == machine.NextOne:
		out.passed, out.without = true, event.CodeWabaNotCreated
	}
	return out
}

func (e end) over(s event.Snapshot) bool {
	waits := e.verdict.Do == machine.Again || e.verdict.Do == machine.WaitUntil
	if waits && e.times == 0 && !e.passed {
		met := s.Error != nil && s.Error.Meta != nil && s.Error.Meta.Code == e.code && s.Error.Code == e.verdict.Code
		return met && !s.ResumeAt.IsZero() || endedOrResting(s)
	}
	return endedOrResting(s)
}

func (e end) check(t *testing.T, w *walked) {
	t.Helper()
	got := w.got
	switch {
	case e.times == 1: // it goes by
		if w.at.call.Effect == machine.ReadNumber { // made only where the number stays unclear
			require.Equal(t, event.StatusAction, got.Status)
			return
		}
		require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
		return
	case e.passed && e.without == "":
		require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
		return
	case e.passed:
		require.Equal(t, event.StatusAwaiting, got.Status, "error: %+v", got.Error)
		require.Equal(t, e.without, got.Error.Code)
		require.Equal(t, event.ActionCreateWaba, got.NextAction.Kind)
		return
	}
	require.Equal(t, e.verdict.Status(), got.Status, "error: %+v", got.Error)
	require.Equal(t, e.stage, got.Stage)
	require.NotNil(t, got.Error)
	require.Equal(t, e.verdict.Code, got.Error.Code)
	_, known := errcode.Lookup(got.Error.Code)
	require.True(t, known, "it has words")
	action, actor := e.verdict.Action, e.verdict.Actor
	if e.verdict.Do == machine.Reauthorize {
		action, actor = event.ActionReauthorize, event.ActorRestaurant
	}
	if action != "" {
		require.NotNil(t, got.NextAction)
		require.Equal(t, action, got.NextAction.Kind)
		require.Equal(t, actor, got.NextAction.Actor)
	}
	const slack = 2 * time.Second // whole seconds, and the clock of two machines
	switch {
	case e.wait > 0 && got.Status == event.StatusInProgress:
		require.WithinRange(t, got.ResumeAt, w.since.Add(e.wait-slack), got.UpdatedAt.Add(e.wait+e.wait/4+15*time.Second+slack))
		require.True(t, got.Error.Retryable)
	case e.wait > 0 && got.Status == event.StatusAction:
		require.WithinRange(t, got.NextAction.AvailableAt, w.since.Add(e.wait-slack), got.UpdatedAt.Add(e.wait+slack))
	}
}

// met is the error that the run says it has met.
func (w *walked) met() *event.MetaError {
	if w.got.Error == nil || w.got.Status == event.StatusAwaiting {
		return nil
	}
	return w.got.Error.Meta
}

// requireStopped says that a dead token is not used again, and that nothing is
// changed at Meta after a run has stopped.
func (s *service) requireStopped(t *testing.T, w *walked, class event.Class) {
	t.Helper()
	struck := false
	for _, entry := range w.ledger {
		switch {
		case !struck:
			struck = entry.Fault == w.fault.Kind && entry.Op == w.at.op
		case w.fault.Times > 0: // it went by
		case w.got.Status == event.StatusReauth:
			require.Fail(t, "a call after the token was dead", "%s", entry.Op)
		case w.at.call.Refused == effect.Withholds && entry.Method == http.MethodGet: // the search goes on first
		case w.got.Status == event.StatusAction || w.got.Status == event.StatusFailed:
			require.Fail(t, "a call after the run has stopped", "%s", entry.Op)
		}
	}
	require.True(t, struck, "Meta never misbehaved")
	if class == event.ClassAuthExpired && w.at.call.Effect != machine.ExchangeCode && w.at.call.Effect != machine.CheckToken {
		require.Equal(t, event.StatusReauth, w.got.Status)
		s.requireNoToken(t, w.got.CredentialRef)
	}
}
