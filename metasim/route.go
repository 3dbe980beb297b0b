package metasim

import "net/http"

// operation returns what a request asks for, from its method and its path after
// the version. Which node an id names is found out later: [Server.resolve].
func operation(method string, path []string) Op {
	get, post := method == http.MethodGet, method == http.MethodPost
	switch len(path) {
	case 1:
		switch {
		case path[0] == "debug_token" && get:
			return OpDebugToken
		case path[0] == "me" && get:
			return OpMe
		case path[0] == "whatsapp_business_accounts" && post:
			return OpCreate2D
		case parseID(path[0]) != 0 && get:
			return OpUnknownNode
		case parseID(path[0]) != 0 && post:
			return OpSetPIN
		case parseID(path[0]) != 0:
			return OpUnknownEdge
		}
	case 2:
		if op := operationPair(method, path[0], path[1]); op != OpAny {
			return op
		}
		if path[0] == "me" || parseID(path[0]) != 0 {
			return OpUnknownEdge
		}
	}
	return OpUnknownPath
}

// operationPair returns the operation of a path of two parts, or OpAny.
func operationPair(method, first, edge string) Op {
	get, post := method == http.MethodGet, method == http.MethodPost
	switch {
	case first == "dialog" && edge == "oauth" && get:
		return OpDialog
	case first == "dialog" && edge == "oauth" && post:
		return OpDialogAnswer
	case first == "oauth" && edge == "access_token" && (get || post):
		return OpExchange
	case first == "me" && edge == "businesses" && get:
		return OpBusinesses
	case first == "me" && edge == "accounts" && get:
		return OpPages
	case parseID(first) == 0:
		return OpAny
	}
	return edges[edgeKey{method, edge}]
}

type edgeKey struct{ method, edge string }

var edges = map[edgeKey]Op{
	{http.MethodGet, "owned_whatsapp_business_accounts"}:  OpOwned,
	{http.MethodGet, "client_whatsapp_business_accounts"}: OpClient,
	{http.MethodPost, "client_whatsapp_applications"}:     OpCreate2A,
	{http.MethodPost, "whatsapp_business_accounts"}:       OpCreate2B,
	{http.MethodPost, "applications"}:                     OpCreate2C,
	{http.MethodGet, "phone_numbers"}:                     OpPhoneNumbers,
	{http.MethodPost, "subscribed_apps"}:                  OpSubscribe,
	{http.MethodGet, "subscribed_apps"}:                   OpSubscribedApps,
	{http.MethodDelete, "subscribed_apps"}:                OpUnsubscribe,
	{http.MethodPost, "register"}:                         OpRegister,
	{http.MethodPost, "deregister"}:                       OpDeregister,
	{http.MethodPost, "request_code"}:                     OpRequestCode,
	{http.MethodPost, "verify_code"}:                      OpVerifyCode,
}

// need is what a call must bring.
type need struct {
	kind nodeKind // of the id in its path; kindNone: there is none, or any will do
	all  []string // permissions
	any  []string
}

var needs = [opCount]need{
	OpBusinesses:     {all: []string{scopeBusiness}},
	OpOwned:          {kind: kindBusiness, any: []string{scopeManagement, scopeBusiness}},
	OpClient:         {kind: kindBusiness, any: []string{scopeManagement, scopeBusiness}},
	OpPages:          {all: []string{scopePages}},
	OpPage:           {kind: kindPage, any: []string{scopePages, scopePagesRead}},
	OpBusiness:       {kind: kindBusiness},
	OpWABA:           {kind: kindWABA, all: []string{scopeManagement}},
	OpPhoneNumbers:   {kind: kindWABA, all: []string{scopeManagement}},
	OpPhone:          {kind: kindPhone, all: []string{scopeManagement}},
	OpCreate2A:       {kind: kindBusiness},
	OpCreate2B:       {kind: kindBusiness},
	OpCreate2C:       {kind: kindBusiness},
	OpSubscribe:      {kind: kindWABA, all: []string{scopeManagement}},
	OpSubscribedApps: {kind: kindWABA, all: []string{scopeManagement}},
	OpUnsubscribe:    {kind: kindWABA, all: []string{scopeManagement}},
	OpRegister:       {kind: kindPhone, all: []string{scopeManagement, scopeMessaging}},
	OpDeregister:     {kind: kindPhone, all: []string{scopeManagement, scopeMessaging}},
	OpSetPIN:         {kind: kindPhone, all: []string{scopeManagement}},
	OpRequestCode:    {kind: kindPhone, all: []string{scopeManagement}},
	OpVerifyCode:     {kind: kindPhone, all: []string{scopeManagement}},
}

// handlers do the work of each operation, for a caller who may ask for it.
var handlers = [opCount]func(*Server, *call) answer{
	OpDialog:         (*Server).dialog,
	OpDialogAnswer:   (*Server).dialogAnswer,
	OpExchange:       (*Server).exchange,
	OpDebugToken:     (*Server).debugToken,
	OpClientBusiness: (*Server).me,
	OpMe:             (*Server).me,
	OpBusinesses:     (*Server).businesses,
	OpOwned:          (*Server).ownedAccounts,
	OpClient:         (*Server).clientAccounts,
	OpPages:          (*Server).pages,
	OpPage:           (*Server).page,
	OpBusiness:       (*Server).business,
	OpWABA:           (*Server).wabaNode,
	OpPhoneNumbers:   (*Server).phoneNumbers,
	OpPhone:          (*Server).phone,
	OpCreate2A:       (*Server).create,
	OpCreate2B:       (*Server).create,
	OpCreate2C:       (*Server).create,
	OpCreate2D:       (*Server).create,
	OpSubscribe:      (*Server).subscribe,
	OpSubscribedApps: (*Server).subscribedApps,
	OpUnsubscribe:    (*Server).unsubscribe,
	OpRegister:       (*Server).register,
	OpDeregister:     (*Server).deregister,
	OpSetPIN:         (*Server).setPIN,
	OpRequestCode:    (*Server).requestCode,
	OpVerifyCode:     (*Server).verifyCode,
	OpUnknownNode:    (*Server).unknown,
	OpUnknownEdge:    (*Server).unknown,
	OpUnknownPath:    (*Server).unknown,
}
