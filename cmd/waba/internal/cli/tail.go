package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
)

// tail is what `waba events tail` was asked for.
type tail struct {
	restaurant event.RestaurantID // empty: all
	types      []string           // empty: every decision
	since      since
	output     format
}

func newEventsTail(t *terminal) *cobra.Command {
	var restaurant, from string
	var asked tail
	cmd := &cobra.Command{
		Use:   "tail",
		Short: t.say("Mostra as decisões conforme acontecem; Ctrl-C encerra", "Shows decisions as they happen; Ctrl-C stops it"),
		Long: t.say("Mostra as decisões conforme acontecem, de todos os restaurantes. Com --type mostra só esses eventos, também entradas (RetryRequested) e ticks (PollTick). Ctrl-C encerra.",
			"Shows decisions as they happen, of all restaurants. With --type it shows only these events, inputs (RetryRequested) and ticks (PollTick) too. Ctrl-C stops it."),
		Example: `  waba events tail
  waba events tail --since 1h --type WabaReady -o json
  waba events tail --since all --restaurant 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b`,
		Args: t.noArgs,
	}
	output, address := t.formatFlag(cmd), natsFlag(t, cmd)
	cmd.Flags().StringVar(&restaurant, "restaurant", "", t.say("só deste restaurante", "only of this restaurant"))
	cmd.Flags().StringSliceVar(&asked.types, "type", nil, t.say("só estes eventos, como WabaReady; pode ser repetido", "only these events, as in WabaReady; may be repeated"))
	cmd.Flags().StringVar(&from, "since", "", t.say("desde quando: 10m, um instante, ou all; sem ele, de agora em diante", "since when: 10m, a time, or all; without it, from now on"))
	_ = cmd.RegisterFlagCompletionFunc("type", cobra.FixedCompletions(eventNames(), cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = t.run(func(cmd *cobra.Command, _ []string) (err error) {
		asked.output = *output
		if restaurant != "" {
			if asked.restaurant, err = t.restaurantArg(restaurant); err != nil {
				return err
			}
		}
		if asked.since, err = t.parseSince(from, time.Now()); err != nil {
			return err
		}
		filters, err := t.filters(asked)
		if err != nil {
			return err
		}
		return t.withBus(cmd.Context(), *address, func(ctx context.Context, js jetstream.JetStream) error {
			return t.tail(ctx, js, asked, filters)
		})
	})
	return cmd
}

// filters returns the subjects to read, by stream.
func (t *terminal) filters(asked tail) (map[string][]string, error) {
	who := event.RestaurantID("*")
	if asked.restaurant != "" {
		who = asked.restaurant
	}
	if len(asked.types) == 0 {
		return map[string][]string{bus.Log: {event.Subjects(event.FamilyDecision, who)}}, nil
	}
	filters := map[string][]string{}
	for _, name := range asked.types {
		family, ok := event.FamilyOf(event.Name(name))
		if !ok {
			return nil, usagef(t.say("o evento %q não existe; alguns são %v", "there is no event %q; some are %v"), name, event.NamesOf(event.FamilyDecision)[:5])
		}
		stream := streamOf(family)
		filters[stream] = append(filters[stream], event.Subject(family, who, event.Name(name)))
	}
	return filters, nil
}

func streamOf(family event.Family) string {
	switch family {
	case event.FamilyInput:
		return bus.In
	case event.FamilyTick:
		return bus.Timers
	case event.FamilyDecision:
	}
	return bus.Log
}

// tail prints until ctx ends. Streams are read side by side; each is in order.
func (t *terminal) tail(ctx context.Context, js jetstream.JetStream, asked tail, filters map[string][]string) error {
	ctx, cancel := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	records := make(chan record)
	for stream, subjects := range filters {
		source := source{stream: stream, subjects: subjects, since: asked.since}
		group.Go(func() error { return source.read(ctx, js, records) })
	}
	group.Go(func() error {
		defer cancel() // that nothing can be printed ends the reading too
		for {
			select {
			case <-ctx.Done():
				return nil
			case r := <-records:
				if err := t.printRecord(r, asked.output); err != nil {
					return err
				}
			}
		}
	})
	return group.Wait()
}

// printRecord prints an event: as it is, or as one line for a person.
func (t *terminal) printRecord(r record, output format) error {
	if output == asJSON {
		_, err := fmt.Fprintf(t.out, "%s\n", r.body)
		return err
	}
	envelope, _, err := event.Decode(r.body)
	if err != nil {
		_, err := fmt.Fprintf(t.out, "%s  %s\n", r.subject, t.say("não pode ser lido", "cannot be read"))
		return err
	}
	var after event.Snapshot
	if r.state != "" {
		if err := json.Unmarshal([]byte(r.state), &after); err != nil {
			return fmt.Errorf("state after %s: %w", envelope.ID, err)
		}
	}
	if _, err := fmt.Fprint(t.out, t.paint(dim, string(envelope.Subject)), "  "); err != nil {
		return err
	}
	return t.printDecision(envelope, after.Status, after.Stage)
}

func eventNames() []string {
	var names []string
	for _, family := range []event.Family{event.FamilyDecision, event.FamilyInput, event.FamilyTick} {
		for _, name := range event.NamesOf(family) {
			names = append(names, string(name))
		}
	}
	return slices.Clip(names)
}
