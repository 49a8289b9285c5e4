package audit_test

import (
	"slices"
	"strings"
	"testing"
)

// TestRepeatThatTheFileDoesNotTell: of for_each = toset([]) show -json writes
// nothing, as of a resource without one. Whether an instance is missing is then
// not decided; where the file does tell, it is.
func TestRepeatThatTheFileDoesNotTell(t *testing.T) {
	t.Parallel()
	keyed := object{"expressions": object{"name": object{"references": []any{"each.key"}}}}
	counted := object{"expressions": object{"name": object{"references": []any{"count.index"}}}}
	module := func(call object) func(object) {
		return func(d object) {
			call["module"] = object{"resources": []any{object{"address": "psn_network.n", "mode": "managed", "type": "psn_network", "expressions": object{}}}}
			d["configuration"].(object)["root_module"].(object)["module_calls"] = object{"m": call}
		}
	}
	resource := func(address string, more object) func(object) {
		return func(d object) { declare(d, address, more) }
	}
	machines := func(a string) bool { return strings.HasPrefix(a, "psn_virtual_machine.") }
	for name, tc := range map[string]struct {
		edit func(object)
		want string // the one finding of AUD-002, "" for none
	}{
		"a set of none":                 {resource("psn_network.n", keyed), "warning AUD-002 psn_network.n undecidable"},
		"a count worked out as none":    {resource("psn_network.n", counted), "warning AUD-002 psn_network.n undecidable"},
		"nothing tells that it repeats": {resource("psn_network.n", nil), "error AUD-002 psn_network.n undecidable"},
		"a count of 0":                  {resource("psn_network.n", object{"count_expression": object{"constant_value": 0}}), ""},
		"an object of none":             {resource("psn_network.n", object{"for_each_expression": object{"constant_value": object{}}}), ""},
		"a module for a set of none":    {module(keyed), "warning AUD-002 module.m.psn_network.n undecidable"},
		"a module that stands alone":    {module(object{}), "error AUD-002 module.m.psn_network.n undecidable"},
		"a module that is there": {func(d object) {
			module(object{})(d)
			resources := d["configuration"].(object)["root_module"].(object)["module_calls"].(object)["m"].(object)["module"].(object)
			resources["resources"] = append(resources["resources"].([]any), object{
				"address": "psn_network.other", "mode": "managed", "type": "psn_network", "expressions": object{}, "count_expression": object{"constant_value": 1},
			})
			resources["resources"].([]any)[0].(object)["count_expression"] = object{"constant_value": 1}
			stands(d, "module.m.psn_network.other[0]", nil, object{"id": "p_bs/other"})
		}, "error AUD-002 module.m.psn_network.n[0] failed"},
		"it stood before": {func(d object) {
			declare(d, "psn_network.n", keyed)
			d["prior_state"] = object{"values": object{"root_module": object{"resources": []any{object{
				"address": "psn_network.n", "mode": "managed", "type": "psn_network", "provider_name": hosted, "values": object{"id": "p_bs/n"},
			}}}}}
		}, "error AUD-002 psn_network.n failed"},
		"machines of the placement that nothing makes": {func(d object) {
			without(d, machines)
			root := d["configuration"].(object)["root_module"].(object)
			root["resources"] = root["resources"].([]any)[:len(root["resources"].([]any))-1]
			declare(d, "psn_virtual_machine.vm", keyed)
		}, "error AUD-002 psn_virtual_machine.vm undecidable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := literal(t)
			tc.edit(doc)
			// A prior_state without them makes the others suspect too.
			got := slices.Compact(slices.DeleteFunc(views(t, doc), func(v string) bool {
				return strings.Contains(tc.want, "psn_network") && !strings.Contains(v, "psn_network")
			}))
			if strings.Join(got, "\n") != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
