package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/services/onboarding/app"
)

func endedOrResting(s event.Snapshot) bool { return s.Status.Ended() || s.Status.Resting() }

func TestACodeIsNeverSentTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, kind := range []metasim.FaultKind{
		metasim.FaultCut, metasim.FaultUnanswered, metasim.FaultHTML, metasim.FaultTruncated, metasim.FaultEmpty,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			code := "code-" + string(kind)
			require.NoError(t, s.meta.Inject(metasim.Fault{Ops: []metasim.Op{metasim.OpExchange}, Code: code, Kind: kind}))
			r := s.receive(t, code, event.Claims{})
			got := s.until(t, r, endedOrResting)
			require.Equal(t, event.StatusFailed, got.Status)
			require.Equal(t, event.ActionRestartSignup, got.NextAction.Kind)
			require.Equal(t, 1, s.meta.Calls(metasim.OpExchange, code))
		})
	}
}

func TestAnUnansweredCallIsLookedAtBeforeItIsMadeAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, kind := range []metasim.FaultKind{metasim.FaultUnanswered, metasim.FaultTruncated} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			code := fmt.Sprintf("demo-creates-2b-%s", kind)
			for _, op := range []metasim.Op{metasim.OpCreate2B, metasim.OpRegister} {
				require.NoError(t, s.meta.Inject(metasim.Fault{Ops: []metasim.Op{op}, Code: code, Kind: kind, Times: 1}))
			}
			r := s.receive(t, code, event.Claims{})
			require.Equal(t, event.StatusCompleted, s.until(t, r, endedOrResting).Status)
			require.Equal(t, 1, s.meta.Executed(metasim.OpCreate2B, code))
			require.Equal(t, 1, s.meta.Executed(metasim.OpRegister, code))
			s.requireReplays(t, r.restaurant)
		})
	}
}

func TestTwoReplicasOnEitherDatabase(t *testing.T) {
	t.Parallel()
	databases.Run(t, func(t *testing.T, db *bun.DB) {
		s := startOn(t, natstest.New(t), db)
		stop := s.replica(t)
		var runs []run
		for i := range 40 {
			runs = append(runs, s.receive(t, fmt.Sprintf("demo-creates-2b-%d", i), event.Claims{}))
		}
		stop() // in the middle
		for _, r := range runs {
			require.Equal(t, event.StatusCompleted, s.until(t, r, endedOrResting).Status)
			require.Equal(t, 1, s.meta.Calls(metasim.OpExchange, r.code))
			require.Equal(t, 1, s.meta.Executed(metasim.OpCreate2B, r.code))
			require.Equal(t, 1, s.meta.Calls(metasim.OpRegister, r.code))
		}
	})
}

func TestARestIsRetriedByTimerAndByRequest(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *app.Config) { c.RetryAfter = time.Second })
	code := "demo-all-strategies-fail-retry"
	r := s.receive(t, code, event.Claims{})
	first := s.until(t, r, endedOrResting)
	require.Equal(t, event.StatusAwaiting, first.Status)

	s.publish(t, r.restaurant, event.RetryRequested{}) // a second has not gone by
	s.until(t, r, func(s event.Snapshot) bool { return s.Status == event.StatusAwaiting && s.InputSeq > first.InputSeq })

	again := s.until(t, r, func(s event.Snapshot) bool { // by the timer
		return s.Status == event.StatusAwaiting && s.UpdatedAt.After(first.ResumeAt)
	})
	require.Equal(t, event.StatusAwaiting, again.Status)
	require.Equal(t, 1, s.meta.Calls(metasim.OpCreate2A, code), "what Meta has refused is not asked for by a timer")
}

func TestTheStepEndpointsRestAfterTheirStage(t *testing.T) {
	t.Parallel()
	s := start(t)
	code := "demo-creates-2b-steps"
	r := run{restaurant: s.newRestaurant(t), code: code}
	s.receiveFor(t, r, event.OAuthCodeReceived{Stops: []event.Stop{event.StopDiscovery, event.StopPolling}})
	got := s.until(t, r, func(s event.Snapshot) bool { return s.RestsBefore == event.StopDiscovery })
	require.NotEmpty(t, got.CredentialRef)
	require.NotEmpty(t, got.UserID)

	s.publish(t, r.restaurant, event.CreationRequested{Authority: event.Authority{CredentialRef: "cred_of_another"}})
	s.publish(t, r.restaurant, event.CreationRequested{Authority: event.Authority{CredentialRef: got.CredentialRef}})
	got = s.until(t, r, func(s event.Snapshot) bool { return s.RestsBefore == event.StopPolling })
	require.Equal(t, event.StrategyAccounts, got.Strategy)
	require.NotEmpty(t, got.Made)

	s.publish(t, r.restaurant, event.PollingRequested{MaxAttempts: 2})
	got = s.until(t, r, endedOrResting)
	require.Equal(t, event.StatusCompleted, got.Status)
	require.Equal(t, 1, got.Polling.Attempts)
	require.Equal(t, 2, got.Polling.MaxAttempts)
	s.requireReplays(t, r.restaurant)
}

func TestAnAccountThatTheTokenMayNotUseIsNoReasonToMakeAnother(t *testing.T) {
	t.Parallel()
	s := start(t)
	code := "demo-default-not-permitted"
	require.NoError(t, s.meta.Inject(metasim.Fault{
		Ops: []metasim.Op{metasim.OpPhoneNumbers}, Code: code, Kind: metasim.FaultError, Status: 403, ErrorCode: 200, ErrorSubcode: 1349174,
	}))
	r := s.receive(t, code, event.Claims{})
	got := s.until(t, r, endedOrResting)
	require.Equal(t, event.StatusAction, got.Status)
	require.Equal(t, event.CodePermissionMissing, got.Error.Code)
	require.Zero(t, s.meta.Calls(metasim.OpCreate2A, code))
}

func TestAnOldClaimNeverAnswersForANewRun(t *testing.T) {
	t.Parallel()
	before := start(t)
	first := before.receive(t, "demo-creates-2b-before", event.Claims{})
	old := before.until(t, first, endedOrResting)
	require.Equal(t, event.StatusCompleted, old.Status)

	wiped := *before
	wiped.js = natstest.New(t) // the database is kept
	wiped.replica(t)
	again := run{restaurant: first.restaurant, code: "demo-creates-2b-after"}
	wiped.receiveFor(t, again, event.OAuthCodeReceived{})
	got := wiped.until(t, again, endedOrResting)
	require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
	require.Equal(t, old.Run, got.Run, "numbers have begun again")
	require.NotEqual(t, old.CredentialRef, got.CredentialRef)
	for _, op := range []metasim.Op{metasim.OpExchange, metasim.OpCreate2B, metasim.OpRegister} {
		require.Equal(t, 1, wiped.meta.Executed(op, again.code), op)
	}
	wiped.requireReplays(t, again.restaurant)
}
