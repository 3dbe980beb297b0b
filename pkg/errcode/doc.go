// Package errcode is the catalogue of errors: what each error of Meta means
// ([Classify], by code and call, never by text), and for each code of ours what
// to tell the restaurant, in Portuguese and in English, who acts next and how,
// and with which HTTP status it is answered.
//
// It imports only the standard library and the events. Everything in it is
// constant and may be used by several goroutines at once.
package errcode
