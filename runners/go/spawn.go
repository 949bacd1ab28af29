// spawn: what does it cost to start many goroutines, all alive at once, and to join them?

package main

import "errors"

type spawn struct {
	session
	tasks uint64
}

func newSpawn(asked spec) (work, error) {
	p := parse(asked.Workload, "tasks", "64")
	return spawn{tasks: p.number("tasks", 1, 10_000)}, p.err
}

type spawner struct {
	nothing
	number uint64
	// Tells each goroutine to end.
	goOn []chan uint64
	// Hears that goroutines are alive, and what they returned.
	alive, results chan uint64
}

func (s spawn) open(number uint64) (actor, error) {
	a := &spawner{
		number: number, alive: make(chan uint64, s.tasks), results: make(chan uint64, s.tasks),
	}
	for task := uint64(0); task < s.tasks; task++ {
		a.goOn = append(a.goOn, make(chan uint64, 1))
	}
	return a, nil
}

func (a *spawner) operation(index uint64) (deed, error) {
	for task := range a.goOn {
		go func(task uint64) {
			a.alive <- task
			a.results <- <-a.goOn[task] + task
		}(uint64(task))
	}
	// None is told to end before all have said that they are alive.
	tasks := uint64(len(a.goOn))
	numbers := uint64(0)
	for range a.goOn {
		numbers += <-a.alive
	}
	if numbers != tasks*(tasks-1)/2 {
		return deed{}, errors.New("a task reported twice, another not at all")
	}
	word := ofNumber(place(a.number, index))
	for _, tell := range a.goOn {
		tell <- word
	}
	sum := uint64(0)
	for range a.goOn {
		sum += <-a.results
	}
	return deed{digest: ofNumber(sum)}, nil
}
