package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/judge"
	"github.com/waba-platform/onboarding/services/gateway/internal/live"
)

// question is what a request waits to be answered.
type question struct {
	restaurant event.RestaurantID
	command    judge.Command
	since      uint64 // only states after this input are an answer; 0: any state is
	input      string // id of the request's own input; empty: it has none that could be refused
	replayFrom uint64 // the input was decided upon after this place in the log; 0: it is new
}

// verdict is how far the answer has come.
type verdict struct {
	outcome     judge.Outcome
	decision    live.Decision // the state that it is judged by
	refused     bool          // the question's own input
	availableAt time.Time     // of a refusal
	resting     bool          // nothing more will happen before something is asked for
}

func (v verdict) known() bool { return v.outcome.Known() || v.resting }

// weigh returns what a decision means for the question.
func (q question) weigh(d live.Decision, deadline time.Time) verdict {
	v := verdict{outcome: judge.Outcome{Kind: judge.Pending}, decision: d}
	if refused, ok := d.Event.(event.InputRefused); ok && q.input != "" && d.Envelope.CausationID == q.input {
		v.outcome = q.command.Refused(refused.Code, d.Snapshot)
		v.refused, v.availableAt = true, refused.AvailableAt
		return v
	}
	if d.None() || d.Snapshot.InputSeq < q.since {
		return v
	}
	v.outcome = q.command.Judge(d.Snapshot)
	if v.outcome.Known() {
		return v
	}
	if early, ok := judge.Early(d.Snapshot, deadline); ok {
		v.outcome = early
	}
	v.resting = d.Snapshot.RestsBefore != ""
	return v
}

// await answers as soon as the outcome is known, else at the deadline. The watch
// was made before anything was published, so that no decision is missed.
func (c *call) await(q question, watch **live.Watch) error {
	preferred := readPreference(c.r, c.SyncWait)
	if preferred.applied != "" {
		c.w.Header().Set("Preference-Applied", preferred.applied)
	}
	deadline := time.Now().Add(preferred.wait)
	v, err := c.settle(q, watch, deadline)
	if err != nil {
		return err
	}
	return c.render(q, v)
}

// settle waits for the verdict. An error means that the caller has gone away.
func (c *call) settle(q question, watch **live.Watch, deadline time.Time) (verdict, error) {
	v := c.look(q, deadline)
	if v.known() {
		return v, nil
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for {
		select {
		case d, ok := <-(*watch).Decisions():
			if !ok { // it was cut: what it missed is in the head
				*watch = c.Feed.Watch(q.restaurant)
				if v = c.look(q, deadline); v.known() {
					return v, nil
				}
				continue
			}
			if d.Seq <= v.decision.Seq && d.Envelope.CausationID != q.input {
				continue
			}
			if v = q.weigh(*d, deadline); v.known() {
				return v, nil
			}
		case <-timer.C:
			return c.atDeadline(q, deadline), nil
		case <-c.Draining:
			return c.atDeadline(q, deadline), nil
		case <-c.context().Done():
			return verdict{}, c.context().Err()
		}
	}
}

const lookTimeout = 2 * time.Second

// look weighs the restaurant's head, and for a replay what was decided upon the
// input. A head that cannot be read is no news: the input stands all the same.
func (c *call) look(q question, deadline time.Time) verdict {
	ctx, cancel := context.WithTimeout(c.context(), lookTimeout)
	defer cancel()
	if q.input != "" && q.replayFrom > 0 {
		d, ok, err := c.story.CausedBy(ctx, q.restaurant, q.replayFrom, q.input)
		if err == nil && ok {
			if v := q.weigh(d, deadline); v.outcome.Kind == judge.Failed {
				return v
			}
		}
	}
	head, err := c.story.Head(ctx, q.restaurant)
	if err != nil {
		c.Logger.WarnContext(c.context(), "head is not read", "restaurant_id", q.restaurant, "error", err)
	}
	return q.weigh(head, deadline)
}

func (c *call) atDeadline(q question, deadline time.Time) verdict {
	v := c.look(q, deadline)
	if !v.outcome.Known() && v.decision.Snapshot.InputSeq >= q.since {
		v.outcome = judge.AtDeadline(v.decision.Snapshot)
	}
	return v
}

// render writes the answer of one of the five endpoints.
func (c *call) render(q question, v verdict) error {
	s := v.decision.Snapshot
	switch v.outcome.Kind {
	case judge.Failed:
		return c.failure(q.restaurant, v)
	case judge.Finished:
		c.w.Header().Set("Location", c.statusURL(q.restaurant))
		message, data, err := c.finished(q.command, s)
		if err != nil {
			return err
		}
		return c.answer(http.StatusOK, success{Success: true, Message: message, Data: data})
	case judge.Creating:
		return c.accepted(q.restaurant, errcode.Creating, creatingData{Status: "creating", NextStep: "polling_verification"})
	case judge.Awaiting:
		return c.awaiting(q.restaurant, s)
	case judge.Acting:
		return c.acting(q.restaurant, s)
	case judge.Pending:
	}
	stage := s.Stage
	if stage == "" || s.InputSeq < q.since && s.Status.Ended() {
		stage = event.StageOAuth // not decided upon yet
	}
	message := errcode.InProgress
	if v.resting {
		message = errcode.Rested
	}
	return c.accepted(q.restaurant, message, progressData{
		Status: event.StatusInProgress, IntegrationID: event.IntegrationOf(q.restaurant), Stage: stage,
		StatusURL: c.statusURL(q.restaurant), EventsURL: c.eventsURL(q.restaurant),
	})
}

// accepted writes a 202.
func (c *call) accepted(id event.RestaurantID, message errcode.Message, data any) error {
	c.w.Header().Set("Location", c.statusURL(id))
	return c.answer(http.StatusAccepted, success{Message: c.text(message), Data: data})
}

// failure writes the problem of a run that has not come to what was asked for.
func (c *call) failure(id event.RestaurantID, v verdict) error {
	s := v.decision.Snapshot
	p := &problem{code: v.outcome.Code, restaurant: id, availableAt: v.availableAt}
	if p.code == event.CodeBusy {
		p.location = c.statusURL(id)
	}
	// The run's own trouble, and not that it has refused something.
	if s.Error != nil && (s.Error.Code == p.code || s.Status == event.StatusInProgress && !v.refused) {
		p.meta = s.Error.Meta
		p.action = nextActionOf(s)
	}
	return p
}
