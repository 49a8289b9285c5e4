package audit

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// values reads a values representation, {outputs, root_module}, into a list.
func (p *parser) values(into *[]Resource) error {
	return p.object(func(key string) error {
		if key == "root_module" {
			return p.module(0, into)
		}
		return p.skip()
	})
}

func (p *parser) module(depth int, into *[]Resource) error {
	if depth > maxModuleDepth {
		return psn.Errorf(psn.InvalidInput, "modules are nested deeper than %d levels: not a plan or state", maxModuleDepth)
	}
	return p.object(func(key string) error {
		switch key {
		case "resources":
			return p.elements(func() error { return p.value(into) })
		case "child_modules":
			return p.elements(func() error { return p.module(depth+1, into) })
		}
		return p.skip()
	})
}

// header is what both representations say of a resource.
type header struct {
	Address  string `json:"address"`
	Previous string `json:"previous_address"`
	Mode     string `json:"mode"`
	Type     string `json:"type"`
	Provider string `json:"provider_name"`
	Deposed  string `json:"deposed"`
	Reason   string `json:"action_reason"`
}

// wanted reports whether the resource is to be kept, and counts the others.
func (p *parser) wanted(h header, foreign map[string]int) bool {
	if h.Mode == "data" || h.Deposed != "" {
		return false
	}
	if ours(h.Provider) {
		return true
	}
	foreign[h.Provider]++
	if strings.HasPrefix(h.Type, "psn_") {
		p.file.Lookalikes = append(p.file.Lookalikes, h.Address)
	}
	return false
}

// value reads one element of resources.
func (p *parser) value(into *[]Resource) error {
	var in struct {
		header
		Values json.RawMessage `json:"values"`
	}
	if err := p.dec.Decode(&in); err != nil {
		return err
	}
	if into == &p.file.Prior && in.Mode == "data" && in.Type == "psn_inventory" && ours(in.Provider) {
		found, err := decodeObject(in.Values)
		if err != nil {
			return badResource(in.Address, err)
		}
		p.file.Readings = append(p.file.Readings, Resource{Address: in.Address, Type: in.Type, After: found})
		return nil
	}
	foreign := p.file.Foreign
	if into != &p.file.Values {
		foreign = map[string]int{} // counted where they are planned
	}
	if !p.wanted(in.header, foreign) {
		return nil
	}
	after, err := decodeObject(in.Values)
	if err != nil {
		return badResource(in.Address, err)
	}
	*into = append(*into, Resource{Address: in.Address, Type: in.Type, After: after})
	return nil
}

// change reads one element of resource_changes.
func (p *parser) change() error { return p.changeInto(&p.file.Changes, p.foreignChanges) }

// drift reads one element of resource_drift.
func (p *parser) drift() error { return p.changeInto(&p.file.Drift, map[string]int{}) }

func (p *parser) changeInto(into *[]Resource, foreign map[string]int) error {
	var in struct {
		header
		Change json.RawMessage `json:"change"`
	}
	if err := p.dec.Decode(&in); err != nil {
		return err
	}
	if !p.wanted(in.header, foreign) {
		return nil
	}
	var c struct {
		Actions []string        `json:"actions"`
		Before  map[string]any  `json:"before"`
		After   map[string]any  `json:"after"`
		Unknown json.RawMessage `json:"after_unknown"`
	}
	if err := decode(in.Change, &c); err != nil {
		return badResource(in.Address, err)
	}
	r := Resource{
		Address: in.Address, Previous: in.Previous, Type: in.Type, Reason: in.Reason,
		Actions: c.Actions, Before: c.Before, After: c.After,
	}
	// after_unknown is an object, or the literal false of a deletion.
	if len(c.Unknown) > 0 && c.Unknown[0] == '{' {
		if err := decode(c.Unknown, &r.Unknown); err != nil {
			return badResource(in.Address, err)
		}
	}
	*into = append(*into, r)
	return nil
}

func badResource(address string, err error) error {
	return psn.Errorf(psn.InvalidInput, "resource %s is not as show -json writes it: %w", address, err)
}

func decodeObject(raw json.RawMessage) (map[string]any, error) {
	var m map[string]any
	return m, decode(raw, &m)
}

func decode(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return dec.Decode(into)
}
