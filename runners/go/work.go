// What does a workload owe to whoever drives it? It opens actors; an actor does one operation at a time and
// closes. It never loops, and never sees a clock. The counterparts stand in workloads/src/catalog/.

package main

import "strings"

type work interface {
	// batch: every operation is a job of its own.
	batch() bool
	open(number uint64) (actor, error)
}

type actor interface {
	operation(index uint64) (deed, error)
	// close is told how many operations there were.
	close(operations uint64) error
}

// A deed is what an operation did, and how long it had asked to wait.
type deed struct {
	digest  uint64
	askedNs int64
}

var makers = map[string]func(spec) (work, error){
	"echo":      newEcho,
	"sha256":    newHashing,
	"sleep":     newSleep,
	"spawn":     newSpawn,
	"ping-pong": newPingPong,
	"file-read": newFileRead,
	"mixed":     newMixed,
}

// workOf is the workload that a spec names.
func workOf(asked spec) (work, error) {
	name := strings.Split(asked.Workload, ":")[0]
	maker, known := makers[name]
	if !known {
		return nil, refusal{"not-applicable", "not written"}
	}
	return maker(asked)
}

// session and batched are embedded by workloads; nothing by actors that have nothing to close.
type session struct{}

func (session) batch() bool { return false }

type batched struct{}

func (batched) batch() bool { return true }

type nothing struct{}

func (nothing) close(uint64) error { return nil }
