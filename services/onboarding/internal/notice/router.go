// Package notice brings what Meta sends by itself to the restaurants that it is about.
//
// A webhook that is stored is read change by change. A change that concerns a run
// becomes an input of each restaurant that its account, its number or its business is
// known of. One that no restaurant is known for is kept, and joined to the restaurant
// when that appears: Meta tells of an account before the restaurant's code comes.
//
// Everything may be done again at any point. An input is published once, because its id
// is made of the webhook, the change and the restaurant. A change is kept before it is
// looked for a second time, and a restaurant is known before what is kept is looked
// through, so that none is missed by both.
package notice

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/uptrace/bun"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/fault"
	"github.com/waba-platform/onboarding/pkg/telemetry"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

const source = "waba/onboarding"

// Owners says which restaurants are known by an identity: by their account, else by
// their number, else by their business; or by who has authorized us.
//
// DestroyOfUser and ForgetUser carry out that a person wants to be forgotten: first the
// tokens, and when the restaurants have been told, who the person is.
type Owners interface {
	DestroyOfUser(ctx context.Context, user event.UserID) error
	ForgetUser(ctx context.Context, user event.UserID, erasure event.Hash) error
	RestaurantsOf(ctx context.Context, waba event.WabaID, phone event.PhoneNumberID, business event.BusinessID, user event.UserID) ([]event.RestaurantID, error)
}

// Router routes webhooks. It is safe for concurrent use, by any number of processes.
type Router struct {
	js      jetstream.JetStream
	history *bus.History
	owners  Owners
	store   store
	now     func() time.Time
	logger  *slog.Logger
	changes metric.Int64Counter
}

// NewRouter returns a router over a database that has been migrated.
func NewRouter(js jetstream.JetStream, history *bus.History, owners Owners, db *bun.DB, now func() time.Time, logger *slog.Logger) *Router {
	changes, err := otel.Meter("github.com/waba-platform/onboarding/services/onboarding/internal/notice").
		Int64Counter("waba.notices", metric.WithDescription("Changes that Meta's webhooks tell of, by field and by what became of them."))
	if err != nil {
		otel.Handle(err)
	}
	return &Router{js: js, history: history, owners: owners, store: store{db}, now: now, logger: logger, changes: changes}
}

// What becomes of a change.
const (
	ignored = "ignored" // it concerns no run
	routed  = "routed"
	waits   = "kept" // for its restaurant
	joined  = "joined"
)

// Handle routes a webhook as it is stored. A body that is none is terminated, and
// stays where it is.
func (r *Router) Handle(ctx context.Context, msg bus.Message) error {
	id, ok := event.ParseWebhookSubject(msg.Subject)
	if !ok {
		return &fault.Permanent{Reason: "subject_malformed", Err: errNoWebhook}
	}
	changes, err := Parse(id, msg.Body)
	if err != nil {
		return &fault.Permanent{Reason: "webhook_malformed", Err: err}
	}
	for _, change := range changes {
		if err := r.route(ctx, change, msg.Stored); err != nil {
			return fmt.Errorf("route %s of webhook %s: %w", change.Field, id, err)
		}
	}
	return nil
}

func (r *Router) route(ctx context.Context, c Change, received time.Time) error {
	if _, ok := machine.MeaningOf(c.Field, c.Event); !ok {
		r.count(ctx, "other", ignored)
		return nil
	}
	forget := c.User != "" && c.Field == event.FieldDataDeletion
	if forget {
		if err := r.owners.DestroyOfUser(ctx, c.User); err != nil {
			return err
		}
	}
	found, err := r.tell(ctx, c, received)
	if err != nil {
		return err
	}
	if forget {
		if err := r.owners.ForgetUser(ctx, c.User, event.ErasureID(c.Body)); err != nil {
			return err
		}
	}
	if found > 0 {
		r.count(ctx, c.Field, routed)
		return nil
	}
	if c.User != "" { // a person whom we do not know: there is nothing of theirs to wait for
		r.count(ctx, c.Field, ignored)
		return nil
	}
	if err := r.store.keep(ctx, c, received); err != nil {
		return err
	}
	// A restaurant that has appeared since did not see what is kept only now.
	if found, err = r.tell(ctx, c, received); err != nil {
		return err
	}
	if found > 0 {
		r.count(ctx, c.Field, joined)
		return r.store.drop(ctx, c)
	}
	r.count(ctx, c.Field, waits)
	r.logger.WarnContext(ctx, "a notice of Meta is for no restaurant that is known; it is kept", "field", c.Field, "event_of_meta", c.Event,
		"waba_id", c.Waba, "business_id", c.Business, "phone_number_id", c.Phone, "webhook", c.Body, "change", c.Index)
	return nil
}

// tell publishes a change to every restaurant that it is about.
func (r *Router) tell(ctx context.Context, c Change, received time.Time) (found int, err error) {
	restaurants, err := r.owners.RestaurantsOf(ctx, c.Waba, c.Phone, c.Business, c.User)
	if err != nil {
		return 0, err
	}
	for _, restaurant := range restaurants {
		if err := r.publish(ctx, restaurant, c, received); err != nil {
			return 0, err
		}
	}
	return len(restaurants), nil
}

func (r *Router) publish(ctx context.Context, restaurant event.RestaurantID, c Change, received time.Time) error {
	first, err := r.history.PublishNotice(ctx, r.js, event.Meta{
		ID:          event.DeriveID("notice", string(c.Body), strconv.Itoa(c.Index), string(restaurant)),
		Source:      source,
		Restaurant:  restaurant,
		Time:        r.now(),
		TraceParent: telemetry.TraceParent(ctx),
	}, event.MetaNotified{
		Field: c.Field, Event: c.Event, Detail: c.Detail, WabaID: c.Waba, BusinessID: c.Business, PhoneNumberID: c.Phone,
		BodyID: c.Body, Change: c.Index, HappenedAt: c.At, ReceivedAt: received.UTC(),
	})
	if err != nil {
		return err
	}
	if first {
		r.logger.InfoContext(ctx, "a notice of Meta is for a restaurant", "restaurant_id", restaurant,
			"field", c.Field, "event_of_meta", c.Event, "detail", c.Detail, "webhook", c.Body, "change", c.Index)
	}
	return nil
}

// Join tells a restaurant what was kept until it appeared. It is called when the
// restaurant can be found by the identity. Doing it twice is harmless.
func (r *Router) Join(ctx context.Context, restaurant event.RestaurantID, who Identity) error {
	if who == (Identity{}) {
		return nil
	}
	list, err := r.store.of(ctx, who)
	if err != nil {
		return err
	}
	for _, w := range list {
		if err := r.publish(ctx, restaurant, w.Change, w.received); err != nil {
			return err
		}
		if err := r.store.drop(ctx, w.Change); err != nil {
			return err
		}
		r.count(ctx, w.Field, joined)
	}
	return nil
}

func (r *Router) count(ctx context.Context, field, what string) {
	r.changes.Add(ctx, 1, metric.WithAttributes(attribute.String("field", field), attribute.String("outcome", what)))
}
