// What time is it? The host's monotonic clock in nanoseconds, and this process's CPU clock.

package main

import (
	"syscall"
	"time"
	"unsafe"
)

// Linux's numbers of its clocks.
const (
	clockMonotonic  = 1
	clockProcessCPU = 2
)

// One instant on both clocks: Go's own, which is the quickest to read, and the host's.
var origin, originNs = simultaneous()

// simultaneous reads one clock between two readings of the other, until nothing came between.
func simultaneous() (ours time.Time, hostsNs int64) {
	best := int64(1 << 62)
	for try := 0; try < 100 && best > 500; try++ {
		before := reading(clockMonotonic)
		now := time.Now()
		if gap := reading(clockMonotonic) - before; gap < best {
			best, ours, hostsNs = gap, now, before
		}
	}
	return ours, hostsNs
}

// nowNs is CLOCK_MONOTONIC.
func nowNs() int64 { return originNs + int64(time.Since(origin)) }

// cpuNs is the CPU time of all threads so far.
func cpuNs() int64 { return reading(clockProcessCPU) }

func reading(clock uintptr) int64 {
	var now syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano()
}
