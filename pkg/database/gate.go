package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// SQLite has one writer at a time. Whoever finds the lock taken sleeps and looks
// again, up to 100 ms later, and the luckiest wins. The gate makes the writers of one
// pool queue for their turn instead: they are woken at once and in order. Writers in
// other processes are still told apart by SQLite's own lock, so the gate is about
// speed and fairness, never about correctness.
type gate chan struct{}

// errGateBusy is for a writer whose turn did not come in time, most likely because
// it waits for a transaction of its own caller.
var errGateBusy = errors.New("database: sqlite: another writer of this process held the database too long")

func newGate() gate { return make(gate, 1) }

// enter waits for the turn of the caller, who must leave.
func (g gate) enter(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(busyTimeout)
	defer timer.Stop()
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errGateBusy
	}
}

func (g gate) leave() { <-g }

// gatedConnector opens connections whose writes go through one gate.
type gatedConnector struct {
	driver.Connector
	gate gate
}

// Connect implements driver.Connector.
func (c *gatedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("database: sqlite: unexpected connection %T", opened), opened.Close())
	}
	return &gatedConn{sqliteConn: conn, gate: c.gate}, nil
}

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

// gatedConn is used by one goroutine at a time, as database/sql promises.
type gatedConn struct {
	sqliteConn
	gate   gate
	inside bool // in a transaction that holds the gate
}

// Unwrap returns the driver's own connection.
func (c *gatedConn) Unwrap() driver.Conn { return c.sqliteConn }

// BeginTx implements driver.ConnBeginTx. Only a transaction that may write enters.
func (c *gatedConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if options.ReadOnly {
		return c.sqliteConn.BeginTx(ctx, options)
	}
	if err := c.gate.enter(ctx); err != nil {
		return nil, err
	}
	tx, err := c.sqliteConn.BeginTx(ctx, options)
	if err != nil {
		c.gate.leave()
		return nil, err
	}
	c.inside = true
	return &gatedTx{Tx: tx, conn: c}, nil
}

// ExecContext implements driver.ExecerContext.
func (c *gatedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.inside {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	if err := c.gate.enter(ctx); err != nil {
		return nil, err
	}
	defer c.gate.leave()
	return c.sqliteConn.ExecContext(ctx, query, args)
}

// gatedTx leaves the gate when the transaction ends, however it ends.
type gatedTx struct {
	driver.Tx
	conn *gatedConn
}

// Commit implements driver.Tx.
func (t *gatedTx) Commit() error {
	defer t.leave()
	return t.Tx.Commit()
}

// Rollback implements driver.Tx.
func (t *gatedTx) Rollback() error {
	defer t.leave()
	return t.Tx.Rollback()
}

func (t *gatedTx) leave() {
	if t.conn.inside {
		t.conn.inside = false
		t.conn.gate.leave()
	}
}
