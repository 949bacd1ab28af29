// ping-pong: how fast do two goroutines wake each other over channels?

package main

import "fmt"

type pingPong struct{ session }

func newPingPong(asked spec) (work, error) { return pingPong{}, parse(asked.Workload).err }

type pair struct {
	number    uint64
	out, back chan uint64
	passed    chan uint64
}

func (pingPong) open(number uint64) (actor, error) {
	p := pair{number, make(chan uint64, 1), make(chan uint64, 1), make(chan uint64, 1)}
	// The partner: sends every token back, changed, and counts them.
	go func() {
		count := uint64(0)
		for token := range p.out {
			p.back <- ^token
			count++
		}
		p.passed <- count
	}()
	return p, nil
}

func (p pair) operation(index uint64) (deed, error) {
	p.out <- place(p.number, index)
	return deed{digest: ofNumber(<-p.back)}, nil
}

func (p pair) close(operations uint64) error {
	close(p.out)
	if passed := <-p.passed; passed != operations {
		return fmt.Errorf("%d tokens passed instead of %d", passed, operations)
	}
	return nil
}
