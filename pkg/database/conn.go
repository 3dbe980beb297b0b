package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
)

// sqliteConn is what a connection of the driver can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// poolConnector opens the connections of a pool: each reads for itself, and all
// write through one more.
type poolConnector struct {
	driver.Connector
	writer *writer
}

func newPoolConnector(connector driver.Connector) *poolConnector {
	return &poolConnector{Connector: connector, writer: newWriter(connector)}
}

// Connect implements [driver.Connector].
func (c *poolConnector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := newCaching(opened)
	if err != nil {
		return nil, err
	}
	return &poolConn{sqliteConn: conn, writer: c.writer}, nil
}

// Close implements [io.Closer]: it is the pool's end.
func (c *poolConnector) Close() error {
	err := c.writer.Close()
	if closer, ok := c.Connector.(io.Closer); ok {
		err = errors.Join(err, closer.Close())
	}
	return err
}

// poolConn is used by one goroutine at a time, as database/sql promises. Its own
// connection reads.
type poolConn struct {
	sqliteConn
	writer *writer
	inside sqliteConn // the writer's connection, in a transaction that may write
}

// Unwrap returns the driver's own connection, which reads.
func (c *poolConn) Unwrap() driver.Conn { return c.sqliteConn }

// at returns the connection that executes the next statement.
func (c *poolConn) at() sqliteConn {
	if c.inside != nil {
		return c.inside
	}
	return c.sqliteConn
}

// BeginTx implements [driver.ConnBeginTx]. Only a transaction that may write waits
// for its turn.
func (c *poolConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if options.ReadOnly {
		return c.sqliteConn.BeginTx(ctx, options)
	}
	conn, tx, err := c.writer.begin(ctx, options)
	if err != nil {
		return nil, err
	}
	c.inside = conn
	return &poolTx{Tx: tx, conn: c}, nil
}

// PrepareContext implements [driver.ConnPrepareContext].
func (c *poolConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.at().PrepareContext(ctx, query)
}

// ExecContext implements [driver.ExecerContext].
func (c *poolConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.inside == nil && changesRows(query) {
		return c.writer.exec(ctx, query, args)
	}
	if c.inside == nil {
		return c.alone(ctx, query, args)
	}
	return c.inside.ExecContext(ctx, query, args)
}

// alone executes what cannot share a transaction, such as a pragma or a script. It
// is done on our own connection, which some of these are about.
func (c *poolConn) alone(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if _, err := c.writer.enter(ctx, nil); err != nil {
		return nil, err
	}
	defer c.writer.leave()
	return c.sqliteConn.ExecContext(ctx, query, args)
}

// QueryContext implements [driver.QueryerContext].
func (c *poolConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.at().QueryContext(ctx, query, args)
}

// changesRows says whether a text is one statement that changes rows and nothing
// else. What it is not sure of it denies.
func changesRows(query string) bool {
	word, rest, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.ToUpper(word) {
	case "INSERT", "UPDATE", "DELETE", "REPLACE":
		return !strings.Contains(rest, ";")
	}
	return false
}

// poolTx gives the turn back when the transaction ends, however it ends.
type poolTx struct {
	driver.Tx
	conn *poolConn
}

// Commit implements [driver.Tx].
func (t *poolTx) Commit() error {
	defer t.leave()
	return t.Tx.Commit()
}

// Rollback implements [driver.Tx].
func (t *poolTx) Rollback() error {
	defer t.leave()
	return t.Tx.Rollback()
}

func (t *poolTx) leave() {
	if t.conn.inside != nil {
		t.conn.inside = nil
		t.conn.writer.leave()
	}
}
