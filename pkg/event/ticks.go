package event

// A tick says that a wait is over. The NATS server publishes it when the
// schedule is due; it may come twice. Number is the restaurant's decision number
// when the wait began: a tick of another wait says nothing.

// PollTick ends the wait between two polls.
//
// Produced by: the NATS server. Consumed by: onboarding, auditlog.
type PollTick struct {
	Number uint64 `json:"number"`
}

// StepTick ends the wait before a step is tried again.
//
// Produced by: the NATS server. Consumed by: onboarding, auditlog.
type StepTick struct {
	Number uint64 `json:"number"`
}

// RetryTick ends a rest: a run that waits for a person looks again by itself.
//
// Produced by: the NATS server. Consumed by: onboarding, auditlog.
type RetryTick struct {
	Number uint64 `json:"number"`
}

// TickNumber returns the number of the wait that a tick ends.
func TickNumber(e Event) (number uint64, ok bool) {
	switch t := e.(type) {
	case PollTick:
		return t.Number, true
	case StepTick:
		return t.Number, true
	case RetryTick:
		return t.Number, true
	}
	return 0, false
}
