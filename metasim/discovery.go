package metasim

import (
	"strconv"
)

// me is the user of the token. Only a business token has a client_business_id,
// and it needs no permission for it.
func (s *Server) me(c *call) answer {
	w := c.world
	if c.node.kind == kindUser {
		w = c.node.world
	}
	return renderOne(c, kindUser, w.id(kindUser, 0), idAndName, func(f field) value {
		switch f.name {
		case "name":
			return textValue("Usuário de " + w.name())
		case "client_business_id":
			if w.scenario.shape.userToken {
				return unknown
			}
			return textValue(idText(w.businessID(0)))
		}
		return unknown
	})
}

// businesses lists those that the user manages; the one that matters comes last.
func (s *Server) businesses(c *call) answer {
	w := c.world
	n, most := w.scenario.shape.businesses, w.scenario.shape.pageCap
	rows := make([]row, 0, n+most)
	for i := n - 1; i >= 0; i-- {
		if len(rows) == most && most > 0 { // the second page is empty
			for range most {
				rows = append(rows, row{hidden: true})
			}
		}
		rows = append(rows, row{id: w.businessID(i), get: w.businessFields(i)})
	}
	return s.renderList(c, kindBusiness, rows, most, idAndName)
}

func (s *Server) business(c *call) answer {
	return renderOne(c, kindBusiness, c.world.businessID(c.node.index), idAndName, c.world.businessFields(c.node.index))
}

func (w *world) businessName(i int) string {
	if i == 0 {
		return w.name() + " LTDA"
	}
	return w.name() + " filial " + strconv.Itoa(i)
}

func (w *world) businessFields(i int) func(field) value {
	return func(f field) value {
		switch f.name {
		case "name":
			return textValue(w.businessName(i))
		case "verification_status":
			return textValue("not_verified")
		case "created_time":
			return textValue(timeText(w.exchangedAt))
		case "primary_page", "profile_picture_uri", "vertical", "link", "updated_time", "timezone_id", "two_factor_type":
			return absent
		}
		return unknown
	}
}

// pageCount is how many pages the user manages: one that belongs to no business,
// and the one that leads to it.
func pageCount(scenario *Scenario) int {
	if scenario.shape.pages {
		return 2
	}
	return 0
}

func (s *Server) pages(c *call) answer {
	w := c.world
	rows := make([]row, 0, 2)
	for i := pageCount(w.scenario) - 1; i >= 0; i-- {
		rows = append(rows, row{id: w.id(kindPage, i), get: w.pageFields(i)})
	}
	return s.renderList(c, kindPage, rows, w.scenario.shape.pageCap, idAndName)
}

func (s *Server) page(c *call) answer {
	return renderOne(c, kindPage, c.world.id(kindPage, c.node.index), idAndName, c.world.pageFields(c.node.index))
}

// pageFields hides the business from a token without business_management. No
// field of a page names a WhatsApp account.
func (w *world) pageFields(i int) func(field) value {
	return func(f field) value {
		switch f.name {
		case "name":
			return textValue("Página " + strconv.Itoa(i+1) + " de " + w.name())
		case "business", "owner_business":
			if i > 0 || !w.has(scopeBusiness) {
				return absent
			}
			return pairs(f, []string{"id", "name"}, idText(w.businessID(0)), w.businessName(0))
		case "has_whatsapp_business_number":
			return truthValue(i == 0)
		case "category":
			return textValue("Restaurant")
		case "whatsapp_number", "access_token", "tasks", "link", "username":
			return absent
		}
		return unknown
	}
}

func (s *Server) ownedAccounts(c *call) answer { return s.accounts(c, placeOwned) }

func (s *Server) clientAccounts(c *call) answer { return s.accounts(c, placeClient) }

// accounts lists the accounts of a business that can be seen there and yet.
func (s *Server) accounts(c *call, at place) answer {
	w := c.world
	shape := &w.scenario.shape
	rows := make([]row, 0, len(w.wabas)+shape.pageCap)
	for _, account := range w.wabas {
		if c.node.index != 0 || !w.listedAt(account, at) || !w.shows(account, c.op) {
			continue
		}
		if len(rows) == 0 { // where pages are capped, the first is empty
			for range shape.pageCap {
				rows = append(rows, row{hidden: true})
			}
		}
		rows = append(rows, row{id: account.id, get: s.accountFields(w, account)})
	}
	return s.renderList(c, kindWABA, rows, shape.pageCap, idAndName)
}

func (w *world) listedAt(account *waba, at place) bool {
	if account.createdBy != OpAny {
		return at == placeOwned
	}
	return w.scenario.shape.place == at
}

// unknownIn finds a field that nodes of the kind do not have, for a list without
// rows to ask.
func unknownIn(fields []field, kind nodeKind) *graphError {
	_, e := renderNode(kind, "0", fields, emptyNodes[kind])
	return e
}

var emptyNodes = func() map[nodeKind]func(field) value {
	w := &world{scenario: &Scenario{}}
	account := &waba{}
	return map[nodeKind]func(field) value{
		kindBusiness: w.businessFields(0),
		kindPage:     w.pageFields(0),
		kindWABA:     (&Server{}).accountFields(w, account),
		kindPhone:    w.numberFields(&phone{waba: account}, OpAny),
	}
}()
