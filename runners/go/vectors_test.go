// Do digests, draws and workloads give what the workloads' own code gives? runners/vectors.json knows.

package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type vectors struct {
	Seed    uint64
	OfBytes []struct{ Bytes, Digest string } `json:"of_bytes"`
	Number  []struct {
		Number uint64
		Digest string
	} `json:"of_number"`
	Draws []struct{ Bound, Seed, Actor, Index, Drawn uint64 }
	Sums  []struct {
		Of  []string
		Sum string
	}
	Workloads []struct {
		Workload   string
		Operations []struct {
			Actor, Index uint64
			AskedUs      int64 `json:"asked_us"`
			Digest       string
		}
	}
}

func read(t *testing.T) (known vectors) {
	text, err := os.ReadFile("../vectors.json")
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err != nil || len(known.Workloads) == 0 || len(known.Draws) == 0 || len(known.Sums) == 0 {
		t.Fatal(err, known)
	}
	return known
}

func same(t *testing.T, what any, found uint64, wanted string) {
	t.Helper()
	if text := fmt.Sprintf("%016x", found); text != wanted {
		t.Errorf("%v: %s instead of %s", what, text, wanted)
	}
}

func TestDigestsAndDraws(t *testing.T) {
	known := read(t)
	for _, one := range known.OfBytes {
		bytes, _ := hex.DecodeString(one.Bytes)
		same(t, one, ofBytes(bytes), one.Digest)
	}
	for _, one := range known.Number {
		same(t, one, ofNumber(one.Number), one.Digest)
	}
	for _, one := range known.Sums {
		sum := uint64(0)
		for _, text := range one.Of {
			var digest uint64
			fmt.Sscanf(text, "%x", &digest)
			sum = plus(sum, digest)
		}
		same(t, one, sum, one.Sum)
	}
	for _, one := range known.Draws {
		if drawn := below(one.Bound, one.Seed, one.Actor, one.Index); drawn != one.Drawn {
			t.Errorf("%v: %d", one, drawn)
		}
	}
}

// Real operations: against a peer on loopback, and a file.
func TestOperations(t *testing.T) {
	known := read(t)
	peer, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	go func() {
		for {
			connection, err := peer.Accept()
			if err != nil {
				return
			}
			go io.Copy(connection, connection)
		}
	}()
	folder := t.TempDir()
	for _, one := range known.Workloads {
		asked := spec{Workload: one.Workload, Seed: known.Seed}
		asked.Surroundings = surroundings{Peer: peer.Addr().String(), Folder: folder}
		work, err := workOf(asked)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(one.Workload, "file-read") {
			writeFile(t, folder, known.Seed, work.(fileRead).blocks)
		}
		for _, wanted := range one.Operations {
			actor, err := work.open(wanted.Actor)
			if err != nil {
				t.Fatal(err)
			}
			did, err := actor.operation(wanted.Index)
			if err != nil || did.askedNs != 1000*wanted.AskedUs {
				t.Errorf("%s %v: %v %v", one.Workload, wanted, did, err)
			}
			same(t, one.Workload, did.digest, wanted.Digest)
			// Only ping-pong counts, and it has done one.
			if err := actor.close(1); err != nil {
				t.Error(err)
			}
		}
	}
}

func writeFile(t *testing.T, folder string, seed, blocks uint64) {
	file := make([]byte, 0, blocks*blockBytes)
	for word := uint64(0); word < blocks*blockBytes/8; word++ {
		digest := ofNumber(seed ^ word)
		for shift := 0; shift < 64; shift += 8 {
			file = append(file, byte(digest>>shift))
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "file-read.bin"), file, 0o600); err != nil {
		t.Fatal(err)
	}
}
