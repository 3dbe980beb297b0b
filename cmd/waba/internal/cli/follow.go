package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/cmd/waba/internal/api"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// follower prints a restaurant's decisions as they come, until its run ends or,
// unless it goes on through them, rests.
type follower struct {
	terminal *terminal
	client   *api.Client
	output   format
	through  bool          // goes on through rests
	timeout  time.Duration // 0: none
	opening  bool          // a code was handed in: something new must come of it

	last    api.Status
	refused event.InputRefused // the code that was handed in; zero: it was not refused
	until   time.Time          // when the run goes on by itself
}

// follow prints what is decided after a place in the log, and returns how it ended,
// as an exit code.
func (f *follower) follow(ctx context.Context, id event.RestaurantID, after uint64) error {
	t := f.terminal
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.timeout, errTooLong)
		defer cancel()
	}
	err := f.read(ctx, id, after)
	switch {
	case err == nil || errors.Is(err, errEnough):
	case errors.Is(context.Cause(ctx), errTooLong):
		return &failure{
			exit: exitTimeout, cause: err,
			what: fmt.Sprintf(t.say("%s se passaram, e a integração continua", "%s have passed, and the integration goes on"), f.timeout),
			next: "waba watch " + string(id),
		}
	case errors.Is(err, errFarOff):
		return &failure{
			exit: exitTimeout, cause: err,
			what: t.say("a integração continua sozinha, mas só em ", "the integration goes on by itself, but not before ") + when(f.until),
			next: "waba watch " + string(id),
		}
	case ctx.Err() != nil:
		return &failure{
			exit: exitFailed, cause: err,
			what: t.say("interrompido; a integração continua", "interrupted; the integration goes on"),
			next: "waba watch " + string(id),
		}
	default:
		return t.apiFailure(err)
	}
	return f.outcome()
}

// What ends a stream before its run does.
var (
	errEnough  = errors.New("somebody must act")
	errTooLong = errors.New("time is up")
	errFarOff  = errors.New("nothing will happen in time")
)

// read prints the stream. When a code was handed in after a run had ended, that end
// is not the one that is waited for.
func (f *follower) read(ctx context.Context, id event.RestaurantID, after uint64) error {
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		err := f.client.Follow(ctx, id, after, func(e api.Entry) error { return f.entry(ctx, e) })
		if err != nil || !f.opening || f.last.RestaurantID != "" {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// entry prints a decision and says whether there is nothing more to wait for.
func (f *follower) entry(ctx context.Context, e api.Entry) error {
	f.last = e.Status
	if err := f.print(e); err != nil {
		return err
	}
	if f.opening && e.Type == event.NameInputRefused.Type() {
		var refused event.InputRefused
		if err := json.Unmarshal(e.Data, &refused); err != nil {
			return fmt.Errorf("event %d: %w", e.Seq, err)
		}
		if refused.Input == event.NameOAuthCodeReceived {
			f.refused = refused
			return errEnough
		}
	}
	if f.through {
		return nil
	}
	if e.Status.Status.Resting() {
		return errEnough
	}
	return f.delayed(ctx, e)
}

// delayed says whether the run waits by itself for longer than anybody waits here.
func (f *follower) delayed(ctx context.Context, e api.Entry) error {
	deadline, limited := ctx.Deadline()
	if !limited || e.Type != event.NameStepDelayed.Type() {
		return nil
	}
	var delayed event.StepDelayed
	if err := json.Unmarshal(e.Data, &delayed); err != nil {
		return fmt.Errorf("event %d: %w", e.Seq, err)
	}
	f.until = delayed.Until
	if f.until.After(deadline) {
		return errFarOff
	}
	return nil
}

// outcome prints what it has come to and returns the exit code that says so.
func (f *follower) outcome() error {
	t := f.terminal
	if code := f.refused.Code; code != "" {
		words := errcode.Explain(code).Words(errcode.Lang(t.lang()))
		return &failure{exit: exitConflict, what: words.Text + " (" + string(code) + ")", next: words.Next}
	}
	if f.output == asTable && f.last.RestaurantID != "" {
		if _, err := fmt.Fprintln(t.out); err != nil {
			return err
		}
		if err := printTable(t.out, t.card(f.last)...); err != nil {
			return err
		}
	}
	if code := exitOf(f.last); code != exitOK {
		return errSaid(code)
	}
	return nil
}

// exitOf is what a script learns of a status.
func exitOf(s api.Status) exit {
	if s.Status == event.StatusCompleted && s.Error != nil { // connected as before: what was to renew it has failed
		return exitFailed
	}
	switch s.Status {
	case event.StatusCompleted, event.StatusDisconnected, event.StatusInProgress:
		return exitOK
	case event.StatusAwaiting, event.StatusAction, event.StatusReauth:
		return exitMustAct
	case event.StatusFailed, event.StatusCancelled, event.StatusExpired:
	}
	return exitFailed
}

func (f *follower) print(e api.Entry) error {
	if f.output == asJSON {
		_, err := fmt.Fprintf(f.terminal.out, "%s\n", e.Raw)
		return err
	}
	return f.terminal.printDecision(e.Envelope, e.Status.Status, e.Status.Stage)
}

// printDecision prints an event as one line: when, what, details, where it led.
func (t *terminal) printDecision(e event.Envelope, status event.Status, stage event.Stage) error {
	lang := errcode.Lang(t.lang())
	name := strings.TrimSuffix(strings.TrimPrefix(e.Type, "waba."), ".v1")
	led := errcode.StageLabel(lang, stage)
	if status != event.StatusInProgress {
		led = errcode.StatusLabel(lang, status)
	}
	line := fmt.Sprintf("%s  %s  %-28s  %s",
		t.paint(dim, e.Time.Local().Format("15:04:05.000")),
		t.paint(statusColour(status), fmt.Sprintf("%-24s", name)),
		led,
		t.paint(dim, details(e.Data)))
	_, err := fmt.Fprintln(t.out, strings.TrimRight(line, " "))
	return err
}

func statusColour(s event.Status) colour {
	switch s {
	case event.StatusCompleted:
		return green
	case event.StatusAwaiting, event.StatusAction, event.StatusReauth:
		return yellow
	case event.StatusFailed, event.StatusCancelled, event.StatusExpired:
		return red
	case event.StatusInProgress, event.StatusDisconnected:
	}
	return bold
}

// shownDetails are the parts of an event that say most, in this order.
var shownDetails = []string{"strategy", "outcome", "attempt", "found", "code", "waba_id", "phone_number_id", "display_phone_number", "until"}

// quoted quotes a text that would not read as one word.
func quoted(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == '"' || !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

func details(data json.RawMessage) string {
	var all map[string]any
	if json.Unmarshal(data, &all) != nil {
		return ""
	}
	var shown []string
	for _, key := range shownDetails {
		switch value := all[key].(type) {
		case string:
			if value != "" {
				shown = append(shown, key+"="+quoted(value))
			}
		case float64, bool:
			shown = append(shown, fmt.Sprintf("%s=%v", key, value))
		}
	}
	return strings.Join(shown, " ")
}
