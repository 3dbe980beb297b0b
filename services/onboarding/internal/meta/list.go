package meta

import (
	"context"
	"net/url"

	"github.com/waba-platform/onboarding/pkg/event"
)

const (
	pageSize = "100"
	maxPages = 100
)

// page is one page of a list of Meta's.
type page[T any] struct {
	Data   []T `json:"data"`
	Paging struct {
		Cursors struct {
			After label `json:"after"`
		} `json:"cursors"`
		Next string `json:"next"` // only whether it is there: it is never followed
	} `json:"paging"`
}

func (p *page[T]) complete() bool { return p.Data != nil }

// list reads all pages of a list. A page may be empty and still be followed by
// another. A list that cannot be read to its end is an error: what is not in it
// would count as not there.
func list[T any](ctx context.Context, c *Client, r request) ([]T, error) {
	if r.query == nil {
		r.query = url.Values{}
	}
	r.query.Set("limit", pageSize)
	var all []T
	seen := map[label]bool{"": true}
	for range maxPages {
		var next page[T]
		if err := c.do(ctx, r, &next); err != nil {
			return nil, err
		}
		all = append(all, next.Data...)
		if next.Paging.Next == "" {
			return all, nil
		}
		after := next.Paging.Cursors.After
		if seen[after] {
			break
		}
		seen[after] = true
		r.query.Set("after", string(after))
	}
	return nil, refuse(r.op, ReasonPaging, event.ClassUnanswered)
}

// object is a row of a list of which only the id counts.
type object struct {
	ID id `json:"id"`
}

// idsOf returns the ids of rows, each once, in their order.
func idsOf[ID ~string](rows []object) []ID {
	ids := make([]ID, 0, len(rows))
	for _, row := range rows {
		ids = appendNew(ids, ID(row.ID))
	}
	return ids
}
