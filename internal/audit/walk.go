package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// fields calls f for every key of the object just opened; f reads the value.
func (p *parser) fields(f func(key string) error) error {
	for p.dec.More() {
		tok, err := p.dec.Token()
		if err != nil {
			return err
		}
		key, ok := tok.(string)
		if !ok {
			return fmt.Errorf("object key expected, found %v", tok)
		}
		if err := f(key); err != nil {
			return err
		}
	}
	_, err := p.dec.Token()
	return err
}

// elements calls f at every element of the array that follows; null is empty.
func (p *parser) elements(f func() error) error {
	tok, err := p.dec.Token()
	if err != nil || tok == nil {
		return err
	}
	if tok != json.Delim('[') {
		return psn.Errorf(psn.InvalidInput, "not a plan or state: array expected before byte %d", p.dec.InputOffset())
	}
	for p.dec.More() {
		if err := f(); err != nil {
			return err
		}
	}
	_, err = p.dec.Token()
	return err
}

// object opens the object that follows and reads its fields; null is empty.
func (p *parser) object(f func(key string) error) error {
	tok, err := p.dec.Token()
	if err != nil || tok == nil {
		return err
	}
	if tok != json.Delim('{') {
		return psn.Errorf(psn.InvalidInput, "not a plan or state: object expected before byte %d", p.dec.InputOffset())
	}
	return p.fields(f)
}

// skip passes over one value without keeping it.
func (p *parser) skip() error {
	for depth := 0; ; {
		tok, err := p.dec.Token()
		if err != nil {
			return err
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// values reads a values representation: {outputs, root_module}.
func (p *parser) values() error {
	return p.object(func(key string) error {
		if key == "root_module" {
			return p.module(0)
		}
		return p.skip()
	})
}

func (p *parser) module(depth int) error {
	if depth > maxModuleDepth {
		return psn.Errorf(psn.InvalidInput, "modules are nested deeper than %d levels: not a plan or state", maxModuleDepth)
	}
	return p.object(func(key string) error {
		switch key {
		case "resources":
			return p.elements(p.value)
		case "child_modules":
			return p.elements(func() error { return p.module(depth + 1) })
		}
		return p.skip()
	})
}

// header is what both representations say of a resource.
type header struct {
	Address  string `json:"address"`
	Mode     string `json:"mode"`
	Type     string `json:"type"`
	Provider string `json:"provider_name"`
	Deposed  string `json:"deposed"`
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
func (p *parser) value() error {
	var in struct {
		header
		Values json.RawMessage `json:"values"`
	}
	if err := p.dec.Decode(&in); err != nil {
		return err
	}
	if !p.wanted(in.header, p.file.Foreign) {
		return nil
	}
	after, err := decodeObject(in.Values)
	if err != nil {
		return badResource(in.Address, err)
	}
	p.file.Values = append(p.file.Values, Resource{Address: in.Address, Type: in.Type, After: after})
	return nil
}

// change reads one element of resource_changes.
func (p *parser) change() error {
	var in struct {
		header
		Change json.RawMessage `json:"change"`
	}
	if err := p.dec.Decode(&in); err != nil {
		return err
	}
	if !p.wanted(in.header, p.foreignChanges) {
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
	r := Resource{Address: in.Address, Type: in.Type, Actions: c.Actions, Before: c.Before, After: c.After}
	// after_unknown is an object, or the literal false of a deletion.
	if len(c.Unknown) > 0 && c.Unknown[0] == '{' {
		if err := decode(c.Unknown, &r.Unknown); err != nil {
			return badResource(in.Address, err)
		}
	}
	p.file.Changes = append(p.file.Changes, r)
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
