// Package rehearse asks Meta the questions on which our tables rest, and compares
// the answers with what is believed.
//
// A belief is a row of a table: what is asked, what is believed of the answer, where
// that is said and how sure it is. The questions are put by the calls of the
// package meta that an onboarding makes, so that what is compared is what is used.
//
// What callers can rely on:
//
//   - Without [Options.Write] nothing but reading is asked for; code exchanges are
//     asked only with codes and secrets that are made up.
//   - Each question is asked once. What cannot be asked, or is not answered, stays
//     unknown: only an answer of Meta's can differ.
//   - A [Report] holds codes, kinds and names of Meta's, and no id, text, token or
//     secret.
package rehearse
