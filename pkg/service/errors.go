package service

import "github.com/waba-platform/onboarding/pkg/config"

// Part is what a process stands on.
type Part string

// The parts.
const (
	PartBus      Part = "bus"
	PartDatabase Part = "database"
)

// OpenError says which part could not be opened.
type OpenError struct {
	Part Part
	Err  error
}

// Error implements error.
func (e *OpenError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Err }

// ListenError says which variable has an address that cannot be listened on.
type ListenError struct {
	Variable string
	Addr     config.Addr
	Err      error
}

// Error implements error.
func (e *ListenError) Error() string { return e.Variable + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ListenError) Unwrap() error { return e.Err }
