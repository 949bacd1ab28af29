// file-read: what does it cost to read 4 KiB of a file that is already in memory?

package main

import (
	"errors"
	"os"
	"path/filepath"
)

const (
	blockBytes = 4096
	lineBytes  = 64
	lines      = blockBytes / lineBytes
)

type fileRead struct {
	batched
	blocks, seed uint64
	folder       string
}

func newFileRead(asked spec) (work, error) {
	p := parse(asked.Workload, "mib", "32")
	blocks := p.number("mib", 1, 4096) * ((1 << 20) / blockBytes)
	if p.err == nil && asked.Surroundings.Folder == "" {
		p.err = errors.New("this workload needs a folder, and none was given")
	}
	return fileRead{blocks: blocks, seed: asked.Seed, folder: asked.Surroundings.Folder}, p.err
}

type reader struct {
	fileRead
	number uint64
	file   *os.File
	block  []byte
	words  []byte
}

func (f fileRead) open(number uint64) (actor, error) {
	file, err := os.Open(filepath.Join(f.folder, "file-read.bin"))
	return &reader{f, number, file, make([]byte, blockBytes), make([]byte, 8*lines)}, err
}

func (r *reader) operation(index uint64) (deed, error) {
	offset := blockBytes * below(r.blocks, r.seed, r.number, index)
	// What the last read left must not pass for this one's.
	for line := 0; line < lines; line++ {
		copy(r.checked(line), zeros)
	}
	if _, err := r.file.ReadAt(r.block, int64(offset)); err != nil {
		return deed{}, err
	}
	for line := 0; line < lines; line++ {
		copy(r.words[8*line:], r.checked(line))
	}
	return deed{digest: ofBytes(r.words)}, nil
}

var zeros = make([]byte, 8)

// checked is the word of a line that is checked: not always the same one of the eight.
func (r *reader) checked(line int) []byte {
	start := line*lineBytes + line%8*8
	return r.block[start : start+8]
}

func (r *reader) close(uint64) error { return r.file.Close() }
