// sha256: what does it cost to hand over a piece of computing and get its result back?
//
// With offload=true it is the same: a goroutine that computes is preempted, and others move on.

package main

import (
	"crypto/sha256"
	"encoding/binary"
)

const variants = 64

type hashing struct {
	batched
	bytes, seed uint64
}

func newHashing(asked spec) (work, error) {
	p := parse(asked.Workload, "bytes", "16384", "offload", "false")
	p.flag("offload")
	return hashing{bytes: p.number("bytes", 8, 1<<26), seed: asked.Seed}, p.err
}

// block is what is hashed, before it is stamped.
func (h hashing) block() []byte {
	block := make([]byte, h.bytes)
	for at := range block {
		block[at] = byte(at)
	}
	return block
}

// hash stamps the block with the variant of this number and hashes all of it.
func (h hashing) hash(block []byte, number uint64) uint64 {
	binary.LittleEndian.PutUint64(block, h.seed+number%variants)
	sum := sha256.Sum256(block)
	return ofBytes(sum[:])
}

type hasher struct {
	nothing
	hashing
	number uint64
	bytes  []byte
}

func (h hashing) open(number uint64) (actor, error) {
	return hasher{hashing: h, number: number, bytes: h.block()}, nil
}

func (h hasher) operation(index uint64) (deed, error) {
	return deed{digest: h.hash(h.bytes, h.number+index)}, nil
}
