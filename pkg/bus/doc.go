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
package bus
