// echo: how fast does a message go to a peer and back over a kept TCP connection?

package main

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
)

// The room for the actor (8 bytes) and the operation (8 bytes).
const headerBytes = 16

type echo struct {
	session
	bytes uint64
	peer  string
}

func newEcho(asked spec) (work, error) {
	p := parse(asked.Workload, "bytes", "64")
	return echoOf(p, asked), p.err
}

func echoOf(p *parameters, asked spec) echo {
	return echo{bytes: p.number("bytes", headerBytes, 1<<20), peer: asked.Surroundings.Peer}
}

type echoActor struct {
	connection net.Conn
	message    []byte
	number     uint64
}

func (e echo) open(number uint64) (actor, error) {
	return e.connect(number)
}

func (e echo) connect(number uint64) (*echoActor, error) {
	if e.peer == "" {
		return nil, errors.New("this workload needs a peer, and none was given")
	}
	// net sets TCP_NODELAY on every TCP connection.
	connection, err := net.Dial("tcp", e.peer)
	message := make([]byte, e.bytes)
	for at := range message {
		message[at] = 'x'
	}
	return &echoActor{connection, message, number}, err
}

func (a *echoActor) operation(index uint64) (deed, error) {
	if err := a.exchange(index); err != nil {
		return deed{}, err
	}
	return deed{digest: ofBytes(a.message)}, nil
}

// exchange sends the message and leaves what came back in its place.
func (a *echoActor) exchange(index uint64) error {
	binary.LittleEndian.PutUint64(a.message, a.number)
	binary.LittleEndian.PutUint64(a.message[8:], index)
	if _, err := a.connection.Write(a.message); err != nil {
		return err
	}
	// Only the peer can bring the stamp back.
	for at := range a.message[:headerBytes] {
		a.message[at] = 0
	}
	_, err := io.ReadFull(a.connection, a.message)
	return err
}

func (a *echoActor) close(uint64) error { return a.connection.Close() }
