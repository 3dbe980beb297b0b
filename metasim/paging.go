package metasim

import (
	"encoding/base64"
	"math"
	"net/url"
	"strconv"
	"strings"
)

const (
	defaultLimit = 25
	largestLimit = 100
	cursorPrefix = "QVFI"
)

// row is one line of a list. A hidden one takes its place and is not shown, as
// at Meta rows that the token may not see make a page short or empty.
type row struct {
	id     uint64
	hidden bool
	get    func(field) value
}

// renderList answers with one page of rows. most caps the page, 0: not at all.
func (s *Server) renderList(c *call, kind nodeKind, rows []row, most int, otherwise []field) answer {
	fields, ok := fieldsOf(c, otherwise)
	if !ok {
		return refused(errInvalid("Syntax error in the fields parameter"))
	}
	from, to, e := window(c, len(rows), most)
	if e != nil {
		return refused(e)
	}
	// A field that does not exist is refused for an empty page, too.
	if len(rows) == 0 {
		if e := unknownIn(fields, kind); e != nil {
			return refused(e)
		}
	}
	b := append(make([]byte, 0, 512), `{"data":[`...)
	first := true
	for _, r := range rows[from:to] {
		if r.hidden {
			continue
		}
		text, e := renderNode(kind, idText(r.id), fields, r.get)
		if e != nil {
			return refused(e)
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, text...)
	}
	b = append(b, ']')
	if from < to {
		b = append(b, `,"paging":`...)
		b = append(b, s.paging(c, from, to, len(rows))...)
	}
	return found(append(b, '}'))
}

// window returns which rows are asked for.
func window(c *call, n, most int) (from, to int, e *graphError) {
	limit := defaultLimit
	if text := c.param("limit"); text != "" {
		given, err := strconv.Atoi(text)
		if err != nil || given < 1 {
			return 0, 0, errInvalid("Param limit must be a positive integer")
		}
		if given > largestLimit {
			return 0, 0, errInvalid("Param limit is too large")
		}
		limit = given
	}
	if most > 0 {
		limit = min(limit, most)
	}
	if text := c.param("after"); text != "" {
		place, ok := readCursor(text)
		if !ok {
			return 0, 0, errInvalid("Invalid cursors values")
		}
		from = min(place+1, n)
	} else if text := c.param("before"); text != "" {
		place, ok := readCursor(text)
		if !ok {
			return 0, 0, errInvalid("Invalid cursors values")
		}
		place = min(place, n)
		return max(0, place-limit), place, nil
	}
	return from, min(from+limit, n), nil
}

// paging returns the cursors and links around rows from to to. As at Meta the
// links carry the token, which is why nobody should follow or log them.
func (s *Server) paging(c *call, from, to, n int) []byte {
	cursors := newObject()
	cursors.text("before", cursor(from))
	cursors.text("after", cursor(to-1))
	o := newObject()
	o.raw("cursors", string(cursors.end()))
	link := func(name, value string) string {
		query := make(url.Values, len(c.query)+2)
		for key, values := range c.query {
			if key != "after" && key != "before" && key != "appsecret_proof" {
				query[key] = values
			}
		}
		query.Set("access_token", c.token)
		query.Set(name, value)
		return c.base + c.request.URL.Path + "?" + query.Encode()
	}
	if from > 0 {
		o.text("previous", link("before", cursor(from)))
	}
	if to < n {
		o.text("next", link("after", cursor(to-1)))
	}
	return o.end()
}

func cursor(place int) string {
	return cursorPrefix + base64.RawURLEncoding.EncodeToString([]byte("place:"+strconv.Itoa(place)))
}

func readCursor(text string) (place int, ok bool) {
	encoded, ok := strings.CutPrefix(text, cursorPrefix)
	if !ok {
		return 0, false
	}
	decoded, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return 0, false
	}
	number, ok := strings.CutPrefix(string(decoded), "place:")
	if !ok {
		return 0, false
	}
	place, err = strconv.Atoi(number)
	return place, err == nil && place >= 0 && place < math.MaxInt32
}
