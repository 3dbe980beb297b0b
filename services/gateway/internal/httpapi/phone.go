package httpapi

import (
	"net/http"
	"strings"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/judge"
)

// codeWantedBody is the body of phone/request-code.
type codeWantedBody struct {
	_        struct{} `additionalProperties:"true"`
	Method   string   `json:"method,omitempty" enum:"SMS,VOICE" doc:"How Meta sends its code. Unset: SMS."`
	Language string   `json:"language,omitempty" pattern:"^[a-z]{2,3}(_[A-Z]{2})?$" doc:"Of the message, as in pt_BR. Unset: the caller's."`
}

// codeTypedBody is the body of phone/verify-code.
type codeTypedBody struct {
	_    struct{} `additionalProperties:"true"`
	Code string   `json:"code" pattern:"^[0-9]{3}-?[0-9]{3}$" doc:"The six digits that came by SMS or call."`
}

// pinBody is the body of phone/pin.
type pinBody struct {
	_       struct{} `additionalProperties:"true"`
	Pin     string   `json:"pin" pattern:"^[0-9]{6}$" doc:"The number's two-step PIN: the one that it has, or with set_anew another."`
	SetAnew bool     `json:"set_anew,omitempty" doc:"The owner agrees that this PIN replaces the one that nobody knows."`
}

// phoneData is what has come of something that was brought for a number.
type phoneData struct {
	Status        string              `json:"status" enum:"code_sent,verified,registered"`
	Code          *codeView           `json:"code,omitempty"`
	IntegrationID event.IntegrationID `json:"integration_id"`
	Stage         event.Stage         `json:"stage"`
	StatusURL     string              `json:"status_url"`
	EventsURL     string              `json:"events_url"`
}

// phoneRoutes registers what is brought for a number.
func (s *Server) phoneRoutes() {
	const phone = "/api/whatsapp/integrations/{restaurant_id}/phone/"
	statuses := map[int]string{http.StatusAccepted: "Accepted, and not finished: data.status says why."}
	post(s, endpoint{
		path: phone + "request-code", id: "requestPhoneCode", scope: auth.ScopeOnboard, bodyless: true,
		summary: "Have Meta send its code to a number that is not verified. A minute between two, five in twelve hours.",
		data:    phoneData{}, statuses: statuses,
	}, (*call).requestPhoneCode)
	post(s, endpoint{
		path: phone + "verify-code", id: "verifyPhoneCode", scope: auth.ScopeOnboard,
		summary: "Give the code that Meta has sent. Five wrong ones use it up.",
		data:    phoneData{}, statuses: statuses,
	}, (*call).verifyPhoneCode)
	post(s, endpoint{
		path: phone + "pin", id: "givePin", scope: auth.ScopeOnboard,
		summary: "Give the number's two-step PIN, or with set_anew set another one. The run goes on with the registration, which Meta allows ten times in 72 hours.",
		data:    phoneData{}, statuses: statuses,
	}, (*call).givePin)
}

func (c *call) requestPhoneCode(b codeWantedBody) error {
	input := event.PhoneCodeRequested{Method: b.Method, Language: b.Language, Principal: c.who.ID}
	if input.Method == "" {
		input.Method = "SMS"
	}
	if input.Language == "" {
		input.Language = messageLanguages[c.lang]
	}
	return c.bring(judge.RequestCode, inClear(input))
}

// messageLanguages are Meta's names for our languages.
var messageLanguages = map[errcode.Lang]string{errcode.Portuguese: "pt_BR", errcode.English: "en_US"}

func (c *call) verifyPhoneCode(b codeTypedBody) error {
	return c.bring(judge.VerifyCode, func(id event.RestaurantID) (event.Event, error) {
		code := seal.NewSecret(strings.ReplaceAll(b.Code, "-", ""))
		ref, err := c.Intake.PutSecret(c.lasting(), id, event.PurposePhoneCode, code)
		return event.PhoneCodeSubmitted{CodeRef: ref, Principal: c.who.ID}, err
	})
}

func (c *call) givePin(b pinBody) error {
	return c.bring(judge.GivePin, func(id event.RestaurantID) (event.Event, error) {
		ref, err := c.Intake.PutSecret(c.lasting(), id, event.PurposePin, seal.NewSecret(b.Pin))
		return event.PinSubmitted{PinRef: ref, SetAnew: b.SetAnew, Principal: c.who.ID}, err
	})
}

// bring puts something to the run that waits for it, and answers with what has come
// of it.
func (c *call) bring(command judge.Command, input asking) error {
	asked, err := c.put(nil, func(id event.RestaurantID) (event.Event, error) {
		what, err := input(id)
		if err != nil {
			return nil, unavailable(err)
		}
		return what, nil
	})
	if err != nil {
		return err
	}
	defer func() { asked.watch.Close() }()
	q := asked.question
	q.command = command
	v, err := c.settle(q, &asked.watch, asked.deadline)
	if err != nil {
		return err
	}
	return c.render(q, v)
}

// brought returns the message and the data of a command of a number that has come to
// its end.
func (c *call) brought(command judge.Command, s event.Snapshot) (message string, data phoneData) {
	data = phoneData{
		Status: "verified", IntegrationID: s.IntegrationID, Stage: s.Stage,
		StatusURL: c.statusURL(s.RestaurantID), EventsURL: c.eventsURL(s.RestaurantID),
	}
	switch {
	case command == judge.GivePin:
		data.Status = "registered"
		return c.text(errcode.PhoneRegistered), data
	case s.Number.Code.SentAt.IsZero():
		return c.text(errcode.PhoneVerified), data
	}
	data.Status, data.Code = "code_sent", viewCode(s.Number.Code)
	return c.text(errcode.PhoneCodeSent), data
}
