// How do actors come to their operations? Each is a goroutine that waits at its gate, a channel, between slices.
//
// A session does its operations in that goroutine; a batch starts a goroutine for each and awaits it. When a
// slice is over, times are counted and the totals added up.

package main

import (
	"fmt"
	"runtime"
	"sort"
	"time"
)

type trial struct {
	asked   spec
	gates   []chan *turn
	endings chan error
	times   [][]int64
	totals  [][2]uint64
	early   uint64
}

// newTrial sets up all actors and waits until each is at its gate.
func newTrial(asked spec) (*trial, error) {
	work, err := workOf(asked)
	if err != nil {
		return nil, err
	}
	t := &trial{
		asked:   asked,
		endings: make(chan error, asked.Actors),
		times:   make([][]int64, asked.Actors),
		totals:  make([][2]uint64, asked.Actors),
	}
	for number := 0; number < asked.Actors; number++ {
		gate := make(chan *turn, 1)
		t.gates = append(t.gates, gate)
		opened := make(chan error)
		go t.act(work, uint64(number), gate, opened)
		if err := <-opened; err != nil {
			return nil, failed("set-up failed: %v", err)
		}
	}
	return t, nil
}

// act is one actor's life.
func (t *trial) act(work work, number uint64, gate <-chan *turn, opened chan<- error) {
	actor, err := work.open(number)
	opened <- err
	if err != nil {
		return
	}
	operation := actor.operation
	if work.batch() {
		operation = asJob(operation)
	}
	index := uint64(0)
	for turn := range gate {
		err = nil
		for err == nil && turn.next() {
			var did deed
			if did, err = operation(index); err == nil {
				turn.done(did.digest, did.askedNs)
				index++
			}
		}
		turn.end(err)
		if err != nil {
			return
		}
	}
	t.endings <- actor.close(index)
}

// asJob does each operation in a goroutine of its own.
func asJob(operation func(uint64) (deed, error)) func(uint64) (deed, error) {
	type outcome struct {
		did deed
		err error
	}
	outcomes := make(chan outcome, 1)
	return func(index uint64) (deed, error) {
		go func() {
			did, err := operation(index)
			outcomes <- outcome{did, err}
		}()
		came := <-outcomes
		// Two goroutines that wake each other inherit one another's time slice, 10 ms, while all others
		// starve; a job of a batch goes to the tail of the queue.
		runtime.Gosched()
		return came.did, came.err
	}
}

// slice does one slice; the reply's fields, and what went wrong.
func (t *trial) slice(wanted order) (fields map[string]any, trouble string, timedOut bool) {
	w := newWindow(t.asked.Actors, wanted.DurationNs, wanted.DropNs)
	turns := make([]*turn, t.asked.Actors)
	for actor := range turns {
		turns[actor] = w.start(t.times[actor])
	}
	for actor, gate := range t.gates {
		gate <- turns[actor]
	}
	// As long again as for the end, for actors that are slow to begin.
	patience := time.NewTimer(time.Duration(wanted.DurationNs + 2*t.asked.DrainNs))
	select {
	case <-w.quiet:
		patience.Stop()
	case <-patience.C:
	}
	endedNs := nowNs()
	counts := map[int64]int64{}
	var operations, completed, recorded, unfinished, oldest int64
	for actor, turn := range turns {
		if !turn.over.Load() {
			// Its numbers still change.
			unfinished++
			if age := endedNs - turn.startNs.Load(); age > oldest {
				oldest = age
			}
			continue
		}
		operations += int64(turn.operations)
		completed += int64(turn.completed)
		recorded += int64(len(turn.times))
		for _, took := range turn.times {
			counts[took]++
		}
		t.times[actor] = turn.times
		t.totals[actor][0] += turn.operations
		t.totals[actor][1] += turn.digest
		t.early += turn.early
		if turn.err != nil && trouble == "" {
			trouble = fmt.Sprintf("actor %d: an operation failed: %v", actor, turn.err)
		}
	}
	if unfinished > 0 && trouble == "" {
		timedOut = true
		trouble = fmt.Sprintf(
			"%d operations had not ended when the wait was given up, the oldest after %.1fs",
			unfinished, float64(oldest)/1e9)
	}
	return map[string]any{
		"started_ns":           w.startedNs,
		"ended_ns":             endedNs,
		"window_ns":            w.lengthNs,
		"operations":           operations,
		"completed":            completed,
		"recorded":             recorded,
		"cpu_ns":               w.cpuInsideNs(),
		"unrecorded":           0,
		"unfinished":           unfinished,
		"oldest_unfinished_ns": oldest,
		"counts":               pairs(counts),
	}, trouble, timedOut
}

func pairs(counts map[int64]int64) [][2]int64 {
	pairs := make([][2]int64, 0, len(counts))
	for took, count := range counts {
		pairs = append(pairs, [2]int64{took, count})
	}
	sort.Slice(pairs, func(a, b int) bool { return pairs[a][0] < pairs[b][0] })
	return pairs
}

// finish closes everything and tells what the trial did and cost.
func (t *trial) finish() map[string]any {
	reply := costs()
	reply["backend"] = backend()
	for _, gate := range t.gates {
		close(gate)
	}
	for range t.gates {
		if err := <-t.endings; err != nil {
			reason := fmt.Sprintf("an actor failed to close: %v", err)
			return map[string]any{"reply": "failed", "reason": reason, "timed_out": false}
		}
	}
	recorderBytes := 0
	for _, times := range t.times {
		recorderBytes += 8 * cap(times)
	}
	reply["reply"] = "finished"
	reply["actors"] = t.totals
	reply["early"] = t.early
	reply["recorder_bytes"] = recorderBytes
	return reply
}
