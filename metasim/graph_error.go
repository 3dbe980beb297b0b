package metasim

import (
	"net/http"
	"strconv"
)

// graphError is an answer that refuses, as the Graph API words it.
type graphError struct {
	status    int
	code      int
	subcode   int
	kind      string // Meta's "type"; OAuthException when empty
	message   string
	title     string // error_user_title
	details   string // error_data.details, on WhatsApp edges
	transient bool
	challenge string // WWW-Authenticate's reason
}

const graphMethod = "GraphMethodException"

// body returns the JSON of the error.
func (e *graphError) body(trace string) []byte {
	inner := newObject()
	inner.text("message", e.message)
	kind := e.kind
	if kind == "" {
		kind = "OAuthException"
	}
	inner.text("type", kind)
	inner.number("code", int64(e.code))
	if e.subcode != 0 {
		inner.number("error_subcode", int64(e.subcode))
	}
	if e.title != "" {
		inner.text("error_user_title", e.title)
		inner.text("error_user_msg", e.message)
	}
	if e.transient {
		inner.truth("is_transient", true)
	}
	if e.details != "" {
		data := newObject()
		data.text("messaging_product", "whatsapp")
		data.text("details", e.details)
		inner.raw("error_data", string(data.end()))
	}
	inner.text("fbtrace_id", trace)
	outer := newObject()
	outer.raw("error", string(inner.end()))
	return outer.end()
}

// Errors that more than one operation answers with.

func errInvalid(what string) *graphError {
	return &graphError{status: http.StatusBadRequest, code: 100, message: "(#100) " + what}
}

func errUnknownField(field string, kind nodeKind) *graphError {
	return errInvalid("Tried accessing nonexisting field (" + field + ") on node type (" + nodeTypes[kind] + ")")
}

// errNotFound is ambiguous on purpose, as Meta's is: the object is missing, or
// foreign, or has no such edge.
func errNotFound(method, id string) *graphError {
	verb := "get"
	if method != http.MethodGet {
		verb = "post"
	}
	return &graphError{
		status: http.StatusBadRequest, code: 100, subcode: 33, kind: graphMethod,
		message: "Unsupported " + verb + " request. Object with ID '" + id +
			"' does not exist, cannot be loaded due to missing permissions, or does not support this operation.",
	}
}

func errUnknownPath(path string) *graphError {
	return &graphError{status: http.StatusBadRequest, code: 2500, message: "Unknown path components: /" + path}
}

func errPermission(permission string) *graphError {
	return &graphError{status: http.StatusForbidden, code: 200, message: "(#200) Requires " + permission + " permission."}
}

func errDenied() *graphError {
	return &graphError{
		status: http.StatusForbidden, code: 200, subcode: 1349174, title: "Permission Denied",
		message: "(#200) You do not have the necessary permissions for this resource.",
	}
}

func errToken(status, subcode int, why string) *graphError {
	return &graphError{
		status: status, code: 190, subcode: subcode, challenge: "invalid_token",
		message: "Error validating access token: " + why,
	}
}

// errWhatsApp is an error of the WhatsApp edges: the details say what is wrong.
func errWhatsApp(code int, title, details string) *graphError {
	return &graphError{
		status: http.StatusBadRequest, code: code, details: details,
		message: "(#" + strconv.Itoa(code) + ") " + title,
	}
}
