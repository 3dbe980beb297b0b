package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/live"
)

// actedData is the data of retry, cancel and phone/select.
type actedData struct {
	Status        event.Status        `json:"status"`
	IntegrationID event.IntegrationID `json:"integration_id"`
	Stage         event.Stage         `json:"stage"`
	StatusURL     string              `json:"status_url"`
	EventsURL     string              `json:"events_url"`
}

func (c *call) retry(b reasonBody) error {
	return c.reasoned(b, errcode.RetryAccepted, event.RetryRequested{Reason: b.Reason, Principal: c.who.ID})
}

func (c *call) cancel(b reasonBody) error {
	return c.reasoned(b, errcode.CancelAccepted, event.CancelRequested{Reason: b.Reason, Principal: c.who.ID})
}

func (c *call) reasoned(b reasonBody, message errcode.Message, input event.Event) error {
	return c.request(checkText("reason", b.Reason), message, input)
}

// request asks something of the restaurant in the path, and answers with what was
// decided upon it: every input gets exactly one decision. badBody is what is wrong
// with the body.
func (c *call) request(badBody error, message errcode.Message, input event.Event) error {
	asked, err := c.put(badBody, inClear(input))
	if err != nil {
		return err
	}
	defer func() { asked.watch.Close() }()
	decision, err := c.decided(asked.question, &asked.watch, asked.deadline)
	if err != nil {
		return err
	}
	return c.renderRequest(asked.question, message, asked.before, decision)
}

// asked is a request that was put to the restaurant in the path. Its watch is to be
// closed.
type asked struct {
	question
	watch    *live.Watch
	before   event.Snapshot // where the run stood
	deadline time.Time
}

// asking makes the input of a request, which may have something to seal first.
type asking func(event.RestaurantID) (event.Event, error)

// inClear asks with an input that brings no secret.
func inClear(input event.Event) asking {
	return func(event.RestaurantID) (event.Event, error) { return input, nil }
}

// put publishes an input, unless its Idempotency-Key says that it was before. badBody
// is what is wrong with the body.
func (c *call) put(badBody error, input asking) (_ *asked, err error) {
	id, err := c.restaurantInPath()
	if err != nil {
		return nil, err
	}
	if badBody != nil {
		return nil, badBody
	}
	if _, _, err := c.standing(id); err != nil {
		return nil, err // there is nothing to act upon
	}
	if err := c.admit(id); err != nil {
		return nil, err
	}
	reservation, err := c.reserve()
	if err != nil {
		return nil, err
	}
	a := &asked{watch: c.Feed.Watch(id)}
	defer func() {
		if err != nil {
			a.watch.Close()
		}
	}()
	head, err := c.story.Head(c.context(), id)
	if err != nil {
		return nil, unavailable(err)
	}
	a.before = head.Snapshot
	a.question = question{restaurant: id, since: reservation.InputSeq, input: reservation.InputID, replayFrom: reservation.HeadSeq}
	if reservation.Replayed() {
		c.w.Header().Set("Idempotent-Replay", "true")
	} else {
		what, err := input(id)
		if err != nil {
			return nil, err
		}
		if err := c.ask(&a.question, reservation, head.Seq, what); err != nil {
			return nil, err
		}
		a.replayFrom = head.Seq
	}
	preferred := readPreference(c.r, c.SyncWait)
	if preferred.applied != "" {
		c.w.Header().Set("Preference-Applied", preferred.applied)
	}
	a.deadline = time.Now().Add(preferred.wait)
	return a, nil
}

// decided returns the decision upon the question's own input; none when there is
// none before the deadline.
func (c *call) decided(q question, watch **live.Watch, deadline time.Time) (live.Decision, error) {
	if d, ok := c.find(q); ok {
		return d, nil
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for {
		select {
		case d, ok := <-(*watch).Decisions():
			if ok && d.Envelope.CausationID == q.input {
				return *d, nil
			}
			if !ok { // it was cut: what it missed is in the log
				*watch = c.Feed.Watch(q.restaurant)
				if d, ok := c.find(q); ok {
					return d, nil
				}
			}
		case <-timer.C:
			d, _ := c.find(q)
			return d, nil
		case <-c.Draining:
			d, _ := c.find(q)
			return d, nil
		case <-c.context().Done():
			return live.Decision{}, c.context().Err()
		}
	}
}

// find looks for the decision in the log. A log that cannot be read is no news.
func (c *call) find(q question) (live.Decision, bool) {
	ctx, cancel := context.WithTimeout(c.context(), lookTimeout)
	defer cancel()
	d, ok, err := c.story.CausedBy(ctx, q.restaurant, q.replayFrom, q.input)
	if err != nil {
		c.Logger.WarnContext(c.context(), "log is not read", "restaurant_id", q.restaurant, "error", err)
	}
	return d, ok && err == nil
}

// renderRequest writes the decision; none is decided upon yet, and before is where
// the run stood.
func (c *call) renderRequest(q question, message errcode.Message, before event.Snapshot, d live.Decision) error {
	if refused, ok := d.Event.(event.InputRefused); ok {
		return c.refusedRequest(q, refused, d)
	}
	if d.None() {
		return c.accepted(q.restaurant, errcode.InProgress, progressData{
			Status: event.StatusInProgress, IntegrationID: event.IntegrationOf(q.restaurant), Stage: cmp.Or(before.Stage, event.StageOAuth),
			StatusURL: c.statusURL(q.restaurant), EventsURL: c.eventsURL(q.restaurant),
		})
	}
	c.w.Header().Set("Location", c.statusURL(q.restaurant))
	return c.answer(http.StatusOK, success{Success: true, Message: c.text(message), Data: actedData{
		Status: d.Snapshot.Status, IntegrationID: d.Snapshot.IntegrationID, Stage: d.Snapshot.Stage,
		StatusURL: c.statusURL(q.restaurant), EventsURL: c.eventsURL(q.restaurant),
	}})
}

// refusedRequest is the problem that a refused input is.
func (c *call) refusedRequest(q question, refused event.InputRefused, d live.Decision) error {
	p := &problem{code: refused.Code, restaurant: q.restaurant, availableAt: refused.AvailableAt}
	underWay := refused.Code == event.CodeNotPossibleNow && d.Snapshot.Status == event.StatusInProgress
	if underWay || refused.Code == event.CodeChoiceUnknown { // which shows the choices again
		p.action = nextActionOf(d.Snapshot)
	}
	return p
}
