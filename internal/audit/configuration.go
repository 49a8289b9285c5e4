package audit

import (
	"encoding/json"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// configuration reads the configuration of a plan: of every resource of a psn
// type, the attributes that are written as constants. They cannot be other in
// the plan.
func (p *parser) configuration() error {
	p.file.Constants, p.file.Modules = map[string]map[string]any{}, map[string]string{}
	p.file.InventoryFrom = map[string][]string{}
	p.file.HasConfiguration = true
	return p.object(func(key string) error {
		if key == "root_module" {
			return p.configuredModule("", 0)
		}
		return p.skip()
	})
}

func (p *parser) configuredModule(prefix string, depth int) error {
	if depth > maxModuleDepth {
		return psn.Errorf(psn.InvalidInput, "modules are nested deeper than %d levels: not a plan or state", maxModuleDepth)
	}
	return p.object(func(key string) error {
		switch key {
		case "resources":
			return p.elements(func() error { return p.configured(prefix) })
		case "module_calls":
			return p.object(func(name string) error {
				path := prefix + "module." + name
				return p.object(func(key string) error {
					switch key {
					case "source":
						var from string
						err := p.dec.Decode(&from)
						p.file.Modules[path] = from
						return err
					case "module":
						return p.configuredModule(path+".", depth+1)
					}
					return p.skip()
				})
			})
		}
		return p.skip()
	})
}

func (p *parser) configured(prefix string) error {
	var in struct {
		Address     string          `json:"address"`
		Mode        string          `json:"mode"`
		Type        string          `json:"type"`
		Expressions json.RawMessage `json:"expressions"`
	}
	if err := p.dec.Decode(&in); err != nil {
		return err
	}
	if in.Mode == "data" || !strings.HasPrefix(in.Type, "psn_") {
		return nil
	}
	var expressions map[string]json.RawMessage
	if err := decode(in.Expressions, &expressions); err != nil {
		return badResource(prefix+in.Address, err)
	}
	constants := map[string]any{}
	for name, raw := range expressions {
		var e map[string]any
		if decode(raw, &e) != nil {
			continue // nested blocks are lists of expressions
		}
		switch v := e["constant_value"].(type) {
		case string, bool, json.Number:
			constants[name] = v
		}
	}
	p.file.Constants[prefix+in.Address] = constants
	if in.Type == "psn_placement" {
		p.inventoryFrom(prefix+in.Address, expressions["inventory"])
	}
	return nil
}

// inventoryFrom notes which readings an expression refers to by name.
func (p *parser) inventoryFrom(address string, expression json.RawMessage) {
	var e struct {
		References []string `json:"references"`
	}
	if decode(expression, &e) != nil {
		return // a block would be a list; the attribute is none
	}
	for _, r := range e.References {
		if strings.HasPrefix(r, "data.psn_inventory.") {
			p.file.InventoryFrom[address] = append(p.file.InventoryFrom[address], r)
		}
	}
}

// configAddress is the address of a resource without instance keys, as its
// configuration has it.
func configAddress(address string) string {
	var out strings.Builder
	for depth, quoted, i := 0, false, 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0:
			out.WriteByte(c)
		}
	}
	return out.String()
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
