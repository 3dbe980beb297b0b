// Package meta is the client of Meta's Graph API: the calls that an onboarding
// makes, and what can go wrong with them.
//
// What callers can rely on:
//
//   - Every failure of a call is an [*Error] whose class says what to do. It holds
//     no URL, token, code or text of Meta's. [event.ClassUnreachable] is said only
//     when the request was surely not sent; whatever was sent and came back
//     unreadable is [event.ClassUnanswered], and then it may have happened.
//   - Nothing is retried here, and no call that changes something is sent twice by
//     the transport underneath. A code exchange has a connection of its own, since
//     Go sends a GET again when a kept-alive connection breaks.
//   - Redirects and paging links are never followed. An answer is at most 1 MiB of
//     JSON with no key twice; ids are digits and are taken exactly, as strings or
//     as numbers of any size.
//   - What Meta says of its limits, in headers and errors, keeps back the calls that
//     the limit is about: of the app, of a user, of an account, of a number. Such a
//     call is not made, and fails with [event.ClassRateLimit] and a time.
//   - Tokens go in the Authorization header, with appsecret_proof.
//
// A [Client] may be used by several goroutines at once.
package meta
