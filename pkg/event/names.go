package event

import "encoding/json"

// Name is the stable name of a kind of event.
type Name string

// The names. They are on the wire and in tables for ever.
const (
	NameOAuthCodeReceived       Name = "OAuthCodeReceived"
	NameDiscoveryRequested      Name = "DiscoveryRequested"
	NameCreationRequested       Name = "CreationRequested"
	NamePollingRequested        Name = "PollingRequested"
	NameRetryRequested          Name = "RetryRequested"
	NameCancelRequested         Name = "CancelRequested"
	NameDisconnectRequested     Name = "DisconnectRequested"
	NameWabaAttached            Name = "WabaAttached"
	NamePhoneSelected           Name = "PhoneSelected"
	NamePhoneCodeRequested      Name = "PhoneCodeRequested"
	NamePhoneCodeSubmitted      Name = "PhoneCodeSubmitted"
	NamePinSubmitted            Name = "PinSubmitted"
	NameMetaNotified            Name = "MetaNotified"
	NamePollTick                Name = "PollTick"
	NameStepTick                Name = "StepTick"
	NameRetryTick               Name = "RetryTick"
	NameOnboardingStarted       Name = "OnboardingStarted"
	NameOnboardingResumed       Name = "OnboardingResumed"
	NameTokenExchanged          Name = "TokenExchanged"
	NameTokenChecked            Name = "TokenChecked"
	NameWabaDiscovered          Name = "WabaDiscovered"
	NameWabaNotFound            Name = "WabaNotFound"
	NameWabaCreationRequested   Name = "WabaCreationRequested"
	NameWabaCreationAttempted   Name = "WabaCreationAttempted"
	NameWabaCreationChecked     Name = "WabaCreationChecked"
	NamePollDue                 Name = "PollDue"
	NameWabaPolled              Name = "WabaPolled"
	NameStepDelayed             Name = "StepDelayed"
	NameStepDue                 Name = "StepDue"
	NameAppSubscribed           Name = "AppSubscribed"
	NamePhoneChecked            Name = "PhoneChecked"
	NamePhoneCodeSent           Name = "PhoneCodeSent"
	NamePhoneVerified           Name = "PhoneVerified"
	NamePhonePinStored          Name = "PhonePinStored"
	NamePhonePinSet             Name = "PhonePinSet"
	NamePhoneRegistered         Name = "PhoneRegistered"
	NameWabaReady               Name = "WabaReady"
	NameAwaitingWabaCreation    Name = "AwaitingWabaCreation"
	NameActionRequired          Name = "ActionRequired"
	NameInputRefused            Name = "InputRefused"
	NameOnboardingFailed        Name = "OnboardingFailed"
	NameOnboardingCancelled     Name = "OnboardingCancelled"
	NameOnboardingExpired       Name = "OnboardingExpired"
	NameReauthorizationRequired Name = "ReauthorizationRequired"
	NameDisconnectStarted       Name = "DisconnectStarted"
	NamePhoneDeregistered       Name = "PhoneDeregistered"
	NameAppUnsubscribed         Name = "AppUnsubscribed"
	NameIntegrationDisconnected Name = "IntegrationDisconnected"
)

// Type returns the CloudEvents type.
func (n Name) Type() string { return "waba." + string(n) + ".v1" }

// Family is who writes a kind of event, and where.
type Family string

// The families.
const (
	FamilyInput    Family = "in"   // stream WABA_IN
	FamilyTick     Family = "tick" // stream WABA_TIMERS
	FamilyDecision Family = "evt"  // stream WABA
)

// Step is the audit log's name for a part of the flow (the brief's CHECK list).
type Step string

// The steps.
const (
	StepOAuth        Step = "oauth"
	StepExchange     Step = "token_exchange"
	StepDiscovery    Step = "waba_discovery"
	StepCreation     Step = "waba_creation"
	StepPolling      Step = "polling_system"
	StepPollingCheck Step = "polling_verification"
	StepFlow         Step = "complete_flow"
	StepRegistration Step = "phone_registration"
	StepVerification Step = "phone_verification"
)

// kind is what is known of all events of a name.
type kind struct {
	family Family
	step   Step // empty: it belongs to the stage in which the run stands
	decode func(json.RawMessage) (Event, error)
}

// kinds is the one list of all events.
var kinds = map[Name]kind{
	NameOAuthCodeReceived:   {FamilyInput, StepOAuth, decode[OAuthCodeReceived]},
	NameDiscoveryRequested:  {FamilyInput, StepDiscovery, decode[DiscoveryRequested]},
	NameCreationRequested:   {FamilyInput, StepCreation, decode[CreationRequested]},
	NamePollingRequested:    {FamilyInput, StepPolling, decode[PollingRequested]},
	NameRetryRequested:      {FamilyInput, StepFlow, decode[RetryRequested]},
	NameCancelRequested:     {FamilyInput, StepFlow, decode[CancelRequested]},
	NameDisconnectRequested: {FamilyInput, StepFlow, decode[DisconnectRequested]},
	NameWabaAttached:        {FamilyInput, StepDiscovery, decode[WabaAttached]},
	NamePhoneSelected:       {FamilyInput, StepRegistration, decode[PhoneSelected]},
	NamePhoneCodeRequested:  {FamilyInput, StepVerification, decode[PhoneCodeRequested]},
	NamePhoneCodeSubmitted:  {FamilyInput, StepVerification, decode[PhoneCodeSubmitted]},
	NamePinSubmitted:        {FamilyInput, StepRegistration, decode[PinSubmitted]},
	NameMetaNotified:        {FamilyInput, StepFlow, decode[MetaNotified]},

	NamePollTick:  {FamilyTick, StepPolling, decode[PollTick]},
	NameStepTick:  {FamilyTick, "", decode[StepTick]},
	NameRetryTick: {FamilyTick, StepFlow, decode[RetryTick]},

	NameOnboardingStarted:       {FamilyDecision, StepOAuth, decode[OnboardingStarted]},
	NameOnboardingResumed:       {FamilyDecision, StepFlow, decode[OnboardingResumed]},
	NameTokenExchanged:          {FamilyDecision, StepExchange, decode[TokenExchanged]},
	NameTokenChecked:            {FamilyDecision, StepExchange, decode[TokenChecked]},
	NameWabaDiscovered:          {FamilyDecision, StepDiscovery, decode[WabaDiscovered]},
	NameWabaNotFound:            {FamilyDecision, StepDiscovery, decode[WabaNotFound]},
	NameWabaCreationRequested:   {FamilyDecision, StepCreation, decode[WabaCreationRequested]},
	NameWabaCreationAttempted:   {FamilyDecision, StepCreation, decode[WabaCreationAttempted]},
	NameWabaCreationChecked:     {FamilyDecision, StepCreation, decode[WabaCreationChecked]},
	NamePollDue:                 {FamilyDecision, StepPolling, decode[PollDue]},
	NameWabaPolled:              {FamilyDecision, StepPollingCheck, decode[WabaPolled]},
	NameStepDelayed:             {FamilyDecision, "", decode[StepDelayed]},
	NameStepDue:                 {FamilyDecision, "", decode[StepDue]},
	NameAppSubscribed:           {FamilyDecision, StepFlow, decode[AppSubscribed]},
	NamePhoneChecked:            {FamilyDecision, StepRegistration, decode[PhoneChecked]},
	NamePhoneCodeSent:           {FamilyDecision, StepVerification, decode[PhoneCodeSent]},
	NamePhoneVerified:           {FamilyDecision, StepVerification, decode[PhoneVerified]},
	NamePhonePinStored:          {FamilyDecision, StepRegistration, decode[PhonePinStored]},
	NamePhonePinSet:             {FamilyDecision, StepRegistration, decode[PhonePinSet]},
	NamePhoneRegistered:         {FamilyDecision, StepRegistration, decode[PhoneRegistered]},
	NameWabaReady:               {FamilyDecision, StepFlow, decode[WabaReady]},
	NameAwaitingWabaCreation:    {FamilyDecision, StepFlow, decode[AwaitingWabaCreation]},
	NameActionRequired:          {FamilyDecision, "", decode[ActionRequired]},
	NameInputRefused:            {FamilyDecision, StepFlow, decode[InputRefused]},
	NameOnboardingFailed:        {FamilyDecision, "", decode[OnboardingFailed]},
	NameOnboardingCancelled:     {FamilyDecision, StepFlow, decode[OnboardingCancelled]},
	NameOnboardingExpired:       {FamilyDecision, StepFlow, decode[OnboardingExpired]},
	NameReauthorizationRequired: {FamilyDecision, "", decode[ReauthorizationRequired]},
	NameDisconnectStarted:       {FamilyDecision, StepFlow, decode[DisconnectStarted]},
	NamePhoneDeregistered:       {FamilyDecision, StepRegistration, decode[PhoneDeregistered]},
	NameAppUnsubscribed:         {FamilyDecision, StepFlow, decode[AppUnsubscribed]},
	NameIntegrationDisconnected: {FamilyDecision, StepFlow, decode[IntegrationDisconnected]},
}

func decode[T Event](data json.RawMessage) (Event, error) {
	var e T
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	return e, nil
}

// FamilyOf returns the family of a kind; ok is false for an unknown one.
func FamilyOf(name Name) (family Family, ok bool) {
	k, ok := kinds[name]
	return k.family, ok
}

// NamesOf returns the names of a family, in the order of the list above.
func NamesOf(family Family) []Name {
	var names []Name
	for _, name := range order {
		if kinds[name].family == family {
			names = append(names, name)
		}
	}
	return names
}

// order gives generated documents a stable order.
var order = []Name{
	NameOAuthCodeReceived,
	NameDiscoveryRequested,
	NameCreationRequested,
	NamePollingRequested,
	NameRetryRequested,
	NameCancelRequested,
	NameDisconnectRequested,
	NameWabaAttached,
	NamePhoneSelected,
	NamePhoneCodeRequested,
	NamePhoneCodeSubmitted,
	NamePinSubmitted,
	NameMetaNotified,
	NamePollTick,
	NameStepTick,
	NameRetryTick,
	NameOnboardingStarted,
	NameOnboardingResumed,
	NameTokenExchanged,
	NameTokenChecked,
	NameWabaDiscovered,
	NameWabaNotFound,
	NameWabaCreationRequested,
	NameWabaCreationAttempted,
	NameWabaCreationChecked,
	NamePollDue,
	NameWabaPolled,
	NameStepDelayed,
	NameStepDue,
	NameAppSubscribed,
	NamePhoneChecked,
	NamePhoneCodeSent,
	NamePhoneVerified,
	NamePhonePinStored,
	NamePhonePinSet,
	NamePhoneRegistered,
	NameWabaReady,
	NameAwaitingWabaCreation,
	NameActionRequired,
	NameInputRefused,
	NameOnboardingFailed,
	NameOnboardingCancelled,
	NameOnboardingExpired,
	NameReauthorizationRequired,
	NameDisconnectStarted,
	NamePhoneDeregistered,
	NameAppUnsubscribed,
	NameIntegrationDisconnected,
}

// Name implements [Event].
func (OAuthCodeReceived) Name() Name { return NameOAuthCodeReceived }

// Name implements [Event].
func (DiscoveryRequested) Name() Name { return NameDiscoveryRequested }

// Name implements [Event].
func (CreationRequested) Name() Name { return NameCreationRequested }

// Name implements [Event].
func (PollingRequested) Name() Name { return NamePollingRequested }

// Name implements [Event].
func (RetryRequested) Name() Name { return NameRetryRequested }

// Name implements [Event].
func (CancelRequested) Name() Name { return NameCancelRequested }

// Name implements [Event].
func (DisconnectRequested) Name() Name { return NameDisconnectRequested }

// Name implements [Event].
func (WabaAttached) Name() Name { return NameWabaAttached }

// Name implements [Event].
func (PhoneSelected) Name() Name { return NamePhoneSelected }

// Name implements [Event].
func (PhoneCodeRequested) Name() Name { return NamePhoneCodeRequested }

// Name implements [Event].
func (PhoneCodeSubmitted) Name() Name { return NamePhoneCodeSubmitted }

// Name implements [Event].
func (PinSubmitted) Name() Name { return NamePinSubmitted }

// Name implements [Event].
func (MetaNotified) Name() Name { return NameMetaNotified }

// Name implements [Event].
func (PollTick) Name() Name { return NamePollTick }

// Name implements [Event].
func (StepTick) Name() Name { return NameStepTick }

// Name implements [Event].
func (RetryTick) Name() Name { return NameRetryTick }

// Name implements [Event].
func (OnboardingStarted) Name() Name { return NameOnboardingStarted }

// Name implements [Event].
func (OnboardingResumed) Name() Name { return NameOnboardingResumed }

// Name implements [Event].
func (TokenExchanged) Name() Name { return NameTokenExchanged }

// Name implements [Event].
func (TokenChecked) Name() Name { return NameTokenChecked }

// Name implements [Event].
func (WabaDiscovered) Name() Name { return NameWabaDiscovered }

// Name implements [Event].
func (WabaNotFound) Name() Name { return NameWabaNotFound }

// Name implements [Event].
func (WabaCreationRequested) Name() Name { return NameWabaCreationRequested }

// Name implements [Event].
func (WabaCreationAttempted) Name() Name { return NameWabaCreationAttempted }

// Name implements [Event].
func (WabaCreationChecked) Name() Name { return NameWabaCreationChecked }

// Name implements [Event].
func (PollDue) Name() Name { return NamePollDue }

// Name implements [Event].
func (WabaPolled) Name() Name { return NameWabaPolled }

// Name implements [Event].
func (StepDelayed) Name() Name { return NameStepDelayed }

// Name implements [Event].
func (StepDue) Name() Name { return NameStepDue }

// Name implements [Event].
func (AppSubscribed) Name() Name { return NameAppSubscribed }

// Name implements [Event].
func (PhoneChecked) Name() Name { return NamePhoneChecked }

// Name implements [Event].
func (PhoneCodeSent) Name() Name { return NamePhoneCodeSent }

// Name implements [Event].
func (PhoneVerified) Name() Name { return NamePhoneVerified }

// Name implements [Event].
func (PhonePinStored) Name() Name { return NamePhonePinStored }

// Name implements [Event].
func (PhonePinSet) Name() Name { return NamePhonePinSet }

// Name implements [Event].
func (PhoneRegistered) Name() Name { return NamePhoneRegistered }

// Name implements [Event].
func (WabaReady) Name() Name { return NameWabaReady }

// Name implements [Event].
func (AwaitingWabaCreation) Name() Name { return NameAwaitingWabaCreation }

// Name implements [Event].
func (ActionRequired) Name() Name { return NameActionRequired }

// Name implements [Event].
func (InputRefused) Name() Name { return NameInputRefused }

// Name implements [Event].
func (OnboardingFailed) Name() Name { return NameOnboardingFailed }

// Name implements [Event].
func (OnboardingCancelled) Name() Name { return NameOnboardingCancelled }

// Name implements [Event].
func (OnboardingExpired) Name() Name { return NameOnboardingExpired }

// Name implements [Event].
func (ReauthorizationRequired) Name() Name { return NameReauthorizationRequired }

// Name implements [Event].
func (DisconnectStarted) Name() Name { return NameDisconnectStarted }

// Name implements [Event].
func (PhoneDeregistered) Name() Name { return NamePhoneDeregistered }

// Name implements [Event].
func (AppUnsubscribed) Name() Name { return NameAppUnsubscribed }

// Name implements [Event].
func (IntegrationDisconnected) Name() Name { return NameIntegrationDisconnected }
