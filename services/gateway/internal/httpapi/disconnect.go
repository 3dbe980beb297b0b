package httpapi

import (
	"net/http"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/live"
)

// disconnectedData is the data of disconnect, when it is done.
type disconnectedData struct {
	Status        event.Status        `json:"status"`
	IntegrationID event.IntegrationID `json:"integration_id"`
	Warnings      []event.Warning     `json:"warnings" doc:"What could not be undone at Meta."`
	StatusURL     string              `json:"status_url"`
	EventsURL     string              `json:"events_url"`
}

// disconnect asks that a restaurant is disconnected, and waits until it is.
func (c *call) disconnect(b reasonBody) error {
	asked, err := c.put(checkText("reason", b.Reason), inClear(event.DisconnectRequested{Reason: b.Reason, Principal: c.who.ID}))
	if err != nil {
		return err
	}
	defer func() { asked.watch.Close() }()
	decision, err := c.decided(asked.question, &asked.watch, asked.deadline)
	if err != nil {
		return err
	}
	if refused, ok := decision.Event.(event.InputRefused); ok {
		return c.refusedRequest(asked.question, refused, decision)
	}
	last, err := c.untilDisconnected(asked, decision)
	if err != nil {
		return err
	}
	id := asked.restaurant
	if last.Snapshot.Status != event.StatusDisconnected {
		return c.accepted(id, errcode.Disconnecting, progressData{
			Status: event.StatusInProgress, IntegrationID: event.IntegrationOf(id), Stage: event.StageDone,
			StatusURL: c.statusURL(id), EventsURL: c.eventsURL(id),
		})
	}
	message := errcode.Disconnected
	if len(last.Snapshot.Warnings) > 0 {
		message = errcode.DisconnectedBut
	}
	c.w.Header().Set("Location", c.statusURL(id))
	return c.answer(http.StatusOK, success{Success: true, Message: c.text(message), Data: disconnectedData{
		Status: last.Snapshot.Status, IntegrationID: last.Snapshot.IntegrationID, Warnings: append([]event.Warning{}, last.Snapshot.Warnings...),
		StatusURL: c.statusURL(id), EventsURL: c.eventsURL(id),
	}})
}

// untilDisconnected returns the decision that ends the disconnection which another
// began; the last one before the deadline, when none does.
func (c *call) untilDisconnected(asked *asked, began live.Decision) (live.Decision, error) {
	if began.None() {
		return began, nil
	}
	timer := time.NewTimer(time.Until(asked.deadline))
	defer timer.Stop()
	for last := began; ; {
		// The log is asked each time: the feed only says when.
		if last.Snapshot.Status == event.StatusDisconnected {
			return last, nil
		}
		next, ok, err := c.story.Next(c.context(), asked.restaurant, last.Seq)
		switch {
		case err != nil:
			return last, unavailable(err)
		case ok:
			last = next
			continue
		}
		select {
		case _, ok := <-asked.watch.Decisions():
			if !ok {
				asked.watch = c.Feed.Watch(asked.restaurant)
			}
		case <-timer.C:
			return last, nil
		case <-c.Draining:
			return last, nil
		case <-c.context().Done():
			return last, c.context().Err()
		}
	}
}
