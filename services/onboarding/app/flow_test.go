package app_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/event"
)

// ending is how a run should end, and what Meta should have seen of it.
type ending struct {
	status   event.Status
	code     event.Code         // of the error; empty: none
	action   event.ActionKind   // empty: none
	strategy event.Strategy     // that found or made the account
	calls    map[metasim.Op]int // exactly so many
	executed map[metasim.Op]int // exactly so many
}

var endings = map[string]ending{
	"default":           {status: event.StatusCompleted, strategy: event.StrategyBusiness, calls: map[metasim.Op]int{metasim.OpRegister: 1}},
	"existing-business": {status: event.StatusCompleted, strategy: event.StrategyBusiness},
	"existing-client":   {status: event.StatusCompleted, strategy: event.StrategyBusiness},
	"existing-page":     {status: event.StatusCompleted, strategy: event.StrategyPage},
	"existing-granular": {status: event.StatusCompleted, strategy: event.StrategyToken},
	"granular-drift":    {status: event.StatusCompleted, strategy: event.StrategyToken},
	"large-ids":         {status: event.StatusCompleted},
	"existing-hint":     {status: event.StatusCompleted, strategy: event.StrategyHint},
	"signup-finish":     {status: event.StatusCompleted, strategy: event.StrategyHint, calls: map[metasim.Op]int{metasim.OpRegister: 1}},
	"signup-only-waba": {
		status: event.StatusAction, code: event.CodePhoneMissing, action: event.ActionAddNumber, strategy: event.StrategyHint,
	},
	"signup-coexistence": {status: event.StatusCompleted, strategy: event.StrategyHint, calls: map[metasim.Op]int{metasim.OpRegister: 0}},
	"signup-app-only":    {status: event.StatusCompleted, strategy: event.StrategyToken, calls: map[metasim.Op]int{metasim.OpRegister: 0}},
	"signup-number-elsewhere": {
		status: event.StatusFailed, code: event.CodePhoneNotInWaba, action: event.ActionRestartSignup,
		calls: map[metasim.Op]int{metasim.OpRegister: 0},
	},
	"signup-account-elsewhere": {
		status: event.StatusFailed, code: event.CodeWabaNotGranted, action: event.ActionRestartSignup,
		calls: map[metasim.Op]int{metasim.OpRegister: 0, metasim.OpSubscribe: 0},
	},
	"two-numbers-chosen":  {status: event.StatusCompleted, strategy: event.StrategyBusiness, calls: map[metasim.Op]int{metasim.OpExchange: 1}},
	"two-accounts-chosen": {status: event.StatusCompleted, strategy: event.StrategyBusiness, calls: map[metasim.Op]int{metasim.OpExchange: 1}},
	"creates-2a": {
		status: event.StatusCompleted, strategy: event.StrategyClient,
		calls: map[metasim.Op]int{metasim.OpCreate2A: 1, metasim.OpCreate2B: 0},
	},
	"creates-2b": {
		status: event.StatusCompleted, strategy: event.StrategyAccounts,
		calls: map[metasim.Op]int{metasim.OpCreate2A: 1, metasim.OpCreate2B: 1, metasim.OpCreate2C: 0},
	},
	"creates-2c": {
		status: event.StatusCompleted, strategy: event.StrategyApps,
		calls: map[metasim.Op]int{metasim.OpCreate2C: 1, metasim.OpCreate2D: 0},
	},
	"creates-2d": {status: event.StatusCompleted, strategy: event.StrategyOfficial, calls: map[metasim.Op]int{metasim.OpCreate2D: 1}},
	"created-but-unanswered": {
		status: event.StatusCompleted, strategy: event.StrategyAccounts,
		calls: map[metasim.Op]int{metasim.OpCreate2B: 1, metasim.OpCreate2C: 0},
	},
	"found-at-third-poll": {status: event.StatusCompleted, strategy: event.StrategyAccounts, executed: map[metasim.Op]int{metasim.OpCreate2B: 1}},
	"never-appears": {
		status: event.StatusAwaiting, code: event.CodeWabaNotVisible, action: event.ActionCreateWaba,
		executed: map[metasim.Op]int{metasim.OpCreate2B: 1},
	},
	"all-strategies-fail": {
		status: event.StatusAwaiting, code: event.CodeWabaNotCreated, action: event.ActionCreateWaba,
		calls: map[metasim.Op]int{metasim.OpCreate2A: 1, metasim.OpCreate2B: 1, metasim.OpCreate2C: 1, metasim.OpCreate2D: 1},
	},
	"app-incapable":       {status: event.StatusAwaiting, code: event.CodeWabaNotCreated},
	"code-expired":        {status: event.StatusFailed, code: event.CodeCodeExpired, action: event.ActionRestartSignup},
	"code-used":           {status: event.StatusFailed, code: event.CodeCodeUsed, action: event.ActionRestartSignup},
	"redirect-mismatch":   {status: event.StatusFailed, code: event.CodeRedirectMismatch, action: event.ActionFixConfiguration},
	"wrong-secret":        {status: event.StatusFailed, code: event.CodeAppSecretInvalid, action: event.ActionFixConfiguration},
	"exchange-unanswered": {status: event.StatusFailed, code: event.CodeExchangeUnanswered, action: event.ActionRestartSignup},
	"page-token":          {status: event.StatusFailed, code: event.CodeTokenUnsuitable, calls: map[metasim.Op]int{metasim.OpClientBusiness: 0}},
	"foreign-app":         {status: event.StatusFailed, code: event.CodeTokenAppMismatch},
	"permission-missing":  {status: event.StatusAction, code: event.CodePermissionMissing, action: event.ActionGrantPermissions},
	"permission-denied":   {status: event.StatusAction, action: event.ActionGrantPermissions},
	"token-expired":       {status: event.StatusReauth, code: event.CodeTokenInvalid, action: event.ActionReauthorize},
	"token-invalid":       {status: event.StatusReauth, code: event.CodeTokenInvalid, action: event.ActionReauthorize},
	"blocked":             {status: event.StatusAction, code: event.CodeBlocked, action: event.ActionResolveBlock},
	"meta-flaky":          {status: event.StatusCompleted},
	"meta-garbled":        {status: event.StatusCompleted},
	"paged":               {status: event.StatusCompleted},
	"two-accounts":        {status: event.StatusAction, code: event.CodeWabaChoice, action: event.ActionChooseWaba},
	"two-numbers":         {status: event.StatusAction, code: event.CodePhoneChoice, action: event.ActionChooseNumber},
	"no-number":           {status: event.StatusAction, code: event.CodePhoneMissing, action: event.ActionAddNumber},
	"number-unverified":   {status: event.StatusAction, code: event.CodePhoneNotVerified, action: event.ActionVerifyNumber},
	"pin-mismatch": {
		status: event.StatusAction, code: event.CodePhonePinMismatch, action: event.ActionProvidePin,
		calls: map[metasim.Op]int{metasim.OpRegister: 1},
	},
	"register-limit":            {status: event.StatusAction, code: event.CodePhoneRegisterLimit, action: event.ActionWait},
	"registered-but-unanswered": {status: event.StatusCompleted, calls: map[metasim.Op]int{metasim.OpRegister: 1}},
	"already-connected":         {status: event.StatusCompleted, calls: map[metasim.Op]int{metasim.OpRegister: 0}},
	"coexistence":               {status: event.StatusCompleted, calls: map[metasim.Op]int{metasim.OpRegister: 0}},
	"not-connected-yet":         {status: event.StatusCompleted},

	"sandbox": {status: event.StatusCompleted, calls: map[metasim.Op]int{metasim.OpRegister: 0}},
	"number-restricted": {
		status: event.StatusAction, code: event.CodePhoneRestricted, action: event.ActionWait,
		calls: map[metasim.Op]int{metasim.OpRegister: 0},
	},
	"number-banned": {
		status: event.StatusAction, code: event.CodeBlocked, action: event.ActionResolveBlock,
		calls: map[metasim.Op]int{metasim.OpRegister: 0},
	},
	"number-unclear": {
		status: event.StatusAction, code: event.CodeMetaUnclear, action: event.ActionContactSupport,
		calls: map[metasim.Op]int{metasim.OpRegister: 0, metasim.OpPhone: 9},
	},
	"number-unclear-at-first": {status: event.StatusCompleted, calls: map[metasim.Op]int{metasim.OpRegister: 1}},
	"name-under-review": {
		status: event.StatusAction, code: event.CodePhoneNameReview, action: event.ActionWait,
		calls: map[metasim.Op]int{metasim.OpRegister: 1, metasim.OpPhone: 1},
	},
	"name-declined": {
		status: event.StatusAction, code: event.CodePhoneNameDeclined, action: event.ActionChangeName,
		calls: map[metasim.Op]int{metasim.OpRegister: 1},
	},
	"code-refused": {
		status: event.StatusAction, code: event.CodePhoneNotVerified, action: event.ActionVerifyNumber,
		calls: map[metasim.Op]int{metasim.OpRegister: 0, metasim.OpRequestCode: 0},
	},
	"pin-locked": {
		status: event.StatusAction, code: event.CodePhonePinLocked, action: event.ActionProvidePin,
		calls: map[metasim.Op]int{metasim.OpRegister: 1},
	},
	"already-subscribed": {status: event.StatusCompleted, calls: map[metasim.Op]int{metasim.OpSubscribe: 0}},
	"other-app-subscribed": {
		status: event.StatusCompleted, calls: map[metasim.Op]int{metasim.OpSubscribe: 1, metasim.OpUnsubscribe: 0},
	},
	"disconnect": {status: event.StatusDisconnected, calls: map[metasim.Op]int{metasim.OpDeregister: 1, metasim.OpUnsubscribe: 1}},
	"disconnect-refused": {
		status: event.StatusDisconnected, code: event.CodeDisconnectIncomplete, action: event.ActionContactSupport,
		calls: map[metasim.Op]int{metasim.OpDeregister: 1, metasim.OpUnsubscribe: 1},
	},
	"disconnect-token-dead": {
		status: event.StatusDisconnected, code: event.CodeDisconnectIncomplete, action: event.ActionContactSupport,
		calls: map[metasim.Op]int{metasim.OpDeregister: 1, metasim.OpUnsubscribe: 0},
	},
	"disconnect-unanswered": {status: event.StatusDisconnected, calls: map[metasim.Op]int{metasim.OpDeregister: 1}},
}

// waiting are scenarios in which the run does not end for longer than a test
// lives: it says why it waits, and until when.
var waiting = map[string]event.Code{
	"recently-deleted":     event.CodePhoneBeingDeleted,
	"account-rate-limited": event.CodeRateLimited,
	"account-limit-unsaid": event.CodeRateLimited,
	"account-usage-full":   event.CodeRateLimited,
	"number-rate-limited":  event.CodeRateLimited,
	"user-rate-limited":    event.CodeRateLimited,
	"meta-down-later":      event.CodeMetaUnavailable,
}

// elsewhere are scenarios that other tests play.
var elsewhere = map[string]string{
	"meta-down": "the exchange has no answer: TestACodeIsNeverSentTwice",
	"slow":      "only slow: the benchmark",

	"rate-limited": "the whole app waits: TestAnAppsLimitMakesEveryRestaurantWait",
	"retry-after":  "the same",
	"usage-full":   "the same",

	"exchange-rate-limited": "and codes with it: TestALimitAtTheExchangeSaysFromWhenToStartAgain",
}

func TestTheFlowInEveryWayItCanEnd(t *testing.T) {
	t.Parallel()
	service := start(t)
	for _, scenario := range metasim.Scenarios() {
		if _, ok := elsewhere[scenario.Name]; ok {
			continue
		}
		t.Run(scenario.Name, func(t *testing.T) {
			t.Parallel()
			code := scenario.Code(t.Name())
			if why, ok := waiting[scenario.Name]; ok {
				run := service.receive(t, code, event.Claims{})
				state := service.until(t, run, func(s event.Snapshot) bool { return s.Error != nil && s.Error.Code == why && !s.ResumeAt.IsZero() })
				require.Equal(t, event.StatusInProgress, state.Status)
				return
			}
			want, ok := endings[scenario.Name]
			require.True(t, ok, "scenario %q has no expected ending", scenario.Name)
			named := scenario.Signup(code)
			run := service.receive(t, code, event.Claims{
				WabaID: event.WabaID(named.WABA), PhoneNumberID: event.PhoneNumberID(named.Phone), BusinessID: event.BusinessID(named.Business),
			})
			got := service.until(t, run, func(s event.Snapshot) bool { return s.Status.Ended() || s.Status.Resting() })
			if scenario.Then == metasim.ThenDisconnect {
				require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
				service.publish(t, run.restaurant, event.DisconnectRequested{})
				got = service.until(t, run, isDisconnected)
			}

			if scenario.Then == metasim.ThenChoose {
				choice := another(t, got)
				service.publish(t, run.restaurant, event.PhoneSelected{WabaID: choice.WabaID, PhoneNumberID: choice.ID})
				got = service.until(t, run, func(s event.Snapshot) bool { return s.InputSeq > got.InputSeq && endedOrResting(s) })
				require.Equal(t, choice.ID, got.PhoneNumberID)
			}
			if named.Phone != "" && got.Status == event.StatusCompleted {
				require.EqualValues(t, named.Phone, got.PhoneNumberID)
			}

			require.Equal(t, want.status, got.Status, "error: %+v", got.Error)
			if want.code != "" {
				require.NotNil(t, got.Error)
				require.Equal(t, want.code, got.Error.Code)
			}
			if want.action != "" {
				require.NotNil(t, got.NextAction)
				require.Equal(t, want.action, got.NextAction.Kind)
			}
			if want.strategy != "" {
				require.Equal(t, want.strategy, got.Strategy)
			}
			require.LessOrEqual(t, service.meta.Calls(metasim.OpExchange, code), 1, "a code is sent once")
			for op, n := range want.calls {
				require.Equal(t, n, service.meta.Calls(op, code), "calls of %s", op)
			}
			for op, n := range want.executed {
				require.Equal(t, n, service.meta.Executed(op, code), "executed %s", op)
			}
			switch got.Status {
			case event.StatusCompleted:
				require.Nil(t, got.Error)
				require.Equal(t, scenario.Name == "sandbox", slices.Contains(got.Warnings, event.WarningSandbox))
				require.Equal(t, service.meta.Calls(metasim.OpRegister, code), got.Number.Registrations.Tries)
				require.NotEmpty(t, got.PhoneNumberID)
			case event.StatusReauth, event.StatusDisconnected:
				service.requireNoToken(t, got.CredentialRef)
			default:
			}
			service.requireReplays(t, run.restaurant)
		})
	}
}
