package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// statusDocument is the status of an integration, as contract and OpenAPI have it.
type statusDocument struct {
	RestaurantID       event.RestaurantID  `json:"restaurant_id"`
	IntegrationID      event.IntegrationID `json:"integration_id"`
	Run                int                 `json:"run" doc:"Counts the runs."`
	Version            uint64              `json:"version" doc:"Place in the log of decisions: grows with every change."`
	Status             event.Status        `json:"status"`
	Stage              event.Stage         `json:"stage"`
	Strategy           event.Strategy      `json:"strategy,omitempty"`
	WabaID             event.WabaID        `json:"waba_id,omitempty"`
	BusinessID         event.BusinessID    `json:"business_id,omitempty"`
	PhoneNumberID      event.PhoneNumberID `json:"phone_number_id,omitempty"`
	DisplayPhoneNumber string              `json:"display_phone_number,omitempty"`
	Number             *numberView         `json:"number,omitempty"`
	Polling            *pollingView        `json:"polling,omitempty"`
	Strategies         []strategyView      `json:"strategies,omitempty"`
	Error              *errorView          `json:"error,omitempty"`
	NextAction         *nextAction         `json:"next_action,omitempty"`
	Warnings           []event.Warning     `json:"warnings"`
	CreatedAt          time.Time           `json:"created_at"`
	UpdatedAt          time.Time           `json:"updated_at"`
	Links              links               `json:"links"`
}

type pollingView struct {
	Attempts    int        `json:"attempts"`
	MaxAttempts int        `json:"max_attempts"`
	NextAt      *time.Time `json:"next_at,omitempty"`
}

// numberView is what has been tried with the number.
type numberView struct {
	Registrations *registrationsView `json:"registrations,omitempty"`
	Code          *codeView          `json:"code,omitempty" doc:"Meta's code to the number; not what it is."`
}

type codeView struct {
	Method     string    `json:"method"`
	SentAt     time.Time `json:"sent_at"`
	ExpiresAt  time.Time `json:"expires_at" doc:"About: Meta does not say."`
	ResendAt   time.Time `json:"resend_at" doc:"When another may be asked for."`
	Guesses    int       `json:"guesses" doc:"Wrong ones so far."`
	MaxGuesses int       `json:"max_guesses"`
	Uncertain  bool      `json:"uncertain,omitempty" doc:"Meta did not answer: it may not have been sent."`
}

// viewCode shows a code that was asked for; nil: none was.
func viewCode(code event.PhoneCode) *codeView {
	if code.SentAt.IsZero() {
		return nil
	}
	return &codeView{
		Method: code.Method, SentAt: code.SentAt.UTC(), ExpiresAt: code.ExpiresAt.UTC(), ResendAt: code.ResendAt.UTC(),
		Guesses: code.Guesses, MaxGuesses: code.MaxGuesses, Uncertain: code.Uncertain,
	}
}

type registrationsView struct {
	Tries    int       `json:"tries" doc:"That Meta still counts, refused ones included."`
	MaxTries int       `json:"max_tries"`
	FreeAt   time.Time `json:"free_at" doc:"When the oldest counts no more."`
}

// viewNumber shows a number's standing now; nil: there is nothing to show.
func viewNumber(n event.NumberStanding, now time.Time) *numberView {
	var view numberView
	if r := n.Registrations; r.Tries > 0 && now.Before(r.FreeAt) {
		view.Registrations = &registrationsView{Tries: r.Tries, MaxTries: r.MaxTries, FreeAt: r.FreeAt.UTC()}
	}
	view.Code = viewCode(n.Code)
	if view == (numberView{}) {
		return nil
	}
	return &view
}

type strategyView struct {
	Strategy  event.Strategy `json:"strategy"`
	Outcome   event.Result   `json:"outcome,omitempty" doc:"Empty: under way."`
	Error     *metaFacts     `json:"error,omitempty"`
	StartedAt *time.Time     `json:"started_at,omitempty"`
	EndedAt   *time.Time     `json:"ended_at,omitempty"`
}

type errorView struct {
	Code      event.Code  `json:"code"`
	Class     event.Class `json:"class,omitempty"`
	Message   string      `json:"message"`
	Retryable bool        `json:"retryable"`
	Meta      *metaFacts  `json:"meta,omitempty"`
}

type links struct {
	Self   string `json:"self"`
	Events string `json:"events"`
	Logs   string `json:"logs"`
}

// document shows where an integration stands, in the caller's language.
func (c *call) document(s event.Snapshot, version uint64) statusDocument {
	i := s.Integration
	d := statusDocument{
		RestaurantID: i.RestaurantID, IntegrationID: i.IntegrationID, Run: i.Run, Version: version,
		Status: i.Status, Stage: i.Stage, Strategy: i.Strategy,
		WabaID: i.WabaID, BusinessID: i.BusinessID, PhoneNumberID: i.PhoneNumberID, DisplayPhoneNumber: i.DisplayPhoneNumber,
		Warnings:  append([]event.Warning{}, i.Warnings...),
		CreatedAt: i.CreatedAt.UTC(), UpdatedAt: i.UpdatedAt.UTC(),
		Links: links{Self: c.statusURL(i.RestaurantID), Events: c.eventsURL(i.RestaurantID), Logs: c.statusURL(i.RestaurantID) + "/logs"},
	}
	d.Number = viewNumber(i.Number, time.Now())
	if i.Polling.MaxAttempts > 0 {
		d.Polling = &pollingView{Attempts: i.Polling.Attempts, MaxAttempts: i.Polling.MaxAttempts, NextAt: timeOrNil(i.Polling.NextAt)}
	}
	for _, a := range i.Strategies {
		d.Strategies = append(d.Strategies, strategyView{
			Strategy: a.Strategy, Outcome: a.Outcome, Error: metaOf(a.Error),
			StartedAt: timeOrNil(a.StartedAt), EndedAt: timeOrNil(a.EndedAt),
		})
	}
	action := nextActionOf(s)
	if action != nil {
		view := c.viewAction(i.RestaurantID, *action)
		d.NextAction = &view
	}
	if e := i.Error; e != nil {
		d.Error = &errorView{Code: e.Code, Class: e.Class, Message: c.words(e.Code).Text, Retryable: retryable(e.Code, action), Meta: metaOf(e.Meta)}
	}
	return d
}

func timeOrNil(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

// status answers where an integration stands, read from the bus: never behind.
func (c *call) status() error {
	id, err := c.restaurantInPath()
	if err != nil {
		return err
	}
	snapshot, version, err := c.standing(id)
	if err != nil {
		return err
	}
	tag := `"` + strconv.FormatUint(version, 10) + "-" + string(c.lang) + `"`
	c.w.Header().Set("ETag", tag)
	if matches(c.r.Header.Values("If-None-Match"), tag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return c.answer(http.StatusOK, success{Success: true, Message: c.text(errcode.StatusRead), Data: c.document(snapshot, version)})
}

// standing returns where an integration stands. One whose first input is not
// decided upon yet is about to begin.
func (c *call) standing(id event.RestaurantID) (snapshot event.Snapshot, version uint64, err error) {
	head, err := c.story.Head(c.context(), id)
	if err != nil {
		return event.Snapshot{}, 0, unavailable(err)
	}
	if !head.None() {
		return head.Snapshot, head.Seq, nil
	}
	first, ok, err := c.History.NextInput(c.context(), id, 0)
	if err != nil {
		return event.Snapshot{}, 0, unavailable(err)
	}
	if !ok {
		return event.Snapshot{}, 0, problemOf(errcode.NoSuchRun)
	}
	return event.Snapshot{Integration: event.Integration{
		RestaurantID: id, IntegrationID: event.IntegrationOf(id),
		Status: event.StatusInProgress, Stage: event.StageOAuth,
		CreatedAt: first.Envelope.Time, UpdatedAt: first.Envelope.Time,
	}}, 0, nil
}
