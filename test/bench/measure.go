package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/database/postgresproc"
)

// The databases.
const (
	sqlite     = "sqlite"
	postgresql = "postgresql"
)

// bench is one run.
type bench struct {
	options
	plan   plan
	dir    string
	sim    *simulator
	report *Report
	say    func(format string, args ...any)
	made   int // folders and databases
}

// measure does the whole run. With an error it returns what was found before it.
func measure(ctx context.Context, o options, p plan, stderr io.Writer) (report *Report, err error) {
	began := time.Now()
	b := &bench{options: o, plan: p, say: func(format string, args ...any) {
		_, _ = fmt.Fprintf(stderr, "%6s  "+format+"\n", append([]any{time.Since(began).Round(time.Second)}, args...)...) // progress is for watching
	}}
	root, err := root()
	if err != nil {
		return nil, err
	}
	if b.dir, err = os.MkdirTemp(o.dir, "waba-bench-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if b.binary == "" {
		b.say("building")
		if b.binary, err = build(ctx, root, b.dir, o.profile != ""); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.limit, fmt.Errorf("the run took longer than %s", p.limit))
	defer cancel()
	if err := b.describe(ctx, root); err != nil {
		return nil, err
	}
	if b.sim, err = openSimulator(ctx, b.binary, b.dir); err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	defer func() { err = errors.Join(err, b.sim.stop()) }()

	var errs []error
	for _, name := range o.databases {
		errs = append(errs, b.database(ctx, name))
	}
	b.report.Took = time.Since(began).Round(time.Second).String()
	b.report.Machine.LoadAfter = load()
	return b.report, errors.Join(errs...)
}

// describe notes what is measured, and where.
func (b *bench) describe(ctx context.Context, root string) error {
	r := &Report{Quick: b.quick, Profiled: b.profile != "", Date: time.Now().UTC().Truncate(time.Second)}
	r.Commit, r.Dirty = revision(ctx, root)
	r.Machine = Machine{
		Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, CPU: cpuModel(), CPUs: runtime.NumCPU(),
		LoadBefore: load(), InMemory: isInMemory(b.dir),
	}
	took, err := probe(ctx, b.dir, b.plan.diskProbes)
	if err != nil {
		return fmt.Errorf("probe the disk: %w", err)
	}
	r.Machine.SyncP50, r.Machine.SyncP99 = milliseconds(median(took)), milliseconds(quantile(took, 0.99))
	if r.Machine.InMemory {
		r.Notes = append(r.Notes, "the data is in memory: syncing costs nothing here; -dir names a folder on a disk")
	}
	b.report = r
	return nil
}

// database measures everything on one kind of database.
func (b *bench) database(ctx context.Context, name string) (err error) {
	result := &System{Name: name}
	b.report.Systems = append(b.report.Systems, result)
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			result.Error = err.Error()
		}
	}()
	prepare := func(context.Context) (string, error) { return "", nil }
	if name == postgresql {
		server, err := postgresproc.Start(ctx, "") // it syncs, as in production
		if errors.Is(err, postgresproc.ErrNotInstalled) {
			b.report.Notes = append(b.report.Notes, "no PostgreSQL on this machine: not measured")
			return nil
		}
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, server.Stop()) }()
		prepare = func(ctx context.Context) (string, error) { return b.create(ctx, server) }
	}
	use := beginUse()
	if err := b.starts(ctx, result, prepare); err != nil {
		return err
	}
	if err := b.synced(ctx, result, prepare); err != nil {
		return err
	}
	if b.lazy && name == sqlite {
		if err := b.unsynced(ctx, result, prepare); err != nil {
			return err
		}
	}
	if share, err := use.byOthers(); err == nil {
		result.add(others, 100*share)
	}
	return nil
}

// create makes an empty database.
func (b *bench) create(ctx context.Context, server *postgresproc.Process) (string, error) {
	b.made++
	name := fmt.Sprintf("bench%d", b.made)
	admin, err := database.Open(ctx, server.URL("postgres"))
	if err != nil {
		return "", err
	}
	_, err = admin.NewRaw("CREATE DATABASE ?", bun.Ident(name)).Exec(ctx)
	return server.URL(name), errors.Join(err, admin.Close())
}

// setup returns what a new system is started with.
func (b *bench) setup(ctx context.Context, lazy bool, prepare func(context.Context) (string, error)) (setup, error) {
	url, err := prepare(ctx)
	if err != nil {
		return setup{}, err
	}
	b.made++
	s := setup{
		binary: b.binary, graph: b.sim.url, dir: filepath.Join(b.dir, fmt.Sprint(b.made)),
		database: url, lazy: lazy, profiled: b.profile != "",
	}
	return s, nil
}

// starts measures how soon an empty system takes its first code.
func (b *bench) starts(ctx context.Context, result *System, prepare func(context.Context) (string, error)) error {
	for i := range b.plan.starts {
		s, err := b.setup(ctx, false, prepare)
		if err != nil {
			return err
		}
		sys, took, err := open(ctx, s)
		if err != nil {
			return err
		}
		b.say("%s: start %d took %s", result.Name, i+1, took.Round(time.Millisecond))
		result.add(startTime, milliseconds(float64(took)))
		if err := errors.Join(sys.stop(), os.RemoveAll(s.dir)); err != nil {
			return err
		}
	}
	return nil
}

// run is a system at work, and what watches it.
type running struct {
	*system
	*watch
	db  *bun.DB
	end func() error
}

// begin starts a system, warms it up and watches its rows.
func (b *bench) begin(ctx context.Context, s setup, every time.Duration) (*running, error) {
	sys, _, err := open(ctx, s)
	if err != nil {
		return nil, err
	}
	r := &running{system: sys}
	r.db, err = database.Open(ctx, sys.database)
	if err != nil {
		return nil, errors.Join(err, sys.stop())
	}
	r.watch = newWatch(r.db)
	watching, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		r.run(watching, every)
	}()
	r.end = func() error {
		cancel()
		<-watched
		return errors.Join(r.db.Close(), sys.stop())
	}
	if err := r.await(ctx, 1); err != nil { // the one that it was started with
		return nil, errors.Join(err, r.end())
	}
	return r, nil
}

// synced measures a system that loses nothing in a power cut.
func (b *bench) synced(ctx context.Context, result *System, prepare func(context.Context) (string, error)) (err error) {
	s, err := b.setup(ctx, false, prepare)
	if err != nil {
		return err
	}
	r, err := b.begin(ctx, s, 2*time.Millisecond)
	if err != nil {
		return err
	}
	end := func() error { // once
		if r.end == nil {
			return nil
		}
		err := r.end()
		r.end = nil
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	before, err := r.sizes(ctx)
	if err != nil {
		return err
	}
	calls, err := b.warmUp(ctx, r)
	if err != nil {
		return err
	}
	result.Calls = len(calls.calls)
	for round := range b.plan.rounds {
		if err := b.round(ctx, result, r, calls, round); err != nil {
			return err
		}
	}
	if err := b.fill(ctx, result, r); err != nil {
		return err
	}
	result.Onboardings = int(r.accepted.Load())
	if bytes, err := residentOf(r.pid()); err == nil {
		result.add(resident, float64(bytes)/1e6)
	}
	if err := b.replays(ctx, result, r); err != nil {
		return err
	}
	after, err := r.sizes(ctx)
	if err != nil {
		return err
	}
	if err := end(); err != nil {
		return err
	}
	// SQLite's log goes into its file when the last connection closes.
	if after.files, err = sizeOf(r.dir); err != nil {
		return err
	}
	if after.streamFiles, err = sizeOf(filepath.Join(r.dir, "nats")); err != nil {
		return err
	}
	n := float64(result.Onboardings - before.onboardings)
	result.add(messagesEach, float64(after.messages-before.messages)/n)
	result.add(bytesEach, float64(after.files+after.database-before.files-before.database)/n/1000)
	result.add(bytesStreams, float64(after.streamFiles-before.streamFiles)/n/1000)
	return os.RemoveAll(s.dir)
}

// warmUp does a few onboardings and learns which calls one makes.
func (b *bench) warmUp(ctx context.Context, r *running) (*bare, error) {
	answer, err := r.post(ctx, false)
	if err = errors.Join(err, answer.must(200)); err != nil {
		return nil, fmt.Errorf("first onboarding: %w", err)
	}
	calls, err := learn(ctx, b.sim, answer.code)
	if err != nil {
		return nil, err
	}
	_, err = drain(ctx, r.system, r.watch, b.plan.warmUp, b.plan.drainTime)
	return calls, err
}

// round measures once what is measured in rounds.
func (b *bench) round(ctx context.Context, result *System, r *running, calls *bare, round int) error {
	stop, err := b.profiling(ctx, r.system, fmt.Sprintf("%s-%d", result.Name, round+1))
	if err != nil {
		return err
	}
	d, err := drain(ctx, r.system, r.watch, b.plan.drain, b.plan.drainTime)
	if err = errors.Join(err, stop()); err != nil {
		return err
	}
	result.add(drainedRate, d.rate())
	result.add(cpuEach, d.cpuEach())
	b.say("%s: %d drained, %s a second, %s ms of CPU each", result.Name, d.onboardings, number(d.rate()), number(d.cpuEach()))

	l, err := pace(ctx, r.system, r.watch, calls, b.plan, round)
	if err != nil {
		return err
	}
	alone := milliseconds(median(l.bare))
	result.add(bareP50, alone)
	result.add(readyP50, milliseconds(median(l.ready))-alone)
	result.add(readyP99, milliseconds(quantile(l.ready, 0.99))-alone)
	result.add(auditP50, milliseconds(median(l.audit)))
	result.add(auditP99, milliseconds(quantile(l.audit, 0.99)))
	result.add(takenP50, milliseconds(median(l.taken)))
	result.add(takenP99, milliseconds(quantile(l.taken, 0.99)))
	b.say("%s: ready in %s ms (p50), of which Meta %s", result.Name, number(milliseconds(median(l.ready))), number(alone))
	return nil
}

// fill makes onboardings until there are enough for a word about memory.
func (b *bench) fill(ctx context.Context, result *System, r *running) error {
	missing := b.plan.total - int(r.accepted.Load())
	if missing <= 0 || result.Name != sqlite {
		return nil
	}
	b.say("%s: %d more, for memory and replay", result.Name, missing)
	_, err := drain(ctx, r.system, r.watch, missing, b.plan.fillTime)
	return err
}

func (b *bench) replays(ctx context.Context, result *System, r *running) error {
	js, closeConn, err := reader(ctx, r.system)
	if err != nil {
		return err
	}
	defer closeConn()
	for range b.plan.replays {
		events, took, err := replay(ctx, js)
		if err != nil {
			return err
		}
		result.add(replayRate, float64(events)/took.Seconds())
		b.say("%s: %d events replayed in %s", result.Name, events, took.Round(time.Millisecond))
	}
	return nil
}

// unsynced measures the bus without sync always: for comparison, not for use.
func (b *bench) unsynced(ctx context.Context, result *System, prepare func(context.Context) (string, error)) (err error) {
	s, err := b.setup(ctx, true, prepare)
	if err != nil {
		return err
	}
	r, err := b.begin(ctx, s, 5*time.Millisecond)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.end(), os.RemoveAll(s.dir)) }()
	if _, err := b.warmUp(ctx, r); err != nil {
		return err
	}
	for range b.plan.rounds {
		d, err := drain(ctx, r.system, r.watch, b.plan.drain, b.plan.drainTime)
		if err != nil {
			return err
		}
		result.add(drainedLazy, d.rate())
		result.add(cpuLazy, d.cpuEach())
		b.say("%s, lazy sync: %d drained, %s a second", result.Name, d.onboardings, number(d.rate()))
	}
	return nil
}

// sizes are what a system has stored.
type sizes struct {
	kept
	onboardings int   // that it took
	files       int64 // in its data folder
	streamFiles int64
	database    int64 // PostgreSQL's
}

func (r *running) sizes(ctx context.Context) (sizes, error) {
	js, closeConn, err := reader(ctx, r.system)
	if err != nil {
		return sizes{}, err
	}
	defer closeConn()
	s := sizes{onboardings: int(r.accepted.Load())}
	if s.kept, err = streams(ctx, js); err != nil {
		return s, err
	}
	if s.files, err = sizeOf(r.dir); err != nil {
		return s, err
	}
	if s.streamFiles, err = sizeOf(filepath.Join(r.dir, "nats")); err != nil {
		return s, err
	}
	if database.KindOf(r.db) == database.PostgreSQL {
		err = r.db.NewRaw("SELECT pg_database_size(current_database())").Scan(ctx, &s.database)
	}
	return s, err
}
