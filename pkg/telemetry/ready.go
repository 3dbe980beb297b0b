package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

const (
	checkTimeout = 2 * time.Second
	readyFor     = time.Second
)

// Check asks one dependency whether it can be used. Run should return soon
// after ctx ends. Its error is logged and not shown to whoever asks, but for a
// [Reason] or a [Warning].
type Check struct {
	Name string // stable, snake_case: it stands in answers and logs
	Run  func(ctx context.Context) error
}

// Reason is an error of a check in fixed words that whoever asks is shown.
type Reason string

// Error implements error.
func (r Reason) Error() string { return string(r) }

// Warning is an error of a check in fixed words that whoever asks is shown, and that
// does not make the process unready: somebody must act, but not now.
type Warning string

// Error implements error.
func (w Warning) Error() string { return string(w) }

// report is the answer of /readyz.
type report struct {
	Ready  bool     `json:"ready"`
	Checks []result `json:"checks"`
}

// result is what came of one check. Reason is one of a few fixed words.
type result struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
}

// readiness runs checks, at most once a second however many ask.
type readiness struct {
	logger *slog.Logger
	probes []*probe

	turn chan struct{} // holds a token while somebody uses what follows
	last report
	at   time.Time // when last was found; zero before the first
}

func newReadiness(logger *slog.Logger, checks []Check) *readiness {
	r := &readiness{logger: logger, turn: make(chan struct{}, 1)}
	for _, check := range checks {
		r.probes = append(r.probes, &probe{check: check, running: make(chan struct{}, 1)})
	}
	return r
}

// ask returns a report that is not older than a second. Whoever asks while the
// checks run waits for the same report; one who hangs up does not end them.
func (r *readiness) ask(ctx context.Context) report {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	if !r.at.IsZero() && time.Since(r.at) < readyFor {
		return r.last
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	results, errs := make([]result, len(r.probes)), make([]error, len(r.probes))
	var group sync.WaitGroup
	for i, p := range r.probes {
		group.Go(func() {
			errs[i] = p.ask(ctx)
			results[i] = result{Name: p.check.Name, OK: passes(errs[i]), Reason: reason(errs[i])}
		})
	}
	group.Wait()
	found := report{Ready: true, Checks: results}
	for i, result := range results {
		found.Ready = found.Ready && result.OK
		r.logChange(ctx, i, result, errs[i])
	}
	r.last, r.at = found, time.Now()
	return found
}

// logChange logs a check's result when it is not the one before.
func (r *readiness) logChange(ctx context.Context, i int, now result, err error) {
	before := result{Name: now.Name, OK: true}
	if !r.at.IsZero() {
		before = r.last.Checks[i]
	}
	switch {
	case now == before:
	case now.OK && err != nil:
		r.logger.WarnContext(ctx, "readiness check warns", "check", now.Name, "reason", now.Reason)
	case now.OK:
		r.logger.InfoContext(ctx, "readiness check passes again", "check", now.Name)
	default:
		r.logger.WarnContext(ctx, "readiness check fails", "check", now.Name, "reason", now.Reason, "error", err)
	}
}

func passes(err error) bool {
	_, warns := errors.AsType[Warning](err)
	return err == nil || warns
}

var errStillRunning = errors.New("the check before is still running")

func reason(err error) string {
	if shown, ok := errors.AsType[Reason](err); ok {
		return string(shown)
	}
	if warning, ok := errors.AsType[Warning](err); ok {
		return string(warning)
	}
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return "timed out"
	case errors.Is(err, errStillRunning):
		return "still running"
	default:
		return "failed"
	}
}

// probe runs a check at most once at a time, even one that does not heed its context.
type probe struct {
	check   Check
	running chan struct{} // holds a token while the check runs
}

// ask returns when the check does, or when ctx ends.
func (p *probe) ask(ctx context.Context) error {
	select {
	case p.running <- struct{}{}:
	default:
		return errStillRunning
	}
	done := make(chan error, 1)
	go func() {
		err := p.check.Run(ctx)
		<-p.running
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
