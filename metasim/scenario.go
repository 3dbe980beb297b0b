package metasim

import (
	"slices"
	"strings"
)

// Ending is what becomes of a run that meets a scenario, in the words of the
// answers that an onboarding gives.
type Ending string

// The endings.
const (
	EndsFinished       Ending = "finished"
	EndsAwaiting       Ending = "awaiting_waba_creation"
	EndsActionRequired Ending = "action_required"
	EndsCodeRefused    Ending = "code_refused"
	EndsTokenDead      Ending = "token_dead"
	EndsForeignApp     Ending = "foreign_app"
	EndsUnsuitable     Ending = "token_unsuitable"
	EndsNoPermission   Ending = "permission_missing"
	EndsRateLimited    Ending = "rate_limited" // and finishes when it is tried again
	EndsBlocked        Ending = "blocked"
	EndsMetaDown       Ending = "meta_down"
	EndsMisconfigured  Ending = "misconfigured"
	EndsUnknown        Ending = "unknown_outcome" // of a call that cannot be repeated
	EndsHintRefused    Ending = "hint_refused"    // what Embedded Signup has named is not the token's
)

// Scenario is a way in which Meta can behave towards one code.
type Scenario struct {
	Name string `json:"name"`
	PT   string `json:"pt_br"` // what happens, in Portuguese
	EN   string `json:"en"`    // what happens, in English
	Ends Ending `json:"ends"`
	Then string `json:"then,omitempty"` // what is asked for after that: [ThenDisconnect], [ThenChoose]

	shape  shape
	signup signup
	faults []fault
}

// DefaultScenario is what a code that names no scenario plays.
const DefaultScenario = "default"

const codePrefix = "demo-"

// Scenarios lists every scenario, in the order in which they are best shown.
func Scenarios() []Scenario { return slices.Clone(scenarios) }

// Code returns a code that plays the scenario. A suffix makes it a fresh one.
func (s Scenario) Code(suffix string) string {
	if suffix == "" {
		return codePrefix + s.Name
	}
	return codePrefix + s.Name + "-" + suffix
}

// scenarioOf returns the scenario that a code plays: the longest name that
// follows "demo-", else the default.
func scenarioOf(code string) *Scenario {
	best := scenarioByName[DefaultScenario]
	rest, ok := strings.CutPrefix(code, codePrefix)
	if !ok {
		return best
	}
	length := 0
	for i := range scenarios {
		name := scenarios[i].Name
		after, named := strings.CutPrefix(rest, name)
		if named && len(name) > length && (after == "" || after[0] == '-') {
			best, length = &scenarios[i], len(name)
		}
	}
	return best
}

var scenarioByName = func() map[string]*Scenario {
	byName := make(map[string]*Scenario, len(scenarios))
	for i := range scenarios {
		byName[scenarios[i].Name] = &scenarios[i]
	}
	return byName
}()

// Permissions.
const (
	scopeManagement = "whatsapp_business_management"
	scopeMessaging  = "whatsapp_business_messaging"
	scopeEvents     = "whatsapp_business_manage_events"
	scopeBusiness   = "business_management"
	scopePages      = "pages_show_list"
	scopePagesRead  = "pages_read_engagement"
	scopeProfile    = "public_profile"
)

var (
	briefScopes    = []string{scopeManagement, scopeMessaging, scopePages, scopePagesRead, scopeProfile}
	businessScopes = append(slices.Clone(briefScopes), scopeBusiness)
)

// place says through what an account can be found.
type place uint8

const (
	placeOwned   place = iota // the business's own accounts
	placeClient               // the business's client accounts
	placeNowhere              // only by knowing its id
)

// grant says what debug_token tells of the token's objects.
type grant uint8

const (
	grantAll       grant = iota // scopes without target_ids: they hold for every object
	grantTargets                // the accounts, under whatsapp_business_management
	grantDrift                  // the accounts, under whatsapp_business_manage_events only
	grantAsNumbers              // the accounts, as JSON numbers
)

// shape is how a scenario's world is made. The zero shape is a business without
// any account, seen through a business token.
type shape struct {
	accounts int // that are there from the start
	numbers  int // of each account
	place    place

	userToken  bool     // a person's token: no client_business_id
	scopes     []string // briefScopes when nil
	businesses int      // that /me/businesses lists
	pages      bool     // a page leads to the business
	grant      grant
	foreignApp bool
	tokenType  string // in place of what the token is
	dead       bool   // debug_token: is_valid false
	pageCap    int    // rows to a page, whatever the limit; and the first page of accounts is empty
	largeIDs   bool

	exchange *graphError
	creates  Op
	// showsAfter is the look at which a created account shows; below 0: never.
	showsAfter int

	connected          bool
	coexistence        bool
	pinSet             bool
	unverified         bool
	pendingReads       int
	spentRegistrations int

	// words replace what a number's fields say, for the first wordsReads looks at it
	// (0: for ever).
	words      map[string]string
	wordsReads int
	subscribed bool // our app is, from the start
	otherApp   bool // another app is
}

// existing is one account with one number to register, owned by the business.
var existing = shape{accounts: 1, numbers: 1}

// with returns the shape after the changes.
func (s shape) with(change func(*shape)) shape {
	change(&s)
	return s
}
