package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// sealed does what the gateway does with a PIN or a code.
func (s *service) sealed(t *testing.T, r run, purpose, secret string) event.SecretRef {
	t.Helper()
	sealed, err := seal.SealTo(s.keyring.PublicKey(), purpose, string(r.restaurant), seal.NewSecret(secret))
	require.NoError(t, err)
	ref := event.SecretRef(uuid.NewString())
	require.NoError(t, bus.PutSecret(t.Context(), s.js, ref, sealed))
	return ref
}

// answers publishes an input and returns where the run rests or ends after it.
func (s *service) answers(t *testing.T, r run, input event.Event) event.Snapshot {
	t.Helper()
	seq, err := bus.PublishInput(t.Context(), s.js, event.Meta{
		ID: uuid.NewString(), Source: "test", Restaurant: r.restaurant, Time: time.Now(),
	}, input)
	require.NoError(t, err)
	got := s.until(t, r, func(s event.Snapshot) bool { return s.InputSeq >= seq && endedOrResting(s) })
	s.requireReplays(t, r.restaurant)
	return got
}

func TestTheOwnersPinRegistersTheNumber(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := s.receive(t, "demo-pin-mismatch-given", event.Claims{})
	s.until(t, r, endedOrResting)
	got := s.answers(t, r, event.PinSubmitted{PinRef: s.sealed(t, r, event.PurposePin, "111111")})
	require.Equal(t, event.CodePhonePinMismatch, got.Error.Code)
	require.Equal(t, 2, got.Number.Registrations.Tries)
	got = s.answers(t, r, event.PinSubmitted{PinRef: s.sealed(t, r, event.PurposePin, "12345x")})
	require.Equal(t, event.CodePhonePinMismatch, got.Error.Code, "it is no PIN")
	got = s.answers(t, r, event.PinSubmitted{PinRef: s.sealed(t, r, event.PurposePhoneCode, metasim.OwnerPIN)})
	require.Equal(t, event.CodePhonePinMismatch, got.Error.Code, "it was sealed for something else")
	require.Equal(t, 2, s.meta.Calls(metasim.OpRegister, r.code), "neither was tried")

	got = s.answers(t, r, event.PinSubmitted{PinRef: s.sealed(t, r, event.PurposePin, metasim.OwnerPIN)})
	require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
	require.Equal(t, 3, got.Number.Registrations.Tries)
	require.Zero(t, s.meta.Calls(metasim.OpSetPIN, r.code), "nobody has agreed to another")
}

func TestAPinIsSetAnewWithConsentThoughMetaStumbles(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := s.receive(t, "demo-pin-mismatch-anew", event.Claims{})
	s.until(t, r, endedOrResting)
	require.NoError(t, s.meta.Inject(metasim.Fault{Ops: []metasim.Op{metasim.OpSetPIN}, Code: r.code, Kind: metasim.FaultUnanswered, Times: 1}))
	require.NoError(t, s.meta.Inject(metasim.Fault{Ops: []metasim.Op{metasim.OpRegister}, Code: r.code, Kind: metasim.FaultUnanswered, Times: 1}))
	got := s.answers(t, r, event.PinSubmitted{PinRef: s.sealed(t, r, event.PurposePin, "135792"), SetAnew: true})
	require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
	require.Equal(t, 2, s.meta.Calls(metasim.OpSetPIN, r.code))
	require.Equal(t, 2, s.meta.Calls(metasim.OpRegister, r.code), "it was read before it would have been registered again")
	world, ok := s.meta.World(r.code)
	require.True(t, ok)
	require.Equal(t, metasim.KeyOf("135792"), world.Accounts[0].Numbers[0].PIN)
}

func TestANumberIsVerifiedByTheCodeThatSomebodyTypes(t *testing.T) {
	t.Parallel()
	for name, stumble := range map[string]*metasim.Fault{
		"at once":                         nil,
		"though the ask is not answered":  {Ops: []metasim.Op{metasim.OpRequestCode}, Kind: metasim.FaultUnanswered, Times: 1},
		"though the code is not answered": {Ops: []metasim.Op{metasim.OpVerifyCode}, Kind: metasim.FaultUnanswered, Times: 1, After: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			r := s.receive(t, "demo-number-unverified-typed", event.Claims{})
			got := s.until(t, r, endedOrResting)
			require.Equal(t, event.StageVerification, got.Stage)
			require.Zero(t, s.meta.Calls(metasim.OpRegister, r.code), "no try is wasted")
			if stumble != nil {
				stumble.Code = r.code
				require.NoError(t, s.meta.Inject(*stumble))
			}
			got = s.answers(t, r, event.PhoneCodeRequested{Method: "VOICE", Language: "pt_BR"})
			require.Equal(t, event.CodePhoneCodeAwaited, got.Error.Code)
			require.Equal(t, "VOICE", got.Number.Code.Method)
			require.Equal(t, stumble != nil && stumble.After == 0, got.Number.Code.Uncertain)

			got = s.answers(t, r, event.PhoneCodeSubmitted{CodeRef: s.sealed(t, r, event.PurposePhoneCode, "000000")})
			require.Equal(t, event.CodePhoneCodeWrong, got.Error.Code)
			require.Equal(t, 1, got.Number.Code.Guesses)

			got = s.answers(t, r, event.PhoneCodeSubmitted{CodeRef: s.sealed(t, r, event.PurposePhoneCode, metasim.VerificationCode)})
			require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
			require.Equal(t, 1, s.meta.Calls(metasim.OpRequestCode, r.code))
			require.Equal(t, 2, s.meta.Calls(metasim.OpVerifyCode, r.code), "a code that was given is not given again")
			require.Equal(t, 1, s.meta.Calls(metasim.OpRegister, r.code))
		})
	}
}

func TestACodeThatMetaRefusesIsAskedForHoursLater(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := s.receive(t, "demo-code-refused-1", event.Claims{})
	s.until(t, r, endedOrResting)
	before := time.Now()
	got := s.answers(t, r, event.PhoneCodeRequested{Method: "SMS", Language: "pt_BR"})
	require.Equal(t, event.CodePhoneCodeRefused, got.Error.Code)
	require.Equal(t, event.ActionVerifyNumber, got.NextAction.Kind)
	require.WithinRange(t, got.NextAction.AvailableAt, before.Add(4*time.Hour-time.Minute), time.Now().Add(4*time.Hour+time.Minute))
}
