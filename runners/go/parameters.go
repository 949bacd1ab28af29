// What did the user ask for? name[:first[:key=value…]], as workloads/src/parameters.rs reads it.

package main

import (
	"strconv"
	"strings"
)

// parameters are complete: every one that has a default, and no other.
type parameters struct {
	values map[string]string
	err    error
}

// parse takes defaults in order: name, value, name, value.
func parse(label string, defaults ...string) *parameters {
	parts := strings.Split(label, ":")
	p := &parameters{values: map[string]string{}}
	var names []string
	for at := 0; at < len(defaults); at += 2 {
		names = append(names, defaults[at])
		p.values[defaults[at]] = defaults[at+1]
	}
	for at, part := range parts[1:] {
		name, value, named := strings.Cut(part, "=")
		if !named && at == 0 && len(names) > 0 {
			name, value = names[0], part
		}
		if _, known := p.values[name]; !known {
			has := strings.Join(names, ", ")
			if has == "" {
				has = "none"
			}
			p.err = failed("workload '%s' has no parameter '%s' (it has: %s)", parts[0], name, has)
			return p
		}
		p.values[name] = value
	}
	return p
}

// number is a whole number from low to high; otherwise p.err says what would fit.
func (p *parameters) number(name string, low, high uint64) uint64 {
	text := p.values[name]
	value, err := strconv.ParseUint(text, 10, 64)
	if (err != nil || value < low || value > high) && p.err == nil {
		p.err = failed("parameter %s = '%s' is not a whole number from %d to %d", name, text, low, high)
	}
	return value
}

// flag accepts true and false; otherwise p.err says so.
func (p *parameters) flag(name string) bool {
	text := p.values[name]
	if text != "true" && text != "false" && p.err == nil {
		p.err = failed("parameter %s = '%s' is not true or false", name, text)
	}
	return text == "true"
}
