// What did this process cost, and what does it wait with? Read from the kernel.

package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

func costs() map[string]any {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return map[string]any{}
	}
	return map[string]any{
		"user_ns":              usage.Utime.Nano(),
		"system_ns":            usage.Stime.Nano(),
		"voluntary_switches":   usage.Nvcsw,
		"involuntary_switches": usage.Nivcsw,
		// Not Maxrss: it keeps the size that the process had before exec.
		"peak_rss_bytes": status("VmHWM") * 1024,
		"threads":        status("Threads"),
		"recorder_bytes": 0,
	}
}

func status(name string) int64 {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		if rest := strings.TrimPrefix(line, name+":"); rest != line {
			value, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return value
		}
	}
	return 0
}

// backend is what goroutines wait with, by the process's open descriptors: the poller exists as soon as
// something was waited for.
func backend() string {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		link, _ := os.Readlink("/proc/self/fd/" + entry.Name())
		if strings.Contains(link, "eventpoll") {
			return "epoll"
		}
	}
	return "blocking"
}
