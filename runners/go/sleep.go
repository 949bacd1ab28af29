// sleep: how much later than asked does a goroutine come back from waiting?

package main

import "time"

const longestUs = 60_000_000

type sleep struct {
	session
	shortestUs, rangeUs, seed uint64
}

func newSleep(asked spec) (work, error) {
	p := parse(asked.Workload, "shortest_us", "500", "longest_us", "2000")
	shortest := p.number("shortest_us", 0, longestUs)
	longest := p.number("longest_us", shortest, longestUs)
	return sleep{shortestUs: shortest, rangeUs: longest - shortest + 1, seed: asked.Seed}, p.err
}

type sleeper struct {
	nothing
	sleep
	number uint64
}

func (s sleep) open(number uint64) (actor, error) { return sleeper{sleep: s, number: number}, nil }

func (s sleeper) operation(index uint64) (deed, error) {
	delay := s.shortestUs + below(s.rangeUs, s.seed, s.number, index)
	time.Sleep(time.Duration(delay) * time.Microsecond)
	digest := plus(ofNumber(place(s.number, index)), ofNumber(delay))
	return deed{digest, int64(delay) * 1000}, nil
}
