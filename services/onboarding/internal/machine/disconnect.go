package machine

import (
	"slices"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// A disconnection is a run of its own. It deregisters the number, unsubscribes our
// app, and destroys the token, in this order: what Meta refuses, or does not do in
// time, is listed, and the run goes on to its end all the same.

const (
	disconnectPatience = 24 * time.Hour // with Meta's limits, for each step
	longReason         = 1024           // bytes of a reason that is kept
)

// Connection is what a restaurant is connected with. A state keeps it while a later
// run is under way, or has come to nothing.
type Connection struct {
	WabaID             event.WabaID        `json:"waba"`
	BusinessID         event.BusinessID    `json:"business,omitempty"`
	PhoneNumberID      event.PhoneNumberID `json:"phone,omitempty"`
	DisplayPhoneNumber string              `json:"display,omitempty"`
	Strategy           event.Strategy      `json:"strategy,omitempty"`
	CredentialRef      event.CredentialRef `json:"credential,omitempty"`
	UserID             event.UserID        `json:"user,omitempty"`
	TokenType          string              `json:"token_type,omitempty"`
	TokenExpires       time.Time           `json:"token_expires,omitzero"`

	// Kept from the third edition on.
	Number   event.NumberStanding `json:"number,omitzero"`
	Warnings []event.Warning      `json:"warnings,omitempty"`
}

// Undo is what a disconnection still has to undo, and what it could not.
type Undo struct {
	Reason string              `json:"reason,omitempty"`
	By     string              `json:"by,omitempty"`
	Of     Connection          `json:"of,omitzero"`
	Phone  event.PhoneNumberID `json:"phone,omitempty"` // to deregister; empty: none, or done with
	WabaID event.WabaID        `json:"waba,omitempty"`  // to unsubscribe from; likewise
	Left   []event.Leftover    `json:"left,omitempty"`
}

// connected returns what the restaurant is connected with; nil: nothing.
func (s *State) connected() *Connection {
	switch s.Status {
	case event.StatusCompleted:
		c := s.present()
		return &c
	case event.StatusDisconnected:
		return nil
	case event.StatusInProgress, event.StatusAwaiting, event.StatusAction, event.StatusFailed,
		event.StatusCancelled, event.StatusExpired, event.StatusReauth:
	}
	return s.Connection
}

// present is what the present run has come to, as a connection.
func (s *State) present() Connection {
	return Connection{
		WabaID: s.WabaID, BusinessID: s.BusinessID, PhoneNumberID: s.PhoneNumberID, DisplayPhoneNumber: s.DisplayPhoneNumber,
		Strategy: s.Strategy, CredentialRef: s.CredentialRef, UserID: s.UserID, TokenType: s.TokenType, TokenExpires: s.TokenExpires,
	}
}

// undo returns what there is to undo: the connection, else what the run has set up
// so far; nil: nothing, and there is no token either.
func (s *State) undo() *Undo {
	if c := s.connected(); c != nil {
		return &Undo{Of: *c, Phone: c.PhoneNumberID, WabaID: c.WabaID}
	}
	if s.Status == event.StatusDisconnected || s.CredentialRef == "" {
		return nil
	}
	u := &Undo{Of: s.present(), Phone: s.registeredHere()}
	if slices.Index(Stages, s.Stage) >= slices.Index(Stages, event.StageSubscription) {
		u.WabaID = s.WabaID
	}
	return u
}

// registeredHere returns the number that this run has registered, or may have.
func (s *State) registeredHere() event.PhoneNumberID {
	asked := s.Todo.Effect == RegisterPhone || s.Todo.Then == RegisterPhone ||
		slices.ContainsFunc(s.Tries, func(t Try) bool { return t.Phone == s.PhoneNumberID })
	switch {
	case s.Registration.Refused != nil:
		return ""
	case s.Registration.Phone != "":
		return s.Registration.Phone
	case asked:
		return s.PhoneNumberID
	}
	return ""
}

// disconnectRequested begins to disconnect. A run that is under way is cancelled
// first, by a decision of its own.
func (s *State) disconnectRequested(in event.DisconnectRequested, now time.Time) event.Event {
	undo := s.undo()
	if undo == nil {
		return refuse(in.Name(), event.CodeNotConnected)
	}
	undo.Reason, undo.By = cut(in.Reason, longReason), cut(in.Principal, longText*4)
	if s.Status.Ended() {
		s.Undo = undo
		return s.startUndoing(now)
	}
	s.Undo = undo
	cancelled := s.cancelRequested(event.CancelRequested{Reason: undo.Reason, Principal: undo.By})
	s.do(Proceed)
	return cancelled
}

// refuseWhileUndoing answers what is asked for while a restaurant is disconnected:
// that comes to its end, and what is to follow is asked for after it.
func refuseWhileUndoing(input event.Name) event.Event {
	switch input {
	case event.NameOAuthCodeReceived, event.NameDiscoveryRequested, event.NameCreationRequested, event.NamePollingRequested:
		return refuse(input, event.CodeBusy)
	case event.NameMetaNotified:
		return refuse(input, event.CodeNothingToDo)
	default:
		return refuse(input, event.CodeNotPossibleNow)
	}
}

// startUndoing opens the run.
func (s *State) startUndoing(now time.Time) event.Event {
	undo, code, policy := s.Undo, s.CodeHash, s.Policy
	policy.Limits.Patience = min(policy.Limits.Patience, disconnectPatience)
	s.open("", policy, now)
	s.Stage, s.Entry = event.StageDone, ""
	s.Made, s.MadeIn, s.Connection = "", "", nil
	s.CodeHash, s.Undo, s.Disconnecting = code, undo, true
	of := undo.Of
	s.WabaID, s.BusinessID, s.Strategy = of.WabaID, of.BusinessID, of.Strategy
	s.PhoneNumberID, s.DisplayPhoneNumber = of.PhoneNumberID, of.DisplayPhoneNumber
	s.CredentialRef, s.UserID, s.TokenType, s.TokenExpires = of.CredentialRef, of.UserID, of.TokenType, of.TokenExpires
	s.undoNext()
	return event.DisconnectStarted{Run: s.Run, Reason: undo.Reason, By: undo.By, PhoneNumberID: undo.Phone, WabaID: undo.WabaID}
}

func (s *State) undoNext() {
	s.calm()
	s.Error = nil
	switch {
	case s.Undo.Phone != "":
		s.do(DeregisterPhone)
	case s.Undo.WabaID != "":
		s.do(UnsubscribeApp)
	default:
		s.do(DestroyToken)
	}
}

// undone takes that a step is done, or that there is nothing left to do.
func (s *State) undone(o Outcome, nothing bool) event.Event {
	u := *s.Undo
	var decision event.Event
	switch o.Effect {
	case DeregisterPhone:
		decision = event.PhoneDeregistered{PhoneNumberID: u.Phone, LeftAlone: nothing || o.Number != nil}
		u.Phone = ""
	case UnsubscribeApp:
		decision = event.AppUnsubscribed{WabaID: u.WabaID, Shared: o.Subscribed != nil && *o.Subscribed}
		u.WabaID = ""
	default:
		return nil
	}
	s.Undo = &u
	s.undoNext()
	return decision
}

// leave takes that a step cannot be undone, and lists it. With a dead token nothing
// is asked of Meta any more, so that all that was to come is listed too.
func (s *State) leave(o Outcome, v Verdict) event.Event {
	u := *s.Undo
	u.Left = slices.Clone(u.Left)
	var decision event.Event
	switch o.Effect {
	case DeregisterPhone:
		decision = event.PhoneDeregistered{PhoneNumberID: u.Phone, Code: v.Code, Error: o.Error}
		u.Left = append(u.Left, event.Leftover{Step: string(DeregisterPhone), ID: string(u.Phone), Code: v.Code, Error: o.Error})
		u.Phone = ""
	case UnsubscribeApp:
		decision = event.AppUnsubscribed{WabaID: u.WabaID, Code: v.Code, Error: o.Error}
	default:
		return nil
	}
	if u.WabaID != "" && (o.Effect == UnsubscribeApp || v.Code == event.CodeTokenInvalid) {
		u.Left = append(u.Left, event.Leftover{Step: string(UnsubscribeApp), ID: string(u.WabaID), Code: v.Code, Error: o.Error})
		u.WabaID = ""
	}
	s.Undo = &u
	s.undoNext()
	return decision
}

// warningsOf says what a step leaves behind.
var warningsOf = map[string]event.Warning{
	string(DeregisterPhone): event.WarningNumberRegistered,
	string(UnsubscribeApp):  event.WarningAppSubscribed,
}

// disconnected ends the run: the token is destroyed, and the number is free.
func (s *State) disconnected() event.Event {
	u := *s.Undo
	decision := event.IntegrationDisconnected{Reason: u.Reason, By: u.By, Left: u.Left}
	s.Error, s.Undo, s.Disconnecting = nil, nil, false
	s.NextAction = &event.NextAction{Kind: event.ActionRestartSignup, Actor: event.ActorRestaurant}
	for _, left := range u.Left {
		decision.Undone = append(decision.Undone, left.Step)
		s.Warnings = append(s.Warnings, warningsOf[left.Step])
	}
	if len(u.Left) > 0 {
		s.Error = problem(event.CodeDisconnectIncomplete, u.Left[0].Error)
		s.Error.Retryable = false
		s.NextAction = &event.NextAction{Kind: event.ActionContactSupport, Actor: event.ActorOperator}
	}
	s.calm()
	s.stop()
	return decision
}

// cut returns the beginning of a text.
func cut(text string, most int) string { return strings.ToValidUTF8(text[:min(len(text), most)], "") }
