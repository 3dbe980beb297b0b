// Package metasim is Meta, simulated: an [http.Handler] that answers the calls
// of a WhatsApp onboarding as Meta's Graph API does, error bodies, paging and
// usage headers included, and that keeps a ledger of every request.
//
// Each OAuth code that is exchanged opens a world of its own: a user, a token, a
// business, its WhatsApp Business Accounts and their numbers. Their ids follow
// from the code alone ([IDs]), so two codes never share anything and a test knows
// what to look for. A code "demo-<scenario>", with anything after it, plays that
// scenario ([Scenarios]); any other code plays the scenario "default". A code is
// good once, by its whole text.
//
// Guarantees:
//   - Requests are executed one after another, in the order of the ledger. What a
//     request changed and its ledger entry are one journal line, written before
//     the answer leaves; so after kill -9 everything that was answered is there.
//   - An entry says what was executed, which is not always what was answered: a
//     fault may cut the connection after the work is done.
//   - No code, token, PIN or secret is stored, listed or logged in clear; [KeyOf]
//     is what stands for it.
package metasim
