package database

import (
	"strconv"
	"strings"
)

// Statement is one text for both kinds of database, with a ? for each argument, for
// what is executed so often that parsing it counts: bun writes values into the text,
// which is then another one each time. It goes to database/sql itself:
//
//	db.DB.QueryRowContext(ctx, statement.For(database.KindOf(db)), args...)
type Statement struct{ sqlite, postgresql string }

// NewStatement returns a statement. A ? in it is an argument wherever it stands.
func NewStatement(text string) Statement {
	var numbered strings.Builder
	for i, part := range strings.Split(text, "?") {
		if i > 0 {
			numbered.WriteString("$" + strconv.Itoa(i))
		}
		numbered.WriteString(part)
	}
	return Statement{sqlite: text, postgresql: numbered.String()}
}

// For returns the text for a kind of database.
func (s Statement) For(kind Kind) string {
	if kind == PostgreSQL {
		return s.postgresql
	}
	return s.sqlite
}
