package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"
)

// SQLite has one writer at a time. Whoever finds the lock taken sleeps and looks
// again, up to 100 ms later, and the luckiest wins; and whenever a connection has
// written, all others forget what they have read. So all writes of a pool go through
// one connection, the writer's, in the order in which they come. Writers of other
// processes are told apart by SQLite's own lock: the writer is about speed and
// fairness, never about correctness.
//
// A commit costs a sync of the disk. Statements that wait for their turn together are
// committed together, and none returns before that commit; where one of them fails,
// each is done by itself, so that none has to answer for another.
type writer struct {
	connector driver.Connector
	turn      chan struct{} // holds one: somebody writes. Guards conn.
	conn      sqliteConn    // nil: not open

	mu      sync.Mutex
	waiting []*write
}

// write is a statement that waits for its turn.
type write struct {
	ctx    context.Context //nolint:containedctx // of the caller, who waits for it
	query  string
	args   []driver.NamedValue
	done   chan struct{}
	result driver.Result // after done
	err    error         // after done
}

// mostTogether is how many statements are committed together at most.
const mostTogether = 64

// errWriterBusy is for a writer whose turn did not come in time, most likely because
// it waits for a transaction of its own caller.
var errWriterBusy = errors.New("database: sqlite: another writer of this process held the database too long")

func newWriter(connector driver.Connector) *writer {
	return &writer{connector: connector, turn: make(chan struct{}, 1)}
}

// enter waits for the turn of the caller, who must leave, or until done is closed.
// It returns the connection; nil when done was closed first.
func (w *writer) enter(ctx context.Context, done <-chan struct{}) (sqliteConn, error) {
	select {
	case w.turn <- struct{}{}:
	default:
		timer := time.NewTimer(busyTimeout)
		defer timer.Stop()
		select {
		case w.turn <- struct{}{}:
		case <-done:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, errWriterBusy
		}
	}
	if err := w.open(ctx); err != nil {
		w.leave()
		return nil, err
	}
	return w.conn, nil
}

func (w *writer) leave() { <-w.turn }

// open sees to it that there is a usable connection. The caller has the turn.
func (w *writer) open(ctx context.Context) error {
	if w.conn != nil {
		if w.conn.IsValid() {
			return nil
		}
		_ = w.conn.Close() // it is broken: how it closes says nothing
		w.conn = nil
	}
	opened, err := w.connector.Connect(ctx)
	if err != nil {
		return err
	}
	conn, err := newCaching(opened)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA cache_size = -%d", writerCache), nil); err != nil {
		return errors.Join(err, conn.Close())
	}
	w.conn = conn
	return nil
}

// Close implements [io.Closer]. It waits for the writer at work.
func (w *writer) Close() error {
	w.turn <- struct{}{}
	defer w.leave()
	if w.conn == nil {
		return nil
	}
	conn := w.conn
	w.conn = nil
	return conn.Close()
}

// exec executes a statement that changes rows, and returns when it is committed.
func (w *writer) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mine := &write{ctx: ctx, query: query, args: args, done: make(chan struct{})}
	w.mu.Lock()
	w.waiting = append(w.waiting, mine)
	w.mu.Unlock()

	conn, err := w.enter(ctx, mine.done)
	if err != nil && w.withdraw(mine) {
		return nil, err // nobody has begun with it
	}
	if conn != nil {
		w.work(conn, mine)
		w.leave()
	}
	<-mine.done
	return mine.result, mine.err
}

// work executes what waits, until mine is done. The caller has the turn.
func (w *writer) work(conn sqliteConn, mine *write) {
	for {
		select {
		case <-mine.done: // also when whoever had the turn before took it along
			return
		default:
			together(conn, w.take())
		}
	}
}

// take takes the statements whose turn it is.
func (w *writer) take() []*write {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.waiting), mostTogether)
	batch := w.waiting[:n:n]
	w.waiting = w.waiting[n:]
	if len(w.waiting) == 0 {
		w.waiting = nil
	}
	return batch
}

// withdraw takes a statement back; false: somebody has taken it to execute it.
func (w *writer) withdraw(mine *write) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, other := range w.waiting {
		if other == mine {
			w.waiting = append(w.waiting[:i:i], w.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// together executes statements and commits them.
func together(conn sqliteConn, batch []*write) {
	defer func() {
		for _, one := range batch {
			close(one.done)
		}
	}()
	if len(batch) > 1 && inOne(conn, batch) == nil {
		return
	}
	for _, one := range batch {
		one.result, one.err = conn.ExecContext(one.ctx, one.query, one.args)
	}
}

// inOne executes statements in one transaction. After an error nothing is done.
func inOne(conn sqliteConn, batch []*write) error {
	// A statement whose caller gives up would take the others with it.
	ctx := context.WithoutCancel(batch[0].ctx)
	tx, err := conn.BeginTx(ctx, driver.TxOptions{})
	if err != nil {
		return err
	}
	for _, one := range batch {
		if one.result, err = conn.ExecContext(ctx, one.query, one.args); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	if err := tx.Commit(); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return nil
}

// begin begins a transaction that may write.
func (w *writer) begin(ctx context.Context, options driver.TxOptions) (sqliteConn, driver.Tx, error) {
	conn, err := w.enter(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	tx, err := conn.BeginTx(ctx, options)
	if err != nil {
		w.leave()
		return nil, nil, err
	}
	return conn, tx, nil
}
