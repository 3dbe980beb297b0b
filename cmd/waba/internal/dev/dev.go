// Package dev runs everything in one process, on loopback: the three services, an
// embedded NATS server, SQLite and a simulated Meta. What the environment sets is
// used; what it leaves unset gets a value that works with the rest.
//
// The parts are opened in this order and closed in the opposite one: data folder,
// listeners, telemetry, bus and database, simulator, auditlog, onboarding,
// gateway. So nothing is accepted that could not be worked on, and what was
// accepted is written down before the bus goes.
package dev

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/errcode"
)

// Options are the flags.
type Options struct {
	HTTP, Admin, NATS, Simulator config.Addr // on loopback; port 0 picks one

	DataDir   string
	Reset     bool   // begin with an empty data folder
	Graph     string // use this Graph API in place of the simulator
	ReadyFile string // written once everything answers; empty: none

	Getenv  func(string) string
	Stderr  io.Writer // logs go here
	Version string
	Lang    errcode.Lang // of [Ready.Warnings]

	// Stopping, if not nil, is called once it has begun to stop.
	Stopping func()
}

// graph returns the Graph API that was asked for; empty: the simulator.
func (o Options) graph() string {
	if o.Graph != "" {
		return o.Graph
	}
	return o.Getenv("META_GRAPH_API_BASE")
}

// Ready is what runs once everything answers.
type Ready struct {
	Addresses
	DatabaseKind string // SQLite or PostgreSQL
	Database     string // path or address, without credentials
	Open         bool   // callers on loopback need no credential
	Embedded     bool   // the bus runs in this process
	Missing      uint64 // decisions that the database had lost; their rows are written again
	Warnings     []string
}

// stopWithin is how long everything together may take to come to its end.
const stopWithin = 9 * time.Second

// ErrUnfinished says that it has stopped as it should, but had to cut a call at Meta
// that took too long: its step is resumed at the next start.
var ErrUnfinished = errors.New("a call at Meta was cut; its step is resumed at the next start")

// Run runs until ctx ends, then lets what is in hand finish, for at most ten
// seconds, and cuts what has not: [ErrUnfinished]. It calls ready once everything
// answers. Errors that a person can do something about are of the types
// [BusyError], [InUseError], [NotLoopbackError], [keys.UnpairedError],
// [keys.BrokenError] and [config.Error].
func Run(ctx context.Context, o Options, ready func(Ready)) error {
	p := &process{options: o, folder: folder(o.DataDir), at: Addresses{PID: os.Getpid()}, giveUp: make(chan struct{})}
	err := p.open(ctx)
	if err == nil {
		err = p.work(ctx, ready)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil // stopped while it started
	}
	if err := errors.Join(err, p.close(ctx)); err != nil || !p.unfinished {
		return err
	}
	return ErrUnfinished
}
