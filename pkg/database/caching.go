package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// mostPrepared is how many statements a connection keeps prepared.
const mostPrepared = 64

// caching is a connection that keeps statements with arguments prepared: parsing
// one costs more than executing it. Texts without arguments, such as those that bun
// writes its values into, are seen once. It is used by one goroutine at a time.
type caching struct {
	sqliteConn
	prepared map[string]*preparedStmt
}

type preparedStmt struct {
	stmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	busy bool // its rows are being read
}

// newCaching returns the connection of the driver that was opened, or closes it.
func newCaching(opened driver.Conn) (*caching, error) {
	conn, ok := opened.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("database: sqlite: unexpected connection %T", opened), opened.Close())
	}
	return &caching{sqliteConn: conn, prepared: map[string]*preparedStmt{}}, nil
}

// Unwrap returns the driver's own connection.
func (c *caching) Unwrap() driver.Conn { return c.sqliteConn }

// ExecContext implements [driver.ExecerContext].
func (c *caching) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	prepared, err := c.prepare(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if prepared == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return prepared.stmt.ExecContext(ctx, args)
}

// QueryContext implements [driver.QueryerContext].
func (c *caching) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	prepared, err := c.prepare(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if prepared == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := prepared.stmt.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	prepared.busy = true
	return &preparedRows{Rows: rows, prepared: prepared}, nil
}

// prepare returns the prepared statement of a text; nil when there is to be none.
func (c *caching) prepare(ctx context.Context, query string, args []driver.NamedValue) (*preparedStmt, error) {
	if len(args) == 0 {
		return nil, nil
	}
	if known, ok := c.prepared[query]; ok {
		if known.busy {
			return nil, nil
		}
		return known, nil
	}
	if len(c.prepared) >= mostPrepared {
		return nil, nil
	}
	stmt, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	made := &preparedStmt{}
	var ok bool
	if made.stmt, ok = stmt.(interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}); !ok {
		return nil, stmt.Close()
	}
	c.prepared[query] = made
	return made, nil
}

// Close implements [driver.Conn].
func (c *caching) Close() error {
	var errs []error
	for _, prepared := range c.prepared {
		errs = append(errs, prepared.stmt.Close())
	}
	clear(c.prepared)
	return errors.Join(append(errs, c.sqliteConn.Close())...)
}

// preparedRows gives its statement back when it is closed.
type preparedRows struct {
	driver.Rows
	prepared *preparedStmt
}

// Close implements [driver.Rows].
func (r *preparedRows) Close() error {
	r.prepared.busy = false
	return r.Rows.Close()
}
