// Package machine is the pure core: every rule of an onboarding, and nothing
// else. It does no I/O, reads no clock and starts no goroutine.
//
// A restaurant's [State] says in its [Todo] what is to be done now: one effect, a
// wait until a time, or nothing. Something happens: an [Input], a [Tick], or the
// [Outcome] of the effect. [Next] answers with the decision to record and the
// state after it.
//
// Read it in this order: rules.go (which decision may lead where), verdicts.go
// (what an error of Meta leads to), effects.go (what a done effect leads to),
// creation.go and polling.go (making an account, and waiting until it shows),
// phone.go (its number), inputs.go (what a request leads to), choose.go (one of several), renewal.go (a restaurant that is connected already), rests.go (waiting
// for people). docs/states.md is drawn from the tables.
package machine

//go:generate go test -run ^TestTheDocumentIsDrawnFromTheTables$ -update .
