package api

import (
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Status is the status document of an integration.
type Status struct {
	RestaurantID       event.RestaurantID  `json:"restaurant_id"`
	IntegrationID      event.IntegrationID `json:"integration_id"`
	Run                int                 `json:"run"`
	Version            uint64              `json:"version"`
	Status             event.Status        `json:"status"`
	Stage              event.Stage         `json:"stage"`
	Strategy           event.Strategy      `json:"strategy"`
	WabaID             event.WabaID        `json:"waba_id"`
	BusinessID         event.BusinessID    `json:"business_id"`
	PhoneNumberID      event.PhoneNumberID `json:"phone_number_id"`
	DisplayPhoneNumber string              `json:"display_phone_number"`
	Polling            *event.Polling      `json:"polling"`
	Strategies         []Attempt           `json:"strategies"`
	Error              *Trouble            `json:"error"`
	NextAction         *NextAction         `json:"next_action"`
	Warnings           []event.Warning     `json:"warnings"`
	CreatedAt          time.Time           `json:"created_at"`
	UpdatedAt          time.Time           `json:"updated_at"`
}

// Attempt is how one strategy went.
type Attempt struct {
	Strategy event.Strategy `json:"strategy"`
	Outcome  event.Result   `json:"outcome"`
	Error    *MetaError     `json:"error"`
}

// Trouble is why an integration stands where it stands.
type Trouble struct {
	Code    event.Code `json:"code"`
	Message string     `json:"message"`
	Meta    *MetaError `json:"meta"`
}

// MetaError is what Meta said.
type MetaError struct {
	Code    int `json:"code"`
	Subcode int `json:"subcode"`
}

// NextAction is who must act next, and how.
type NextAction struct {
	Kind        event.ActionKind    `json:"kind"`
	Actor       event.Actor         `json:"actor"`
	URL         string              `json:"url"`
	AvailableAt time.Time           `json:"available_at"`
	Choices     []event.PhoneNumber `json:"choices"`
}
