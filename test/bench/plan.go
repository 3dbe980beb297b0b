package main

import "time"

// plan says how much is measured. Rounds end by count or by time, whichever comes
// first, so that a slow machine gives fewer numbers and not a longer run.
type plan struct {
	limit      time.Duration // of the whole run, without building
	rounds     int
	warmUp     int           // onboardings before anything is measured
	drain      int           // onboardings in a drained round
	drainTime  time.Duration // after which a drained round posts no more
	samples    int           // of each latency, in a round
	every      time.Duration // between two samples
	starts     int
	total      int           // onboardings before memory is read
	fillTime   time.Duration // the most that is spent on reaching the total
	replays    int
	diskProbes int
}

const posters = 64

var (
	full = plan{
		limit: 10 * time.Minute, rounds: 3, warmUp: 200, drain: 2000, drainTime: 15 * time.Second,
		samples: 100, every: 100 * time.Millisecond, starts: 5, total: 10_000, fillTime: 75 * time.Second,
		replays: 3, diskProbes: 400,
	}
	quick = plan{
		limit: 90 * time.Second, rounds: 1, warmUp: 50, drain: 400, drainTime: 6 * time.Second,
		samples: 40, every: 100 * time.Millisecond, starts: 2, replays: 2, diskProbes: 100,
	}
)
