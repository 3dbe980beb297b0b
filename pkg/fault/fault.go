// Package fault says what must become of a message whose handling failed.
package fault

import (
	"errors"
	"time"
)

// Permanent is an error that happens again however often the work is tried.
// The bus terminates the message and keeps it for a person to look at.
type Permanent struct {
	Reason string // stable, for metrics and for the dead letter
	Err    error
}

// Error implements error.
func (e *Permanent) Error() string { return e.Reason + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Permanent) Unwrap() error { return e.Err }

// Later is an error that means: not now. It is no failure.
type Later struct {
	After  time.Duration // how long to wait before the next try
	Reason string        // stable, for metrics
}

// Error implements error.
func (e *Later) Error() string { return "later: " + e.Reason }

// Verdict is what becomes of a message.
type Verdict string

// The verdicts.
const (
	Ack   Verdict = "ack"   // done
	Retry Verdict = "retry" // again, after a while
	Term  Verdict = "term"  // never again: a dead letter
)

// Settle returns the verdict for a handler's error, and how long to wait when
// the verdict is [Retry]; 0 leaves the wait to the bus. An error of no known type
// is retried: losing work is worse than doing it twice.
func Settle(err error) (Verdict, time.Duration) {
	if err == nil {
		return Ack, 0
	}
	if _, ok := errors.AsType[*Permanent](err); ok {
		return Term, 0
	}
	if later, ok := errors.AsType[*Later](err); ok {
		return Retry, later.After
	}
	return Retry, 0
}
