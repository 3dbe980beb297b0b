package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/intake"
	"github.com/waba-platform/onboarding/services/gateway/internal/judge"
)

// commandRoutes registers the five endpoints of the brief.
func (s *Server) commandRoutes() {
	statuses := map[int]string{http.StatusAccepted: "Accepted, and not finished: data.status says why."}
	post(s, endpoint{
		path: "/api/whatsapp/auth/exchange-token", id: "exchangeToken", scope: auth.ScopeOnboard,
		summary: "Exchange an OAuth code for a token; the run then rests until discovery is asked for.",
		data:    tokenData{}, statuses: statuses,
	}, func(c *call, b codeBody) error {
		return c.code(judge.Exchange, b, []event.Stop{event.StopDiscovery, event.StopPolling})
	})
	post(s, endpoint{
		path: "/api/whatsapp/waba/complete-flow", id: "completeFlow", scope: auth.ScopeOnboard,
		summary: "Connect a restaurant: from the OAuth code to the number that can send and receive.",
		data:    completeData{}, statuses: statuses,
	}, func(c *call, b codeBody) error { return c.code(judge.Complete, b, nil) })
	post(s, endpoint{
		path: "/api/whatsapp/waba/discover-or-create", id: "discoverOrCreate", scope: auth.ScopeOnboard,
		summary: "Find the restaurant's WhatsApp Business Account, or begin to create one.",
		data:    foundData{}, statuses: statuses,
	}, func(c *call, b discoverBody) error {
		claimed, err := b.check()
		return c.step(judge.Discover, b.RestaurantID, b.AccessToken, err, func(by event.Authority) event.Event {
			return event.DiscoveryRequested{Authority: by, Claims: claimed, Principal: c.who.ID}
		})
	})
	post(s, endpoint{
		path: "/api/whatsapp/waba/create-strategies", id: "createStrategies", scope: auth.ScopeOnboard,
		summary: "Run the creation strategies, in order, until one makes an account.",
		data:    createdData{}, statuses: statuses,
	}, func(c *call, b createBody) error {
		claimed, err := b.check()
		return c.step(judge.Create, b.RestaurantID, b.AccessToken, err, func(by event.Authority) event.Event {
			return event.CreationRequested{Authority: by, Claims: claimed, Principal: c.who.ID}
		})
	})
	post(s, endpoint{
		path: "/api/whatsapp/waba/polling-system", id: "pollingSystem", scope: auth.ScopeOnboard,
		summary: "Ask Meta until the created account shows.",
		data:    polledData{}, statuses: statuses,
	}, func(c *call, b pollBody) error {
		claimed, err := b.check()
		attempts := 0
		if b.MaxAttempts != nil {
			attempts = *b.MaxAttempts
		}
		return c.step(judge.Poll, b.RestaurantID, b.AccessToken, err, func(by event.Authority) event.Event {
			return event.PollingRequested{Authority: by, Claims: claimed, MaxAttempts: attempts, Principal: c.who.ID}
		})
	})
}

// code serves the endpoints that take an OAuth code.
func (c *call) code(command judge.Command, b codeBody, stops []event.Stop) error {
	code, err := c.checkCode(b)
	if err != nil {
		return err
	}
	code.Stops = stops
	if err := c.admit(code.Restaurant); err != nil {
		return err
	}
	if _, err := c.reserve(); err != nil {
		return err
	}
	watch := c.Feed.Watch(code.Restaurant)
	defer func() { watch.Close() }()
	accepted, err := c.Intake.Accept(c.lasting(), code)
	if err != nil {
		return c.notAccepted(code.Restaurant, err)
	}
	q := question{restaurant: code.Restaurant, command: command, since: accepted.Seq, input: accepted.ID}
	if command == judge.Complete && accepted.Joined && len(accepted.Stops) > 0 {
		if q.since, err = c.liftStops(code.Restaurant, accepted.Seq); err != nil {
			return err
		}
		q.input = ""
	}
	if accepted.Joined {
		c.w.Header().Set("Idempotent-Replay", "true")
	}
	return c.await(q, &watch)
}

// checkCode checks all of a body before anything is sealed or published.
func (c *call) checkCode(b codeBody) (intake.Code, error) {
	id, err := c.restaurant(b.RestaurantID)
	if err != nil {
		return intake.Code{}, err
	}
	claimed, err := b.check()
	if err := errors.Join(err, checkText("restaurant_name", b.RestaurantName), checkCredential("code", b.Code)); err != nil {
		return intake.Code{}, err
	}
	if b.RedirectURI != "" && !isWebURL(b.RedirectURI) {
		return intake.Code{}, invalid("redirect_uri", "is not an absolute http or https URL")
	}
	state, err := c.States.Check(b.State, id, c.who, time.Now())
	if err != nil {
		return intake.Code{}, problemOf(stateCode(err))
	}
	redirect := b.RedirectURI
	switch {
	case redirect != "":
	case state.Issued:
		redirect = state.RedirectURI
	default:
		redirect = c.Dialog.RedirectURI
	}
	return intake.Code{
		Restaurant: id, Code: seal.NewSecret(b.Code), State: b.State, Reusable: state.Reusable, Until: state.Until,
		RedirectURI: redirect, Claims: claimed, Name: b.RestaurantName, Principal: c.who.ID,
	}, nil
}

// liftStops asks a run that rests at the stops of the step endpoints, or will, to
// go through. It is asked once for each run.
func (c *call) liftStops(id event.RestaurantID, codeSeq uint64) (since uint64, err error) {
	head, err := c.story.Head(c.context(), id)
	if err != nil {
		return 0, unavailable(err)
	}
	s := head.Snapshot
	if s.InputSeq >= codeSeq && (s.Status != event.StatusInProgress || s.WabaID != "") && !judge.Untried(s) {
		return codeSeq, nil // past all stops
	}
	run := s.Run
	if s.InputSeq < codeSeq {
		run++ // the code is not decided upon yet, and will open it
	}
	once, err := c.Intake.Reserve(c.lasting(), "", "lift "+string(id)+" "+strconv.Itoa(run), "", "", nil)
	if err != nil {
		return 0, unavailable(err)
	}
	if once.Replayed() {
		return once.InputSeq, nil
	}
	q := question{restaurant: id}
	err = c.ask(&q, once, head.Seq, event.DiscoveryRequested{AllStops: true, Principal: c.who.ID})
	return q.since, err
}

// notAccepted turns what [intake.Intake.Accept] says into an answer.
func (c *call) notAccepted(id event.RestaurantID, err error) error {
	switch {
	case errors.Is(err, intake.ErrStateUsed):
		return problemOf(errcode.StateUsed)
	case errors.Is(err, intake.ErrTooManyStates):
		return &problem{code: errcode.TooManyRequests, retryAfter: c.States.Life}
	case errors.Is(err, intake.ErrBusy):
		return &problem{code: event.CodeBusy, restaurant: id, location: c.statusURL(id)}
	case errors.Is(err, intake.ErrCodeSpent):
		return &problem{code: event.CodeCodeUsed, restaurant: id}
	}
	return unavailable(err)
}

// step serves the endpoints that take a token. badBody is what is wrong with the
// rest of the body.
func (c *call) step(command judge.Command, restaurant, token string, badBody error, input func(event.Authority) event.Event) error {
	id, err := c.restaurant(restaurant)
	if err != nil {
		return err
	}
	if err := errors.Join(badBody, checkCredential("access_token", token)); err != nil {
		return err
	}
	var by event.Authority
	if auth.IsHandle(token) {
		if by.CredentialRef, err = c.Handles.Open(id, token); err != nil {
			return &problem{code: event.CodeCredentialUnknown, restaurant: id}
		}
	}
	if err := c.admit(id); err != nil {
		return err
	}
	reservation, err := c.reserve()
	if err != nil {
		return err
	}
	watch := c.Feed.Watch(id)
	defer func() { watch.Close() }()
	head, err := c.story.Head(c.context(), id)
	if err != nil {
		return unavailable(err)
	}
	q := question{restaurant: id, command: command}
	switch {
	case reservation.Replayed():
		c.w.Header().Set("Idempotent-Replay", "true")
		q.since, q.input, q.replayFrom = reservation.InputSeq, reservation.InputID, reservation.HeadSeq
	case speaksFor(by, head.Snapshot) && command.Joins(head.Snapshot):
		// The outcome is there, or the run is on its way to it.
	default:
		if by.CredentialRef == "" {
			if by.TokenRef, err = c.Intake.PutToken(c.lasting(), id, seal.NewSecret(token)); err != nil {
				return unavailable(err)
			}
		}
		if err := c.ask(&q, reservation, head.Seq, input(by)); err != nil {
			return err
		}
	}
	return c.await(q, &watch)
}

// speaksFor says whether a caller's credential is a run's. What a token of Meta is
// worth only Meta can tell; the run's outcome is the principal's to see anyway.
func speaksFor(by event.Authority, s event.Snapshot) bool {
	return by.CredentialRef == "" || by.CredentialRef == s.CredentialRef
}

// ask publishes an input, and remembers it under its idempotency key.
func (c *call) ask(q *question, r intake.Reservation, head uint64, input event.Event) error {
	q.input = r.InputID
	if q.input == "" {
		q.input = intake.NewID()
	}
	seq, err := c.Intake.Ask(c.lasting(), q.restaurant, q.input, input)
	if err != nil {
		return unavailable(err)
	}
	q.since = seq
	if r.InputID == "" {
		return nil
	}
	if err := c.Intake.Placed(c.lasting(), r, seq, head); err != nil {
		// The input stands, and the same key gives the same input for two minutes more.
		c.Logger.WarnContext(c.context(), "idempotency key is not remembered", "error", err)
	}
	return nil
}

// admit says whether a command may be accepted now.
func (c *call) admit(id event.RestaurantID) error {
	if wait, ok := c.limits.take(id, time.Now()); !ok {
		return &problem{code: errcode.TooManyRequests, restaurant: id, retryAfter: wait}
	}
	if err := c.Gate.Check(c.context()); err != nil {
		return unavailable(err)
	}
	return nil
}

const maxKey = 255

// reserve returns what is remembered of the request's Idempotency-Key; the zero
// value when it has none.
func (c *call) reserve() (intake.Reservation, error) {
	keys := c.r.Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		return intake.Reservation{}, nil
	}
	if len(keys) > 1 || keys[0] == "" || len(keys[0]) > maxKey {
		return intake.Reservation{}, invalid("Idempotency-Key", "is empty, longer than 255 bytes, or there twice")
	}
	ctx, cancel := context.WithTimeout(c.context(), 5*time.Second)
	defer cancel()
	reservation, err := c.Intake.Reserve(ctx, c.who.ID, keys[0], c.r.Method, c.r.URL.Path, c.body)
	if errors.Is(err, intake.ErrKeyReused) {
		return intake.Reservation{}, problemOf(errcode.IdempotencyConflict)
	}
	if err != nil {
		return intake.Reservation{}, unavailable(err)
	}
	return reservation, nil
}

// stateCode is the code of what [auth.States] says.
func stateCode(err error) event.Code {
	switch {
	case errors.Is(err, auth.ErrStateExpired):
		return errcode.StateExpired
	case errors.Is(err, auth.ErrStateForeign):
		return errcode.StateForeign
	}
	return errcode.StateUnknown
}

func isWebURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.Opaque == ""
}
