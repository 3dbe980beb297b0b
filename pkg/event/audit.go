package event

import "strconv"

// AuditFacts are the columns of an audit row that follow from the event alone.
type AuditFacts struct {
	Step         Step
	Strategy     Strategy
	Success      bool
	ErrorMessage string // stable code and Meta's codes; set for failures only
}

// Audit returns how an event is entered into the audit log. Only failures are
// not a success. Stage is the one in which the run stands after the event; it
// decides the step of events that belong to no step of their own.
func Audit(e Event, stage Stage) AuditFacts {
	facts := AuditFacts{Step: kinds[e.Name()].step, Success: true}
	if facts.Step == "" {
		facts.Step = stageSteps[stage]
	}
	if facts.Step == "" {
		facts.Step = StepFlow
	}
	var code Code
	var meta *MetaError
	switch e := e.(type) {
	case WabaDiscovered:
		facts.Strategy = e.Strategy
	case WabaCreationRequested:
		facts.Strategy = e.Strategy
	case WabaCreationChecked:
		facts.Strategy = e.Strategy
	case WabaReady:
		facts.Strategy = e.Strategy
	case WabaCreationAttempted:
		facts.Strategy = e.Strategy
		if e.Outcome == ResultRefused || e.Outcome == ResultUnknown {
			code, meta = CodeWabaNotCreated, e.Error
		}
	case WabaPolled:
		if e.Error != nil {
			code, meta = CodeMetaUnavailable, e.Error
		}
	case PhoneCodeSent:
		if e.Error != nil {
			code, meta = CodeMetaUnavailable, e.Error
		}
	case StepDelayed:
		code, meta = e.Code, e.Error
	case AwaitingWabaCreation:
		code = e.Code
	case ActionRequired:
		code, meta = e.Code, e.Error
	case InputRefused:
		if e.Code != CodeNothingToDo { // that is no failure
			code = e.Code
		}
	case OnboardingFailed:
		code, meta = e.Code, e.Error
	case OnboardingExpired:
		code = CodeExpired
	case ReauthorizationRequired:
		code, meta = e.Code, e.Error
	case PhoneDeregistered:
		code, meta = e.Code, e.Error
	case AppUnsubscribed:
		code, meta = e.Code, e.Error
	case IntegrationDisconnected:
		if len(e.Left) > 0 {
			code, meta = CodeDisconnectIncomplete, e.Left[0].Error
		}
	}
	if code != "" {
		facts.Success = false
		facts.ErrorMessage = failure(code, meta)
	}
	return facts
}

// stageSteps gives the step of events that can happen at any stage.
var stageSteps = map[Stage]Step{
	StageOAuth:        StepOAuth,
	StageExchange:     StepExchange,
	StageDiscovery:    StepDiscovery,
	StageCreation:     StepCreation,
	StagePolling:      StepPolling,
	StageSubscription: StepFlow,
	StageRegistration: StepRegistration,
	StageVerification: StepVerification,
	StageFinalCheck:   StepVerification,
	StageDone:         StepFlow,
}

// Text returns the problem as the audit log writes it: for operators, without words.
func (p Problem) Text() string { return failure(p.Code, p.Meta) }

// failure returns the audit log's error message, as in "meta_blocked (Meta 368)".
func failure(code Code, meta *MetaError) string {
	if meta == nil {
		return string(code)
	}
	text := string(code) + " (Meta " + strconv.Itoa(meta.Code)
	if meta.Code == 0 {
		text = string(code) + " (" + string(meta.Class)
	}
	if meta.Subcode != 0 {
		text += "/" + strconv.Itoa(meta.Subcode)
	}
	return text + ")"
}
