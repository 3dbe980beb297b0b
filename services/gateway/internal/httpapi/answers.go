package httpapi

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/judge"
)

// The data of the five endpoints: exactly the brief's keys. An id that is not known is
// null: Meta's answer to a creation may name no account, and a token no user.
type (
	tokenData struct {
		AccessToken string        `json:"access_token" doc:"A handle, good for this restaurant alone."`
		UserID      *event.UserID `json:"user_id"`
		ExpiresIn   int           `json:"expires_in" doc:"Seconds; 0: Meta names no end."`
		TokenType   string        `json:"token_type"`
	}
	foundData struct {
		WabaID     event.WabaID      `json:"waba_id"`
		Strategy   event.Strategy    `json:"strategy"`
		Status     string            `json:"status"`
		BusinessID *event.BusinessID `json:"business_id"`
	}
	createdData struct {
		WabaID   *event.WabaID  `json:"waba_id"`
		Strategy event.Strategy `json:"strategy"`
		NextStep string         `json:"next_step"`
	}
	polledData struct {
		WabaID   event.WabaID `json:"waba_id"`
		Attempts int          `json:"attempts"`
		Status   string       `json:"status"`
		NextStep string       `json:"next_step"`
	}
	completeData struct {
		WabaID        event.WabaID        `json:"waba_id"`
		Strategy      event.Strategy      `json:"strategy"`
		Status        string              `json:"status"`
		IntegrationID event.IntegrationID `json:"integration_id"`
	}
)

// The data of a 202.
type (
	creatingData struct {
		Status   string `json:"status"`
		NextStep string `json:"next_step"`
	}
	progressData struct {
		Status        event.Status        `json:"status"`
		IntegrationID event.IntegrationID `json:"integration_id"`
		Stage         event.Stage         `json:"stage"`
		StatusURL     string              `json:"status_url"`
		EventsURL     string              `json:"events_url"`
	}
	awaitingData struct {
		Status        event.Status        `json:"status"`
		IntegrationID event.IntegrationID `json:"integration_id"`
		RetryAfter    int                 `json:"retry_after"`
		ManualURL     string              `json:"manual_url"`
		NextAction    *nextAction         `json:"next_action,omitempty"`
		StatusURL     string              `json:"status_url"`
		EventsURL     string              `json:"events_url"`
	}
	actionData struct {
		Status        event.Status        `json:"status"`
		Reason        event.Code          `json:"reason"`
		NextAction    nextAction          `json:"next_action"`
		IntegrationID event.IntegrationID `json:"integration_id"`
		Stage         event.Stage         `json:"stage"`
		StatusURL     string              `json:"status_url"`
		EventsURL     string              `json:"events_url"`
	}
)

// finished returns the message and the data of a command that has come to its end.
func (c *call) finished(command judge.Command, s event.Snapshot) (message string, data any, err error) {
	switch command {
	case judge.Exchange:
		token, err := c.tokenOf(s)
		return c.text(errcode.TokenExchanged), token, err
	case judge.Discover:
		return c.text(errcode.WabaFound), foundData{WabaID: s.WabaID, Strategy: s.Strategy, Status: "found", BusinessID: known(s.BusinessID)}, nil
	case judge.Create:
		return c.created(s)
	case judge.Poll:
		return c.text(errcode.WabaPolled), polledData{
			WabaID: s.WabaID, Attempts: s.Polling.Attempts, Status: "found", NextStep: "finalize_integration",
		}, nil
	case judge.Complete:
		return errcode.Completed.In(c.lang, s.Strategy), completeData{
			WabaID: s.WabaID, Strategy: s.Strategy, Status: string(s.Status), IntegrationID: s.IntegrationID,
		}, nil
	case judge.RequestCode, judge.VerifyCode, judge.GivePin:
		message, data := c.brought(command, s)
		return message, data, nil
	}
	return "", nil, problemOf(errcode.Internal)
}

func (c *call) created(s event.Snapshot) (message string, data any, err error) {
	created := createdData{WabaID: known(cmp.Or(s.WabaID, s.Made)), Strategy: s.Strategy, NextStep: "polling_verification"}
	strategy, made := judge.Created(s)
	if !made {
		return c.text(errcode.WabaFound), created, nil // there was no need to create one
	}
	created.Strategy = strategy
	return errcode.WabaCreated.In(c.lang, strategy), created, nil
}

// known returns an id, or nil for one that is not known.
func known[T ~string](id T) *T {
	if id == "" {
		return nil
	}
	return &id
}

// tokenOf returns the handle of the run's token, or the token itself to whom that
// is allowed.
func (c *call) tokenOf(s event.Snapshot) (tokenData, error) {
	data := tokenData{
		AccessToken: c.Handles.Make(s.RestaurantID, s.CredentialRef),
		UserID:      known(s.UserID),
		TokenType:   s.TokenType,
	}
	if data.TokenType == "" || strings.EqualFold(data.TokenType, "bearer") {
		data.TokenType = "Bearer"
	}
	if !s.TokenExpires.IsZero() {
		data.ExpiresIn = max(0, int(time.Until(s.TokenExpires)/time.Second))
	}
	if c.Reveal == nil || !c.who.May(auth.ScopeAdmin) {
		return data, nil
	}
	token, err := c.Reveal(c.context(), s.RestaurantID, s.CredentialRef)
	if err != nil {
		return tokenData{}, unavailable(err)
	}
	data.AccessToken = token.Reveal()
	return data, nil
}

// awaiting writes that a person must make the account.
func (c *call) awaiting(id event.RestaurantID, s event.Snapshot) error {
	data := awaitingData{
		Status: event.StatusAwaiting, IntegrationID: event.IntegrationOf(id), RetryAfter: seconds(c.RetryAfter),
		StatusURL: c.statusURL(id), EventsURL: c.eventsURL(id),
	}
	if s.NextAction != nil {
		action := c.viewAction(id, *s.NextAction)
		data.NextAction, data.ManualURL = &action, action.URL
	}
	c.w.Header().Set("Retry-After", strconv.Itoa(data.RetryAfter))
	c.w.Header().Set("Location", c.statusURL(id))
	return c.answer(http.StatusAccepted, success{Message: c.text(errcode.Awaiting), Data: data})
}

// acting writes that somebody must act.
func (c *call) acting(id event.RestaurantID, s event.Snapshot) error {
	message := c.text(errcode.ActionRequired)
	data := actionData{
		Status: event.StatusAction, IntegrationID: event.IntegrationOf(id), Stage: s.Stage,
		StatusURL: c.statusURL(id), EventsURL: c.eventsURL(id),
	}
	if s.Error != nil {
		data.Reason = s.Error.Code
		message = c.words(data.Reason).Text
	}
	if s.NextAction != nil {
		data.NextAction = c.viewAction(id, *s.NextAction)
	}
	c.w.Header().Set("Location", c.statusURL(id))
	return c.answer(http.StatusAccepted, success{Message: message, Data: data})
}
