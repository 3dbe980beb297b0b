package effect_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/effect"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

func TestEveryCallOfOursIsInTheTable(t *testing.T) {
	t.Parallel()
	for _, op := range errcode.Operations() {
		if op == errcode.OpAddNumber { // known to the catalogue, and not called yet
			continue
		}
		require.True(t, slices.ContainsFunc(effect.Calls, func(c effect.Call) bool { return c.Op == op }), op)
	}
}

// What Meta's documents say of every error holds at every call, whatever the tables
// of the machine say.
func TestNoErrorLeadsAstray(t *testing.T) {
	t.Parallel()
	repeats := []machine.Do{machine.Again, machine.WaitUntil, machine.LookFirst, machine.NotYet}
	for _, call := range effect.Calls {
		for _, row := range errcode.MetaErrors() {
			if known, _ := errcode.LookupMeta(call.Op, row.Code, row.Subcode); known.Class != row.Class || call.Passes(row.Class) {
				continue
			}
			v := call.Verdict(event.MetaError{Code: row.Code, Subcode: row.Subcode, Class: row.Class})
			at := func() []any {
				return []any{"%s of %s meets %d/%d: %+v", call.Op, call.Effect, row.Code, row.Subcode, v}
			}
			exchange, app := call.Effect == machine.ExchangeCode, call.Effect == machine.CheckToken
			require.NotEmpty(t, v.Status(), at()...)
			if call.Stage == event.StageDone { // a disconnection goes on to its end, whatever is refused
				require.Contains(t, []machine.Do{machine.Again, machine.WaitUntil, machine.Leave, machine.Gone}, v.Do, at()...)
				continue
			}
			if v.Do == machine.Act || v.Do == machine.Fail {
				require.NotEmpty(t, v.Action, at()...)
				require.NotEmpty(t, v.Actor, at()...)
			}
			switch {
			case exchange:
				require.Equal(t, machine.Fail, v.Do, at()...) // a code is sent once
			case row.Class == event.ClassAuthExpired && app:
				require.Equal(t, event.ActorOperator, v.Actor, at()...) // the app's token, not the restaurant's
			case row.Class == event.ClassAuthExpired:
				require.Equal(t, machine.Reauthorize, v.Do, at()...)
			case row.Retryable:
				require.Contains(t, append(repeats, machine.Act), v.Do, at()...)
			case call.Effect != machine.LookForWaba && row.Class != event.ClassRateLimit:
				require.NotContains(t, repeats, v.Do, at()...)
			}
			if call.Effect == machine.CreateWaba {
				require.NotEqual(t, machine.Again, v.Do, at()...) // look first
			}
			if row.Class == event.ClassRateLimit && v.Do == machine.Act {
				require.NotZero(t, max(v.Wait, errcode.MinimumWait(row.Code, row.Subcode)), at()...)
			}
			if row.Code == 3 && v.Do == machine.Act {
				require.Equal(t, event.ActorOperator, v.Actor, at()...) // to sign in again does not help
			}
			if row.Class == event.ClassBlocked && v.Do == machine.Act {
				require.Contains(t, []event.ActionKind{event.ActionResolveBlock, event.ActionProvidePin, event.ActionContactSupport}, v.Action, at()...)
			}
		}
	}
	limit := machine.VerdictOf(machine.PresentEdition, machine.RegisterPhone, &event.MetaError{Code: 133016, Class: event.ClassRateLimit})
	require.Equal(t, 72*time.Hour, limit.Wait)
}
