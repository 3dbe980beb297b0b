package httpapi

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/rows"
)

const (
	standardPage = 50
	longestPage  = 200
	longestQuery = 200
)

const listPath = "/api/whatsapp/integrations"

// integrationRoutes registers what stands around the five endpoints.
func (s *Server) integrationRoutes() {
	one := "/api/whatsapp/integrations/{restaurant_id}"
	paging := []parameter{
		{name: "limit", doc: "1 to 200; 50 when unset."},
		{name: "cursor", doc: "next_cursor of the page before."},
	}
	s.serve(endpoint{
		method: http.MethodGet, path: listPath, id: "listIntegrations", scope: auth.ScopeRead,
		summary: "The integrations, newest first.", data: page[statusDocument]{},
		query: append([]parameter{
			{name: "status", doc: "Only this status.", values: texts(event.Statuses)},
			{name: "stage", doc: "Only this stage.", values: texts(event.Stages)},
			{name: "strategy", doc: "Only this strategy.", values: texts(event.Strategies)},
			{name: "error", doc: "Only this error code."},
			{name: "q", doc: "A restaurant's or integration's id, a name, a WABA or a number."},
		}, paging...),
	}, (*call).list)
	s.serve(endpoint{
		method: http.MethodGet, path: one, id: "getIntegration", scope: auth.ScopeRead,
		summary: "Where an integration stands.", data: statusDocument{},
		statuses: map[int]string{http.StatusNotModified: "It stands where If-None-Match says."},
	}, (*call).status)
	s.serve(endpoint{
		method: http.MethodGet, path: one + "/logs", id: "listLogs", scope: auth.ScopeRead,
		summary: "The audit log of an integration, oldest first.", data: page[rows.LogRow]{}, query: paging,
	}, (*call).logs)
	s.serve(endpoint{
		method: http.MethodGet, path: one + "/events", id: "streamEvents", scope: auth.ScopeRead,
		summary:  "The integration's whole timeline, then live, as server-sent events. Last-Event-ID resumes.",
		statuses: map[int]string{http.StatusOK: "text/event-stream; ends with event: done.", http.StatusNoContent: "There is nothing more to come."},
	}, (*call).events)
	post(s, endpoint{
		path: one + "/retry", id: "retry", scope: auth.ScopeOnboard, bodyless: true,
		summary: "Let a run that rests go on now.", data: actedData{},
		statuses: map[int]string{http.StatusAccepted: "Accepted, and not decided upon yet."},
	}, (*call).retry)
	post(s, endpoint{
		path: one + "/cancel", id: "cancel", scope: auth.ScopeOnboard, bodyless: true,
		summary: "End a run.", data: actedData{},
		statuses: map[int]string{http.StatusAccepted: "Accepted, and not decided upon yet."},
	}, (*call).cancel)
	post(s, endpoint{
		path: one + "/disconnect", id: "disconnect", scope: auth.ScopeOnboard, bodyless: true,
		summary: "Disconnect a restaurant at Meta and here: deregister the number, unsubscribe the app, destroy the token. A run that is under way is cancelled first.",
		data:    disconnectedData{}, statuses: map[int]string{http.StatusAccepted: "Accepted, and not finished."},
	}, (*call).disconnect)
	post(s, endpoint{
		path: one + "/phone/select", id: "selectPhone", scope: auth.ScopeOnboard,
		summary:  "Choose one of the numbers, or of the accounts, in next_action.choices. The run goes on with the token that it has.",
		data:     actedData{},
		statuses: map[int]string{http.StatusAccepted: "Accepted, and not decided upon yet."},
	}, (*call).selectPhone)
}

// cursor is where a page ends. It is signed, and good for its list alone.
type cursor struct {
	List  string `json:"l"` // path and filters
	After string `json:"a"`
}

const cursorPurpose = "cursor"

// listed is what a list is asked for.
type listed struct {
	name  string // path and filters, without the place
	query url.Values
	limit int64
	after string
}

// listing reads limit and cursor of a list, and refuses what is there twice.
func (c *call) listing() (listed, error) {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil || !utf8.ValidString(c.r.URL.RawQuery) {
		return listed{}, &problem{code: errcode.InvalidInput, detail: "the query string is malformed"}
	}
	for _, values := range query {
		if len(values) > 1 || !utf8.ValidString(values[0]) || len(values[0]) > 4<<10 {
			return listed{}, &problem{code: errcode.InvalidInput, detail: "a parameter of the query string is there twice, or malformed"}
		}
	}
	l := listed{query: query, limit: standardPage}
	if text := query.Get("limit"); text != "" {
		l.limit, err = strconv.ParseInt(text, 10, 32)
		if err != nil || l.limit < 1 || l.limit > longestPage {
			return listed{}, invalid("limit", "is not a number from 1 to 200")
		}
	}
	place := query.Get("cursor")
	query.Del("cursor")
	filters := url.Values{}
	for name, values := range query {
		if name != "limit" {
			filters[name] = values
		}
	}
	l.name = c.who.ID + " " + c.r.URL.Path + "?" + filters.Encode()
	if place == "" {
		return l, nil
	}
	var at cursor
	text, err := c.Cursors.Verify(cursorPurpose, place)
	if err != nil || json.Unmarshal(text, &at) != nil || at.List != l.name {
		return listed{}, invalid("cursor", "is not one of this list")
	}
	l.after = at.After
	return l, nil
}

// next returns the cursor of the page after, and says in a header where it is.
func (c *call) next(l listed, after string) (string, error) {
	text, err := json.Marshal(cursor{List: l.name, After: after})
	if err != nil {
		return "", err
	}
	place := c.Cursors.Sign(cursorPurpose, text)
	query := maps.Clone(l.query)
	query.Set("cursor", place)
	c.w.Header().Set("Link", "<"+c.PublicURL+c.r.URL.EscapedPath()+"?"+query.Encode()+`>; rel="next"`)
	return place, nil
}

// filter reads which integrations are asked for. A value that none can have is a
// mistake, and not a list of nothing.
func (l listed) filter() (rows.Filter, error) {
	f := rows.Filter{After: event.RestaurantID(l.after), Limit: l.limit + 1}
	var errs [4]error
	f.Status, errs[0] = oneOf(l.query, "status", event.Statuses)
	f.Stage, errs[1] = oneOf(l.query, "stage", event.Stages)
	f.Strategy, errs[2] = oneOf(l.query, "strategy", event.Strategies)
	if f.Error = event.Code(l.query.Get("error")); f.Error != "" {
		if _, ok := errcode.Lookup(f.Error); !ok {
			errs[3] = invalid("error", "is not a code that waba errors list names")
		}
	}
	if err := errors.Join(errs[:]...); err != nil {
		return rows.Filter{}, err
	}
	search := l.query.Get("q")
	if utf8.RuneCountInString(search) > longestQuery {
		return rows.Filter{}, invalid("q", "is longer than 200 characters")
	}
	f.Search = strings.TrimSpace(search)
	return f, checkText("q", search)
}

// oneOf reads a parameter that has a set of values.
func oneOf[T ~string](query url.Values, name string, values []T) (T, error) {
	value := T(query.Get(name))
	if value != "" && !slices.Contains(values, value) {
		return "", invalid(name, "is not one of "+strings.Join(texts(values), ", "))
	}
	return value, nil
}

func texts[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = string(value)
	}
	return list
}

func (c *call) list() error {
	l, err := c.listing()
	if err != nil {
		return err
	}
	filter, err := l.filter()
	if err != nil {
		return err
	}
	if c.Rows == nil {
		return noRows(nil)
	}
	if own, all := c.who.Restaurants(); !all {
		filter.Restaurants = own
	}
	standings, err := c.Rows.Standings(c.context(), filter)
	if err != nil {
		return noRows(err)
	}
	list := page[statusDocument]{Items: []statusDocument{}}
	for _, standing := range standings[:min(len(standings), int(l.limit))] {
		list.Items = append(list.Items, c.document(event.Snapshot{Integration: standing.Document}, standing.Seq))
	}
	if len(standings) > len(list.Items) {
		last := list.Items[len(list.Items)-1]
		if list.NextCursor, err = c.next(l, string(last.RestaurantID)); err != nil {
			return err
		}
	}
	return c.answer(http.StatusOK, success{Success: true, Message: c.text(errcode.ListRead), Data: list})
}

func (c *call) logs() error {
	id, err := c.restaurantInPath()
	if err != nil {
		return err
	}
	l, err := c.listing()
	if err != nil {
		return err
	}
	after := int64(0)
	if l.after != "" {
		if after, err = strconv.ParseInt(l.after, 10, 64); err != nil {
			return invalid("cursor", "is not one of this list")
		}
	}
	if _, _, err := c.standing(id); err != nil {
		return err
	}
	if c.Rows == nil {
		return noRows(nil)
	}
	found, err := c.Rows.Logs(c.context(), id, after, l.limit+1)
	if err != nil {
		return noRows(err)
	}
	list := page[rows.LogRow]{Items: append([]rows.LogRow{}, found[:min(len(found), int(l.limit))]...)}
	if len(found) > len(list.Items) {
		last := list.Items[len(list.Items)-1]
		if list.NextCursor, err = c.next(l, strconv.FormatInt(last.ID, 10)); err != nil {
			return err
		}
	}
	return c.answer(http.StatusOK, success{Success: true, Message: c.text(errcode.LogsRead), Data: list})
}

// matches says whether an If-None-Match names a tag.
func matches(headers []string, tag string) bool {
	return slices.ContainsFunc(headers, func(header string) bool {
		return slices.ContainsFunc(strings.Split(header, ","), func(item string) bool {
			item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
			return item == tag || item == "*"
		})
	})
}
