package judge_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/judge"
)

var commands = []judge.Command{judge.Exchange, judge.Discover, judge.Create, judge.Poll, judge.Complete}

func snapshot(status event.Status, stage event.Stage, change ...func(*event.Snapshot)) event.Snapshot {
	s := event.Snapshot{Integration: event.Integration{Run: 1, Status: status, Stage: stage}}
	for _, c := range change {
		c(&s)
	}
	return s
}

func waba(s *event.Snapshot)       { s.WabaID, s.CredentialRef = "880011223344", "c" }
func credential(s *event.Snapshot) { s.CredentialRef = "c" }
func made(s *event.Snapshot) {
	s.CredentialRef = "c"
	s.Strategies = []event.StrategyAttempt{{Strategy: event.StrategyClient, Outcome: event.ResultRefused}, {Strategy: event.StrategyAccounts, Outcome: event.ResultCreated}}
}

func refused(s *event.Snapshot) {
	s.CredentialRef = "c"
	s.Strategies = []event.StrategyAttempt{{Strategy: event.StrategyClient, Outcome: event.ResultRefused}}
}

func skipped(s *event.Snapshot) {
	s.CredentialRef = "c"
	s.Strategies = []event.StrategyAttempt{{Strategy: event.StrategyClient, Outcome: event.ResultSkipped}}
}

func because(code event.Code, class event.Class) func(*event.Snapshot) {
	return func(s *event.Snapshot) { s.Error = &event.Problem{Code: code, Class: class} }
}

func unrenewed(s *event.Snapshot) { s.Failed = event.CodeCodeExpired }

func TestJudge(t *testing.T) {
	t.Parallel()
	type kinds [5]judge.Kind // in the order of commands
	const (
		p, f, c, w, a, x = judge.Pending, judge.Finished, judge.Creating, judge.Awaiting, judge.Acting, judge.Failed
	)
	for _, tt := range []struct {
		name  string
		state event.Snapshot
		want  kinds // exchange, discover, create, poll, complete
		code  event.Code
	}{
		{"nothing is known", event.Snapshot{}, kinds{p, p, p, p, p}, ""},
		{"the code is exchanged", snapshot(event.StatusInProgress, event.StageExchange), kinds{p, p, p, p, p}, ""},
		{"the token is there and not checked", snapshot(event.StatusInProgress, event.StageExchange, credential), kinds{p, p, p, p, p}, ""},
		{"the token is checked", snapshot(event.StatusInProgress, event.StageDiscovery, credential), kinds{f, p, p, p, p}, ""},
		{"nothing was found", snapshot(event.StatusInProgress, event.StageCreation, credential), kinds{f, c, p, p, p}, ""},
		{"an account was made", snapshot(event.StatusInProgress, event.StagePolling, made), kinds{f, c, f, p, p}, ""},
		{"an account is known", snapshot(event.StatusInProgress, event.StageSubscription, waba), kinds{f, f, f, f, p}, ""},
		{"connected", snapshot(event.StatusCompleted, event.StageDone, waba), kinds{f, f, f, f, f}, ""},
		{"connected, and what was to renew it has failed", snapshot(event.StatusCompleted, event.StageDone, waba, unrenewed), kinds{x, x, x, x, x}, event.CodeCodeExpired},
		{"no strategy worked", snapshot(event.StatusAwaiting, event.StageCreation, credential), kinds{f, w, w, w, w}, ""},
		{"the account did not show", snapshot(event.StatusAwaiting, event.StagePolling, made), kinds{f, w, f, w, w}, ""},
		{"a PIN is needed", snapshot(event.StatusAction, event.StageRegistration, waba, because(event.CodePhonePinMismatch, "")), kinds{f, f, f, f, a}, ""},
		{"an account must be chosen", snapshot(event.StatusAction, event.StageDiscovery, credential, because(event.CodeWabaChoice, "")), kinds{f, a, a, a, a}, ""},
		{"rights are missing", snapshot(event.StatusAction, event.StageExchange, credential, because(event.CodePermissionMissing, "")), kinds{x, x, x, x, x}, event.CodePermissionMissing},
		{"blocked", snapshot(event.StatusAction, event.StageDiscovery, credential, because(event.CodeBlocked, event.ClassBlocked)), kinds{f, x, x, x, x}, event.CodeBlocked},
		{"failed", snapshot(event.StatusFailed, event.StageRegistration, waba, because(event.CodeMetaUnavailable, "")), kinds{x, x, x, x, x}, event.CodeMetaUnavailable},
		{"the token is dead", snapshot(event.StatusReauth, event.StageDone, waba, because(event.CodeTokenInvalid, "")), kinds{x, x, x, x, x}, event.CodeTokenInvalid},
		{"cancelled", snapshot(event.StatusCancelled, event.StagePolling, made), kinds{x, x, x, x, x}, event.CodeCancelled},
		{"expired", snapshot(event.StatusExpired, event.StagePolling, made, because(event.CodeExpired, "")), kinds{x, x, x, x, x}, event.CodeExpired},
		{"disconnected", snapshot(event.StatusDisconnected, event.StageDone, waba), kinds{x, x, x, x, x}, event.CodeNotInProgress},
		{"failed without a reason", snapshot(event.StatusFailed, event.StageExchange), kinds{x, x, x, x, x}, event.CodeMetaRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got kinds
			for i, command := range commands {
				outcome := command.Judge(tt.state)
				got[i] = outcome.Kind
				if outcome.Kind == judge.Failed {
					require.Equal(t, tt.code, outcome.Code)
				}
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestJoins(t *testing.T) {
	t.Parallel()
	rests := func(stop event.Stop) func(*event.Snapshot) {
		return func(s *event.Snapshot) { s.RestsBefore = stop }
	}
	for _, tt := range []struct {
		name    string
		command judge.Command
		state   event.Snapshot
		want    bool
	}{
		{"there is no run", judge.Discover, event.Snapshot{}, false},
		{"the run is over", judge.Discover, snapshot(event.StatusFailed, event.StageCreation), false},
		{"the run rests before discovery", judge.Discover, snapshot(event.StatusInProgress, event.StageDiscovery, rests(event.StopDiscovery)), false},
		{"the run has not come to discovery", judge.Create, snapshot(event.StatusInProgress, event.StageExchange), false},
		{"discovery is under way", judge.Discover, snapshot(event.StatusInProgress, event.StageDiscovery), true},
		{"creation is under way", judge.Create, snapshot(event.StatusInProgress, event.StageCreation), true},
		{"creation is under way and polling is asked for", judge.Poll, snapshot(event.StatusInProgress, event.StageCreation), false},
		{"polling is under way", judge.Poll, snapshot(event.StatusInProgress, event.StagePolling), true},
		{"polling rests", judge.Poll, snapshot(event.StatusInProgress, event.StagePolling, rests(event.StopPolling)), false},
		{"the account is known", judge.Poll, snapshot(event.StatusInProgress, event.StageSubscription, waba), true},
		{"connected", judge.Poll, snapshot(event.StatusCompleted, event.StageDone, waba), true},
		{"connected, and what was to renew it has failed", judge.Poll, snapshot(event.StatusCompleted, event.StageDone, waba, unrenewed), false},
		{"no strategy worked", judge.Create, snapshot(event.StatusAwaiting, event.StageCreation, refused), true},
		{"no strategy was tried, for want of a business", judge.Create, snapshot(event.StatusAwaiting, event.StageCreation, skipped), false},
		{"no strategy was tried before the polls", judge.Create, snapshot(event.StatusAwaiting, event.StagePolling, credential), false},
		{"no strategy was tried before the polls, and the account is to be found or made", judge.Discover, snapshot(event.StatusAwaiting, event.StagePolling, credential), false},
		{"no strategy was tried before the polls, which are under way", judge.Create, snapshot(event.StatusInProgress, event.StagePolling, credential), false},
		{"an account was made, and polled for", judge.Create, snapshot(event.StatusInProgress, event.StagePolling, made), true},
		{"an account was made in the run before", judge.Discover, snapshot(event.StatusInProgress, event.StagePolling, credential, func(s *event.Snapshot) { s.Made = "880011223344" }), true},
		{"no strategy worked, and somebody looks again", judge.Poll, snapshot(event.StatusAwaiting, event.StageCreation, credential), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.command.Joins(tt.state))
		})
	}
}

func TestARefusalIsAnAnswerUnlessTheRunComesToItAllTheSame(t *testing.T) {
	t.Parallel()
	underWay := snapshot(event.StatusInProgress, event.StageDiscovery, credential)
	resting := underWay
	resting.RestsBefore = event.StopDiscovery
	connected := snapshot(event.StatusCompleted, event.StageDone, waba)

	require.Equal(t, judge.Outcome{Kind: judge.Failed, Code: event.CodeBusy}, judge.Complete.Refused(event.CodeBusy, underWay))
	require.Equal(t, judge.Outcome{Kind: judge.Failed, Code: event.CodeCredentialUnknown}, judge.Discover.Refused(event.CodeCredentialUnknown, connected))
	require.Equal(t, judge.Outcome{Kind: judge.Pending}, judge.Discover.Refused(event.CodeNotPossibleNow, underWay))
	require.Equal(t, judge.Outcome{Kind: judge.Failed, Code: event.CodeNotPossibleNow}, judge.Discover.Refused(event.CodeNotPossibleNow, resting))
	require.Equal(t, judge.Outcome{Kind: judge.Finished}, judge.Discover.Refused(event.CodeAlreadyConnected, connected))
	require.Equal(t, judge.Outcome{Kind: judge.Failed, Code: event.CodeNumberDiffers}, judge.Complete.Refused(event.CodeNumberDiffers, connected))
	require.Equal(t, judge.Outcome{Kind: judge.Failed, Code: event.CodeNotInProgress}, judge.Poll.Refused(event.CodeNotInProgress, event.Snapshot{}))
}

func TestWaitsForMetaAreToldWhenTheyMatter(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	put := func(class event.Class, stage event.Stage, times int, until time.Time) event.Snapshot {
		s := snapshot(event.StatusInProgress, stage, credential, because(event.CodeMetaUnavailable, class))
		s.Delays, s.ResumeAt = times, until
		return s
	}
	later := noon.Add(time.Minute)

	limited, early := judge.Early(put(event.ClassRateLimit, event.StageDiscovery, 1, later), noon)
	require.True(t, early)
	require.Equal(t, event.CodeRateLimited, limited.Code)
	blocked, early := judge.Early(put(event.ClassBlocked, event.StageDiscovery, 1, later), noon)
	require.True(t, early)
	require.Equal(t, event.CodeBlocked, blocked.Code)
	_, early = judge.Early(put(event.ClassRateLimit, event.StageDiscovery, 1, noon), noon)
	require.False(t, early, "it is over in time")
	_, early = judge.Early(put(event.ClassTransient, event.StageDiscovery, 9, later), noon)
	require.False(t, early)
	_, early = judge.Early(snapshot(event.StatusFailed, event.StageDiscovery, because(event.CodeRateLimited, event.ClassRateLimit)), noon)
	require.False(t, early)

	require.Equal(t, event.CodeRateLimited, judge.AtDeadline(put(event.ClassRateLimit, event.StageDiscovery, 1, noon)).Code)
	require.Equal(t, event.CodeBlocked, judge.AtDeadline(put(event.ClassBlocked, event.StageDiscovery, 1, noon)).Code)
	require.Equal(t, event.CodeMetaUnavailable, judge.AtDeadline(put(event.ClassUnreachable, event.StageDiscovery, 3, noon)).Code)
	require.Equal(t, judge.Pending, judge.AtDeadline(put(event.ClassTransient, event.StageDiscovery, 2, noon)).Kind)
	require.Equal(t, judge.Pending, judge.AtDeadline(put(event.ClassTransient, event.StageCreation, 5, noon)).Kind, "the next strategy comes")
	require.Equal(t, judge.Pending, judge.AtDeadline(put(event.ClassInvalid, event.StageDiscovery, 5, noon)).Kind)
	require.Equal(t, judge.Pending, judge.AtDeadline(snapshot(event.StatusInProgress, event.StageDiscovery)).Kind)
}

func TestWhatIsBroughtForANumberIsFinishedWhenTheRunHasGoneOn(t *testing.T) {
	t.Parallel()
	awaited := func(s *event.Snapshot) {
		s.Error = &event.Problem{Code: event.CodePhoneCodeAwaited}
		s.Number.Code.SentAt = time.Now()
	}
	wrong := func(s *event.Snapshot) { s.Error = &event.Problem{Code: event.CodePhoneCodeWrong} }
	down := func(s *event.Snapshot) { s.Error = &event.Problem{Code: event.CodeMetaUnavailable} }
	under, action := event.StatusInProgress, event.StatusAction
	for _, tt := range []struct {
		command judge.Command
		now     event.Snapshot
		want    judge.Kind
	}{
		{judge.RequestCode, snapshot(under, event.StageVerification), judge.Pending},
		{judge.RequestCode, snapshot(action, event.StageVerification, awaited), judge.Finished},
		{judge.RequestCode, snapshot(under, event.StageRegistration), judge.Finished}, // it was verified already
		{judge.RequestCode, snapshot(action, event.StageVerification, down), judge.Failed},
		{judge.VerifyCode, snapshot(action, event.StageVerification, wrong), judge.Acting},
		{judge.VerifyCode, snapshot(under, event.StageRegistration), judge.Finished},
		{judge.VerifyCode, snapshot(under, event.StageRegistration, awaited), judge.Pending}, // on its way back to the rest
		{judge.VerifyCode, snapshot(event.StatusCompleted, event.StageDone), judge.Finished},
		{judge.GivePin, snapshot(under, event.StageRegistration), judge.Pending},
		{judge.GivePin, snapshot(under, event.StageFinalCheck), judge.Finished},
		{judge.GivePin, snapshot(event.StatusReauth, event.StageRegistration), judge.Failed},
	} {
		require.Equal(t, tt.want, tt.command.Judge(tt.now).Kind, "%s at %s %s", tt.command, tt.now.Status, tt.now.Stage)
		require.Equal(t, judge.Failed, tt.command.Refused(event.CodeNotPossibleNow, tt.now).Kind)
	}
}
