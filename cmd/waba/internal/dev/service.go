package dev

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// running is a service at work, beside others, in one process. Its context ends
// by [running.stop] alone, so that the services can be stopped in order.
type running struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
	err    error // once done
}

// start begins a service. ended, which must have room, hears of it when the
// service ends, for whatever reason.
func start(ctx context.Context, name string, run func(context.Context) error, ended chan<- *running) *running {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{name: name, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer cancel()
		if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			r.err = fmt.Errorf("%s: %w", name, err)
		}
		close(r.done)
		ended <- r
	}()
	return r
}

// failure says that a service has ended that nobody has stopped. Where it has a
// reason, [running.stop] tells that.
func (r *running) failure() error {
	<-r.done
	if r.err == nil {
		return fmt.Errorf("%s has ended", r.name)
	}
	return nil
}

// stop ends the service and waits for it, as long as patience lasts.
func (r *running) stop(patience time.Duration) error {
	r.cancel()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-r.done:
		return r.err
	case <-timer.C:
		return fmt.Errorf("%s did not stop within %s", r.name, patience)
	}
}
