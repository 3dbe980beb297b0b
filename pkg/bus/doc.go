// Package bus is everything that the services say to NATS JetStream: the streams
// and consumers, who may do what, the restaurant's log with its fence, inputs,
// timers and sealed secrets; and a Watermill publisher and subscriber on top.
//
// Invariants:
//   - The log (stream WABA) is written by onboarding alone, and every write is
//     fenced by the restaurant's head that was read before it. All writers use the
//     same fence string. A lost race is [ErrLost]: look at the head again.
//   - Heads and inputs are read from the stream's leader, never from a replica:
//     the streams do not allow direct gets.
//   - A message is acknowledged after the work is durable, never before.
//   - Only streams of timers allow schedules; a gateway cannot publish there.
//   - A service asks for no more messages than it can start on; those at work are
//     kept by heartbeats. What came of a message is said in one place, [Settle].
//
// What happens at each failure:
//   - a handler fails: again after a wait that doubles, or as long as it says;
//   - it can never succeed: indexed in WABA_DEAD, durably, then terminated; while
//     the index cannot be reached the message is tried again;
//   - it panics or takes too long: an error like any other;
//   - the process dies, or an acknowledgement is lost: again after AckWait;
//   - the server restarts or the consumer is gone: the subscription asks again;
//   - the connection is lost: every publish fails at once, none is kept for later.
package bus
