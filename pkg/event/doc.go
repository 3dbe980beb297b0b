// Package event holds every event of the system: its Go type, its name, its
// subject and its CloudEvents envelope. It does no I/O and imports only the
// standard library, so that any service may read the history of any other.
//
// There are three families. An input is what somebody asks for, a tick is a
// wait that has ended, and a decision is what the state machine made of them.
// Only decisions are the truth: the last one of a restaurant carries, in the
// header [StateHeader], the whole state after it.
package event
