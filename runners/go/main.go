// How does the conversation of a trial go? One spec, then orders, each answered by one reply; then the end.
//
// The Go runner: goroutines, channels, net, the standard library alone, the words of runners/PROTOCOL.md. Read
// on in window.go (when an operation counts), work.go (what a workload owes), one workload's file, server.go.
// A goroutine reads the orders and ends the process when they end; the main goroutine obeys.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
)

const protocol = 3

// The name by which specs ask for this program.
const runner = "go"

type surroundings struct {
	Peer   string `json:"peer"`
	Folder string `json:"folder"`
}

type spec struct {
	Protocol     int          `json:"protocol"`
	Workload     string       `json:"workload"`
	Runner       string       `json:"runner"`
	Mode         string       `json:"mode"`
	Actors       int          `json:"actors"`
	Workers      int          `json:"workers"`
	Seed         uint64       `json:"seed"`
	Surroundings surroundings `json:"surroundings"`
	UsualSliceNs int64        `json:"usual_slice_ns"`
	DrainNs      int64        `json:"drain_ns"`
}

type order struct {
	Order      string `json:"order"`
	DurationNs int64  `json:"duration_ns"`
	DropNs     int64  `json:"drop_ns"`
}

// A refusal is why a trial cannot be.
type refusal struct{ state, reason string }

func (r refusal) Error() string { return r.reason }

func failed(format string, values ...any) error {
	return refusal{"failed", fmt.Sprintf(format, values...)}
}

func main() {
	input := bufio.NewReader(os.Stdin)
	first, err := input.ReadString('\n')
	if err != nil {
		return
	}
	var asked spec
	if err := json.Unmarshal([]byte(first), &asked); err != nil {
		refuse(failed("the spec is not understood: %v", err))
		return
	}
	if asked.Protocol != protocol {
		refuse(failed("protocol %d, but this is %d", asked.Protocol, protocol))
		return
	}
	if asked.Runner != runner {
		refuse(failed("no runner '%s' (there is: %s)", asked.Runner, runner))
		return
	}
	runtime.GOMAXPROCS(asked.Workers)
	if asked.Mode == "serve" {
		serve(asked, input)
		return
	}
	takeOrders(asked, input)
}

// orders are the lines of standard input from now on, once everything is set up. Their end ends the process, at
// any time.
func orders(input *bufio.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		for {
			line, err := input.ReadString('\n')
			if err != nil {
				os.Exit(0)
			}
			lines <- line
		}
	}()
	return lines
}

// say answers in one line.
func say(reply map[string]any) {
	line, err := json.Marshal(reply)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(append(line, '\n'))
}

func refuse(err error) {
	state := "failed"
	if known, ok := err.(refusal); ok {
		state = known.state
	}
	say(map[string]any{"reply": "refused", "state": state, "reason": err.Error()})
}

func ready() map[string]any {
	version := strings.TrimPrefix(runtime.Version(), "go")
	return map[string]any{
		"reply":      "ready",
		"pid":        os.Getpid(),
		"receipt":    []string{"go", strings.Fields(version)[0], "runtime.Version()"},
		"one_worker": false,
		"card": map[string]string{
			"workers":  fmt.Sprintf("%d (GOMAXPROCS)", runtime.GOMAXPROCS(0)),
			"backend":  "epoll (the runtime's network poller)",
			"timers":   "time.Sleep: the runtime's timer heaps",
			"files":    "os.File.ReadAt: pread on the goroutine's thread",
			"sockets":  "net, TCP_NODELAY",
			"channels": "chan",
			"offload":  "runs at once: goroutines are preempted, and moved between threads",
			"borrowed": "nothing",
			"batches":  "runtime.Gosched after each job, else two goroutines keep the thread for 10 ms",
			"gc":       "Go's concurrent collector as it comes",
		},
	}
}

// takeOrders is a trial whose own actors work in the slices that are ordered.
func takeOrders(asked spec, input *bufio.Reader) {
	trial, err := newTrial(asked)
	if err != nil {
		refuse(err)
		return
	}
	say(ready())
	for line := range orders(input) {
		var wanted order
		if err := json.Unmarshal([]byte(line), &wanted); err != nil {
			say(map[string]any{"reply": "failed", "reason": err.Error(), "timed_out": false})
			return
		}
		if wanted.Order == "finish" {
			say(trial.finish())
			return
		}
		fields, trouble, timedOut := trial.slice(wanted)
		if trouble != "" {
			say(map[string]any{
				"reply": "failed", "reason": trouble, "timed_out": timedOut, "slice": fields,
			})
			return
		}
		fields["reply"] = "slice"
		if wanted.Order == "warm-up" {
			fields["reply"] = "warm"
		}
		say(fields)
	}
}
