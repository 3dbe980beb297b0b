package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// drained is a round of as many onboardings as can be done.
type drained struct {
	onboardings int
	took        time.Duration
	cpu         time.Duration // of the waba process; 0: not known
}

// drain posts codes from 64 posters as fast as they are taken, at most n of them and
// for at most so long, and waits until all of them are ready, rows included.
func drain(ctx context.Context, sys *system, w *watch, n int, most time.Duration) (drained, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	cpu, noCPU := cpuOf(sys.pid())
	began := time.Now()
	var next, posted atomic.Int64
	var group sync.WaitGroup
	for range posters {
		group.Go(func() {
			for next.Add(1) <= int64(n) && time.Since(began) < most && ctx.Err() == nil {
				answer, err := sys.post(ctx, true)
				if err = errors.Join(err, answer.must(http.StatusAccepted)); err != nil {
					fail(fmt.Errorf("post: %w", err))
					return
				}
				posted.Add(1)
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return drained{}, context.Cause(ctx)
	}
	d := drained{onboardings: int(posted.Load())}
	if err := w.await(ctx, int(sys.accepted.Load())); err != nil {
		return drained{}, err
	}
	d.took = time.Since(began)
	if after, err := cpuOf(sys.pid()); err == nil && noCPU == nil {
		d.cpu = after - cpu
	}
	return d, nil
}

// atRate calls do n times, one every so often whether the last has returned or not,
// and waits for all. The first error is returned.
func atRate(ctx context.Context, n int, every time.Duration, do func(ctx context.Context, i int) error) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var group sync.WaitGroup
	for i := range n {
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			if err := do(ctx, i); err != nil {
				fail(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// latencies are those of one round, each in order of posting.
type latencies struct {
	bare  []time.Duration // Meta's answers alone
	ready []time.Duration // POST to 200
	audit []time.Duration // WabaReady to its row
	taken []time.Duration // POST to 202
}

// pace measures latencies at a steady rate.
func pace(ctx context.Context, sys *system, w *watch, b *bare, p plan, round int) (latencies, error) {
	l := latencies{
		bare:  make([]time.Duration, p.samples),
		ready: make([]time.Duration, p.samples),
		taken: make([]time.Duration, p.samples),
	}
	err := atRate(ctx, p.samples, p.every, func(ctx context.Context, i int) (err error) {
		l.bare[i], err = b.run(ctx, fmt.Sprintf("demo-creates-2b-bare-%s-%d-%d", sys.tag, round, i))
		return err
	})
	if err != nil {
		return l, err
	}
	restaurants := make([]string, p.samples)
	err = atRate(ctx, p.samples, p.every, func(ctx context.Context, i int) error {
		answer, err := sys.post(ctx, false)
		l.ready[i], restaurants[i] = answer.took, answer.restaurant
		return errors.Join(err, answer.must(http.StatusOK))
	})
	if err != nil {
		return l, fmt.Errorf("post and wait: %w", err)
	}
	if err := w.await(ctx, int(sys.accepted.Load())); err != nil {
		return l, err
	}
	for _, restaurant := range restaurants {
		if delay, ok := w.delayOf(restaurant); ok {
			l.audit = append(l.audit, delay)
		}
	}
	err = atRate(ctx, p.samples, p.every, func(ctx context.Context, i int) error {
		answer, err := sys.post(ctx, true)
		l.taken[i] = answer.took
		return errors.Join(err, answer.must(http.StatusAccepted))
	})
	if err != nil {
		return l, fmt.Errorf("post: %w", err)
	}
	return l, w.await(ctx, int(sys.accepted.Load()))
}

// rate returns onboardings a second.
func (d drained) rate() float64 { return float64(d.onboardings) / d.took.Seconds() }

// cpuEach returns milliseconds of CPU for each; NaN when they are not known.
func (d drained) cpuEach() float64 {
	if d.cpu == 0 {
		return math.NaN()
	}
	return milliseconds(float64(d.cpu)) / float64(d.onboardings)
}
