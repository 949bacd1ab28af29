// What was done? The digests and the drawn numbers of workloads/src/{digest,draw}.rs, bit for bit.

package main

import (
	"encoding/binary"
	"math/bits"
)

// Odd, with well-spread bits: the 64-bit golden ratio.
const spread = 0x9e3779b97f4a7c15

func ofBytes(data []byte) uint64 {
	sum := uint64(len(data))
	for ; len(data) >= 8; data = data[8:] {
		sum = (bits.RotateLeft64(sum, 5) ^ binary.LittleEndian.Uint64(data)) * spread
	}
	for _, one := range data {
		sum = (bits.RotateLeft64(sum, 5) ^ uint64(one)) * spread
	}
	return sum
}

// ofNumber is the finaliser of splitmix64 (Steele, Lea and Flood, 2014).
func ofNumber(number uint64) uint64 {
	z := number + spread
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// plus adds one operation's digest to the sum of those before it, in any order.
func plus(sum, one uint64) uint64 { return sum + (one*spread ^ (one >> 32)) }

// below is a number from 0 to bound - 1 for one operation of one actor.
func below(bound, seed, actor, index uint64) uint64 {
	drawn := ofNumber(ofNumber(seed^(actor<<32)) + index)
	high, _ := bits.Mul64(drawn, bound)
	return high
}

// place is the number of an operation of an actor.
func place(actor, index uint64) uint64 { return actor<<32 ^ index }
