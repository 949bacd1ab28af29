// How does the Go server work? net/http, a goroutine for each connection; the routes of runners/PROTOCOL.md.

package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	mostBody = 1 << 20
	mostKib  = 1 << 16
	period   = 251
)

// A server has the file that /file reads.
type server struct{ file *os.File }

func serve(asked spec, input *bufio.Reader) {
	server, remove, err := newServer(asked.Surroundings.Folder)
	if err != nil {
		refuse(failed("set-up failed: %v", err))
		return
	}
	defer remove()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		refuse(failed("set-up failed: %v", err))
		return
	}
	// net/http adds 4 KiB to what it is told.
	web := &http.Server{Handler: server, MaxHeaderBytes: 12 << 10}
	silent := closeSilent(web)
	go web.Serve(listener)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	reply := ready()
	reply["address"] = listener.Addr().String()
	say(reply)
	var told order
	select {
	case <-signals:
	case line := <-orders(input):
		json.Unmarshal([]byte(line), &told)
	}
	patience, cancel := context.WithTimeout(context.Background(), time.Duration(asked.DrainNs))
	defer cancel()
	silent()
	web.Shutdown(patience)
	if told.Order == "finish" {
		reply := costs()
		reply["reply"], reply["actors"], reply["early"] = "finished", []int{}, 0
		say(reply)
	}
}

// closeSilent makes a function that closes the connections that have never asked for anything, which net/http's own
// shutdown waits for, 5 seconds each.
func closeSilent(web *http.Server) func() {
	var silent sync.Map
	web.ConnState = func(connection net.Conn, state http.ConnState) {
		if state == http.StateNew {
			silent.Store(connection, nil)
		} else {
			silent.Delete(connection)
		}
	}
	return func() {
		silent.Range(func(connection, _ any) bool {
			connection.(net.Conn).Close()
			return true
		})
	}
}

// newServer writes the file: into the trial's folder, or one that is removed in the end.
func newServer(folder string) (s *server, remove func(), err error) {
	remove = func() {}
	if folder == "" {
		if folder, err = os.MkdirTemp("", "simul-"); err != nil {
			return nil, remove, err
		}
		remove = func() { os.RemoveAll(folder) }
	}
	path := filepath.Join(folder, "pattern.bin")
	if err = os.WriteFile(path, pattern(mostBody), 0o600); err != nil {
		return nil, remove, err
	}
	file, err := os.Open(path)
	return &server{file}, remove, err
}

// pattern is bytes in which byte i is i modulo 251.
func pattern(length int) []byte {
	bytes := make([]byte, length)
	for at := range bytes {
		bytes[at] = byte(at % period)
	}
	return bytes
}

// piece can be put behind itself: whole periods, and whole KiB.
var piece = pattern(period << 10)

func hashed(kib int) []byte {
	hasher := sha256.New()
	for left := kib << 10; left > 0; left -= len(piece) {
		if left < len(piece) {
			hasher.Write(piece[:left])
		} else {
			hasher.Write(piece)
		}
	}
	return []byte(hex.EncodeToString(hasher.Sum(nil)))
}

func (s *server) ServeHTTP(to http.ResponseWriter, request *http.Request) {
	method := http.MethodGet
	most := map[string]int{}
	switch request.URL.Path {
	case "/echo":
		method = http.MethodPost
	case "/sleep":
		most["us"] = longestUs
	case "/sha256":
		most["kib"] = mostKib
	case "/mixed":
		most["us"], most["kib"] = longestUs, mostKib
	case "/file":
		most["bytes"] = mostBody
	case "/health":
	default:
		refuseRequest(to, http.StatusNotFound)
		return
	}
	if request.Method != method {
		to.Header().Set("Allow", method)
		refuseRequest(to, http.StatusMethodNotAllowed)
		return
	}
	given, fine := numbers(request.URL.RawQuery, most)
	if !fine {
		refuseRequest(to, http.StatusBadRequest)
		return
	}
	status, body := s.answer(request, given)
	if status != http.StatusOK {
		refuseRequest(to, status)
		return
	}
	answer(to, status, body)
}

// answer does the work.
func (s *server) answer(request *http.Request, given map[string]int) (int, []byte) {
	if us, waits := given["us"]; waits {
		time.Sleep(time.Duration(us) * time.Microsecond)
	}
	if kib, hashes := given["kib"]; hashes {
		return http.StatusOK, hashed(kib)
	}
	if length, reads := given["bytes"]; reads {
		body := make([]byte, length)
		if _, err := s.file.ReadAt(body, 0); err != nil && length > 0 {
			return http.StatusInternalServerError, nil
		}
		return http.StatusOK, body
	}
	if request.URL.Path != "/echo" {
		return http.StatusOK, []byte("ok")
	}
	if request.ContentLength > mostBody {
		return http.StatusRequestEntityTooLarge, nil
	}
	if request.ContentLength < 0 {
		return http.StatusLengthRequired, nil
	}
	body := make([]byte, request.ContentLength)
	if _, err := io.ReadFull(request.Body, body); err != nil {
		return http.StatusBadRequest, nil
	}
	return http.StatusOK, body
}

// numbers are just these parameters, each once, each up to its most.
func numbers(query string, most map[string]int) (map[string]int, bool) {
	given := map[string]int{}
	for _, pair := range strings.Split(query, "&") {
		if pair == "" {
			continue
		}
		name, text, _ := strings.Cut(pair, "=")
		limit, known := most[name]
		_, twice := given[name]
		value, err := strconv.ParseUint(text, 10, 31)
		if !known || twice || err != nil || int(value) > limit {
			return nil, false
		}
		given[name] = int(value)
	}
	return given, len(given) == len(most)
}

func refuseRequest(to http.ResponseWriter, status int) {
	if status == http.StatusRequestEntityTooLarge || status == http.StatusLengthRequired {
		// The body has not been read: what follows cannot be told apart.
		to.Header().Set("Connection", "close")
	}
	answer(to, status, []byte(strings.ToLower(http.StatusText(status))))
}

func answer(to http.ResponseWriter, status int, body []byte) {
	// Nobody asked for them, and other servers send none: no date, no guessed type.
	to.Header()["Date"] = nil
	to.Header()["Content-Type"] = nil
	to.Header().Set("Content-Length", strconv.Itoa(len(body)))
	to.WriteHeader(status)
	to.Write(body)
}
