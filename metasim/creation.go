package metasim

import (
	"slices"
	"strings"
)

const (
	accountName  = "WhatsApp Business Account"
	appName      = "WhatsApp Business App"
	categoryB2C  = "BUSINESS_TO_CUSTOMER"
	categoryApp  = "BUSINESS"
	namespaceTag = "whatsapp_"
)

// create answers the four creation calls. A body that is not the plan's is
// refused as an invalid parameter, whatever the scenario; then the scenario's own
// call creates an account, each time that it is made, and the others are refused
// as Meta refuses them today.
func (s *Server) create(c *call) answer {
	if problem := checkCreation(c); problem != "" {
		return refused(errInvalid(problem))
	}
	w := c.world
	if !w.has(scopeManagement) {
		return refused(errPermission(scopeManagement))
	}
	if w.scenario.shape.creates != c.op {
		return refused(refusedCreation(c))
	}
	s.change(c, change{Kind: changeCreated, Op: c.op})
	if c.err != nil {
		return answer{}
	}
	c.executed = true
	c.node.waba = w.wabas[len(w.wabas)-1]
	o := newObject()
	o.text("id", idText(c.node.waba.id))
	if c.op == OpCreate2B {
		o.text("payment_account_id", idText(w.id(kindPayment, c.node.waba.index)))
	}
	return found(o.end())
}

// refusedCreation is Meta's answer of today.
func refusedCreation(c *call) *graphError {
	switch c.op {
	case OpCreate2B:
		return errDenied()
	case OpCreate2D:
		return errUnknownPath(c.path[0])
	default:
		return errNotFound(c.request.Method, c.path[0])
	}
}

// checkCreation returns what is wrong with the body, or "".
func checkCreation(c *call) string {
	body := c.json
	if body == nil {
		return "a JSON object is needed"
	}
	switch c.op {
	case OpCreate2A:
		request, ok := body["waba_creation_request"].(map[string]any)
		if !ok {
			return "waba_creation_request must be an object"
		}
		if problem := checkKeys(body, "app_name", "waba_creation_request"); problem != "" {
			return problem
		}
		if problem := checkKeys(request, "business_manager_id", "category"); problem != "" {
			return problem
		}
		return firstWrong(
			must(body, "app_name", accountName),
			must(request, "business_manager_id", c.path[0]),
			must(request, "category", categoryB2C))
	case OpCreate2B:
		if problem := checkKeys(body, "name", "category"); problem != "" {
			return problem
		}
		return firstWrong(must(body, "name", accountName), must(body, "category", categoryB2C))
	case OpCreate2C:
		if problem := checkKeys(body, "name", "namespace", "category"); problem != "" {
			return problem
		}
		return firstWrong(must(body, "name", appName), mustBeNamespace(body), must(body, "category", categoryApp))
	default:
		if problem := checkKeys(body, "business_manager_id", "name", "category"); problem != "" {
			return problem
		}
		return firstWrong(
			must(body, "business_manager_id", idText(c.world.businessID(0))),
			must(body, "name", accountName),
			must(body, "category", categoryB2C))
	}
}

func checkKeys(body map[string]any, names ...string) string {
	for _, name := range names {
		if _, ok := body[name]; !ok {
			return "The parameter " + name + " is required"
		}
	}
	for name := range body {
		if !slices.Contains(names, name) {
			return "Unexpected parameter"
		}
	}
	return ""
}

func must(body map[string]any, name, want string) string {
	if got, ok := body[name].(string); !ok || got != want {
		return "The parameter " + name + " is not valid"
	}
	return ""
}

func mustBeNamespace(body map[string]any) string {
	text, _ := body["namespace"].(string)
	stamp, ok := strings.CutPrefix(text, namespaceTag)
	if !ok || stamp == "" || strings.Trim(stamp, "0123456789") != "" {
		return "The parameter namespace is not valid"
	}
	return ""
}

func firstWrong(problems ...string) string {
	for _, problem := range problems {
		if problem != "" {
			return problem
		}
	}
	return ""
}
