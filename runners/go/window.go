// When does an operation count, and how is it recorded? The rules of harness/src/trial/turn.rs.
//
// The gate opens for all actors; when every one has begun (and the dropped part is over) the window opens in
// which operations count. An operation belongs to the window in which it started: after the end nobody starts
// another, and what is in flight is awaited and recorded with its true time. One clock read an operation: the
// end of one is the start of the next. Times are appended to an array of each actor's own and counted when the
// slice is over. It must not know what an operation does.

package main

import "sync/atomic"

// How often an actor that has begun looks whether all others have.
const lookAgainNs = 200_000

// A window is what all turns of one slice share.
type window struct {
	startedNs  int64
	earliestNs int64
	lengthNs   int64
	// The window's beginning; 0 until every actor has begun.
	fromNs  atomic.Int64
	awaited atomic.Int32
	working atomic.Int32
	// The CPU clock at the window's ends; 0 until somebody has passed.
	cpuFromNs  atomic.Int64
	cpuUntilNs atomic.Int64
	quiet      chan struct{}
}

func newWindow(actors int, durationNs, dropNs int64) *window {
	w := &window{quiet: make(chan struct{}), lengthNs: durationNs - dropNs}
	if w.lengthNs < 1 {
		w.lengthNs = 1
	}
	w.awaited.Store(int32(actors))
	w.working.Store(int32(actors))
	w.startedNs = nowNs()
	w.earliestNs = w.startedNs + dropNs
	return w
}

// begin says that one more actor has begun; the last one opens the window.
func (w *window) begin() {
	if w.awaited.Add(-1) == 0 {
		now := nowNs()
		if now < w.earliestNs {
			now = w.earliestNs
		}
		w.fromNs.Store(now)
	}
}

// stamp reads the CPU clock if nobody has yet; whether it was read now.
func stamp(slot *atomic.Int64) bool {
	// The slot is claimed first: a thousand actors pass, and one reads.
	if slot.Load() != 0 || !slot.CompareAndSwap(0, 1) {
		return false
	}
	slot.Store(cpuNs())
	return true
}

func (w *window) cpuInsideNs() int64 {
	spent := w.cpuUntilNs.Load() - w.cpuFromNs.Load()
	if w.cpuUntilNs.Load() <= 1 || w.cpuFromNs.Load() <= 1 || spent < 0 {
		return 0
	}
	return spent
}

// A turn is one actor's permission to work in one slice.
type turn struct {
	window     *window
	lastNs     int64
	boundaryNs int64
	begun      bool
	inside     bool
	operations uint64
	completed  uint64
	early      uint64
	digest     uint64
	times      []int64
	// For whoever waits: when the present operation started, and whether the actor is quiet.
	startNs atomic.Int64
	over    atomic.Bool
	err     error
}

// start makes a turn whose times go where those of the last slice were.
func (w *window) start(times []int64) *turn {
	t := &turn{window: w, lastNs: w.startedNs, boundaryNs: w.startedNs, times: times[:0]}
	t.startNs.Store(w.startedNs)
	return t
}

// next says whether the actor may start another operation. Must be asked before each.
func (t *turn) next() bool { return t.lastNs < t.boundaryNs || t.cross() }

// done says that an operation has ended, what it did, and how long it had asked to wait.
func (t *turn) done(digest uint64, askedNs int64) {
	now := nowNs()
	took := now - t.lastNs - askedNs
	if took < 0 {
		took = 0
		t.early++
	}
	if t.inside {
		t.times = append(t.times, took)
		if now < t.boundaryNs {
			t.completed++
		}
	}
	t.operations++
	t.digest = plus(t.digest, digest)
	t.lastNs = now
	t.startNs.Store(now)
}

// end says that the actor is quiet: it was told to stop, or an operation failed.
func (t *turn) end(err error) {
	t.begin()
	t.err = err
	t.over.Store(true)
	if t.window.working.Add(-1) == 0 {
		close(t.window.quiet)
	}
}

func (t *turn) begin() {
	if !t.begun {
		t.begun = true
		t.window.begin()
	}
}

// cross: the actor begins, or its time has passed a boundary, into the window or out of it.
func (t *turn) cross() bool {
	t.begin()
	w := t.window
	if !t.inside {
		from := w.fromNs.Load()
		if from == 0 {
			t.boundaryNs = t.lastNs + lookAgainNs
			return true
		}
		if t.lastNs < from {
			t.boundaryNs = from
			return true
		}
		t.inside = true
		t.boundaryNs = from + w.lengthNs
		// The operation that has just ended started before the window and ended inside it.
		if t.operations > 0 && t.lastNs < t.boundaryNs {
			t.completed++
		}
		if stamp(&w.cpuFromNs) {
			// The reading takes time; it is nobody's operation.
			t.lastNs = nowNs()
		}
		if t.lastNs < t.boundaryNs {
			return true
		}
	}
	stamp(&w.cpuUntilNs)
	return false
}
