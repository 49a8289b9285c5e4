package audit

import (
	"encoding/json"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// configuration reads the configuration of a plan: how every resource of a psn
// type is declared. Locals and functions are not in it, references are by name.
func (p *parser) configuration() error {
	f := p.file
	f.Declared, f.Modules, f.Calls = map[string]Declared{}, map[string]string{}, map[string]Call{}
	f.Defaults, f.InventoryFrom = map[string]map[string]any{}, map[string][]string{}
	f.HasConfiguration = true
	return p.object(func(key string) error {
		if key == "root_module" {
			return p.configuredModule("", 0)
		}
		return p.skip()
	})
}

// configuredModule reads a module; path is "" or ends in its own address.
func (p *parser) configuredModule(path string, depth int) error {
	if depth > maxModuleDepth {
		return psn.Errorf(psn.InvalidInput, "modules are nested deeper than %d levels: not a plan or state", maxModuleDepth)
	}
	return p.object(func(key string) error {
		switch key {
		case "resources":
			return p.elements(func() error { return p.configured(path) })
		case "variables":
			var in map[string]struct {
				Default any `json:"default"`
			}
			if err := p.dec.Decode(&in); err != nil {
				return err
			}
			p.file.Defaults[path] = map[string]any{}
			for name, v := range in {
				p.file.Defaults[path][name] = v.Default
			}
			return nil
		case "module_calls":
			return p.object(func(name string) error { return p.call(join(path, "module."+name), path, depth) })
		}
		return p.skip()
	})
}

// call reads the call of a module, path, from another, within.
func (p *parser) call(path, within string, depth int) error {
	c := Call{Within: within}
	err := p.object(func(key string) error {
		switch key {
		case "source":
			var from string
			err := p.dec.Decode(&from)
			p.file.Modules[path] = from
			return err
		case "expressions":
			var raw map[string]json.RawMessage
			err := p.dec.Decode(&raw)
			c.Expressions = expressionsOf(raw)
			return err
		case "count_expression", "for_each_expression":
			var raw json.RawMessage
			err := p.dec.Decode(&raw)
			c.repeat(key, raw)
			return err
		case "module":
			return p.configuredModule(path, depth+1)
		}
		return p.skip()
	})
	p.file.Calls[path] = c
	return err
}

func (p *parser) configured(module string) error {
	var in struct {
		Address     string          `json:"address"`
		Mode        string          `json:"mode"`
		Type        string          `json:"type"`
		Expressions json.RawMessage `json:"expressions"`
		Count       json.RawMessage `json:"count_expression"`
		ForEach     json.RawMessage `json:"for_each_expression"`
	}
	if err := p.dec.Decode(&in); err != nil {
		return err
	}
	if in.Mode == "data" && in.Type == "psn_inventory" {
		p.file.HasPsnReadings = true
	}
	if in.Mode == "data" || !strings.HasPrefix(in.Type, "psn_") {
		return nil
	}
	address := join(module, in.Address)
	var raw map[string]json.RawMessage
	if err := decode(in.Expressions, &raw); err != nil {
		return badResource(address, err)
	}
	d := Declared{Address: address, Module: module, Type: in.Type, Expressions: expressionsOf(raw)}
	d.repeat("count_expression", in.Count)
	d.repeat("for_each_expression", in.ForEach)
	p.file.Declared[address] = d
	if in.Type == "psn_placement" {
		for _, r := range d.Expressions["inventory"].References {
			if strings.HasPrefix(r, "data.psn_inventory.") {
				p.file.InventoryFrom[address] = append(p.file.InventoryFrom[address], r)
			}
		}
	}
	return nil
}

// join puts an address into a module.
func join(module, address string) string {
	if module == "" {
		return address
	}
	return module + "." + address
}

// check reads one element of checks.
func (p *parser) check() error {
	var in struct {
		Address struct {
			Display string `json:"to_display"`
		} `json:"address"`
		Status    string `json:"status"`
		Instances []struct {
			Problems []struct {
				Message string `json:"message"`
			} `json:"problems"`
		} `json:"instances"`
	}
	if err := p.dec.Decode(&in); err != nil {
		return err
	}
	c := Check{Address: in.Address.Display, Status: in.Status}
	for _, i := range in.Instances {
		for _, problem := range i.Problems {
			if c.Message == "" {
				c.Message = problem.Message
			}
		}
	}
	p.file.Checks = append(p.file.Checks, c)
	return nil
}
