// mixed: what happens to waiting for a peer when every answer must be worked on?

package main

import "encoding/binary"

type mixed struct {
	echo
	hashing hashing
	rounds  uint64
}

func newMixed(asked spec) (work, error) {
	p := parse(asked.Workload, "kib", "4", "rounds", "1", "bytes", "64", "offload", "false")
	p.flag("offload")
	return mixed{
		echo:    echoOf(p, asked),
		hashing: hashing{bytes: p.number("kib", 1, 1<<16) << 10, seed: asked.Seed},
		rounds:  p.number("rounds", 1, 1000),
	}, p.err
}

type mixer struct {
	*echoActor
	mixed mixed
	block []byte
}

func (m mixed) open(number uint64) (actor, error) {
	echo, err := m.connect(number)
	return mixer{echo, m, m.hashing.block()}, err
}

func (m mixer) operation(index uint64) (deed, error) {
	if err := m.exchange(index); err != nil {
		return deed{}, err
	}
	digest := ofBytes(m.message)
	// From the received bytes: the computing depends on the answer.
	number := binary.LittleEndian.Uint64(m.message) + binary.LittleEndian.Uint64(m.message[8:])
	for round := uint64(0); round < m.mixed.rounds; round++ {
		digest = plus(digest, m.mixed.hashing.hash(m.block, number+round))
	}
	return deed{digest: digest}, nil
}
