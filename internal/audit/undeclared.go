package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/audit/tfaddr"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// undeclaredInstances compares the instances that the plan has with those that
// the configuration asks for: each is planned, deleted, moved or forgotten.
func undeclaredInstances(f *File) []psn.Finding {
	there := map[string]bool{}
	some := map[string]bool{} // declarations and modules of which the plan or the state before has any
	note := func(address string) {
		for at := tfaddr.Bare(address); at != ""; at = parent(at) {
			some[at] = true
		}
	}
	var met []string
	after := planned{file: f, listed: new(int)}
	for _, c := range f.Changes {
		there[c.Address], there[c.Previous] = true, true
		note(c.Address)
		note(c.Previous)
		if c.After != nil {
			after.addresses = append(after.addresses, c.Address)
		}
		met = append(met, c.Address)
	}
	for _, p := range f.Prior {
		note(p.Address)
	}
	// A plan that stopped early lacks some, one that destroys everything most.
	if f.Errored || f.Incomplete || len(after.addresses) == 0 {
		return nil
	}
	byDeclaration := map[string][]string{}
	for _, a := range after.addresses {
		byDeclaration[tfaddr.Bare(a)] = append(byDeclaration[tfaddr.Bare(a)], a)
	}
	free := unclaimed(f)
	var out []psn.Finding
	for _, address := range slices.Sorted(maps.Keys(f.Declared)) {
		d := f.Declared[address]
		want := after.expand(address, d.Module, d.Repeat, met)
		if want.tooMany {
			many := ruleViews.undecidable(address, fmt.Sprintf("count and for_each of the configuration ask for more than the %d instances that are compared: which of them the plan lacks is not known", maxListed))
			many.Severity = psn.SeverityWarning
			return append(out, many)
		}
		asked := map[string]bool{}
		for _, a := range want.certain {
			asked[a] = true
			if !there[a] {
				out = append(out, absent(f, d, a, some, free))
			}
		}
		for _, a := range want.likely {
			asked[a] = true
		}
		for _, a := range byDeclaration[address] {
			if want.all && !asked[a] {
				out = append(out, ruleViews.finding(a, "resource_changes keeps or makes an instance that count or for_each of the configuration do not ask for"))
			}
		}
		missing := slices.DeleteFunc(slices.Clone(want.likely), func(a string) bool { return there[a] })
		if len(missing) > 0 {
			out = append(out, lost(d, want, missing, !some[address] && free(d.Type, missing)))
		}
	}
	return out
}

// absent is the finding on an instance that a declaration makes for certain, if
// it makes any: of a count or for_each that functions make of constants, as
// toset([]), the file has nothing, and of what is repeated by one that is empty
// neither the plan nor the state before has anything. Then it is not decided,
// and a warning where expressions tell that there is a count or for_each.
func absent(f *File, d Declared, address string, some map[string]bool, free func(string, []string) bool) psn.Finding {
	gone := "the configuration declares the resource, the plan neither has nor deletes it: it was taken out of the file, or the plan was made for some targets only"
	node, told := unsaid(f, d, some)
	if node == "" {
		return ruleViews.finding(address, gone)
	}
	out := ruleViews.undecidable(address, gone+"; or a count or for_each that functions make of constants, of which the file has nothing, asks for none")
	out.Remedy = fmt.Sprintf("look in the configuration whether count or for_each of %s asks for none, and write it as count = 0 or as for_each of an empty object, which the file tells; else write the JSON again from the saved plan", node)
	if told && !free(d.Type, nil) {
		out.Severity = psn.SeverityWarning
	}
	return out
}

// unsaid is the resource, or the module it stands in, that may have a count or
// for_each of which the file has nothing, "" when there is none: it has no other
// and nothing of it is met. Told is set when its expressions refer to the index
// or key that only a repeated one has.
func unsaid(f *File, d Declared, some map[string]bool) (node string, told bool) {
	look := func(address string, r Repeat, e map[string]Expression) {
		if r.Count != nil || r.ForEach != nil || some[address] || told {
			return
		}
		told = refersToKey(e)
		if node == "" || told {
			node = address
		}
	}
	look(d.Address, d.Repeat, d.Expressions)
	for at := d.Module; at != ""; at = f.Calls[at].Within {
		look(at, f.Calls[at].Repeat, f.Calls[at].Expressions)
	}
	return node, told
}

// refersToKey reports whether expressions refer to count.index or each.
func refersToKey(expressions map[string]Expression) bool {
	for _, e := range expressions {
		if slices.ContainsFunc(e.References, func(r string) bool { return r == "count.index" || strings.HasPrefix(r, "each.") }) {
			return true
		}
	}
	return false
}

// parent is the module that a resource or module stands in, without keys.
func parent(bare string) string {
	parts := strings.Split(bare, ".")
	if len(parts) < 2 {
		return ""
	}
	return strings.Join(parts[:len(parts)-2], ".")
}

// lost is the finding on instances that a reference would make. The file does
// not tell what the configuration makes of the reference: a count may be worked
// out of it, a for_each renames or leaves out elements. So it is a warning,
// except of an emptied declaration whose machines nothing else makes.
func lost(d Declared, want instances, missing []string, emptied bool) psn.Finding {
	out := ruleViews.undecidable(missing[0], fmt.Sprintf("%d instances are to be made from %s, the plan lacks %d of them: the file does not tell whether the configuration leaves them out", len(want.likely), want.source, len(missing)))
	if want.counted || !emptied {
		out.Severity = psn.SeverityWarning
	}
	expression := "for_each"
	if want.counted {
		expression = "count"
	}
	out.Remedy = fmt.Sprintf("look in the configuration what %s of %s, or of its module, makes of %s; where it takes all of it, write the JSON again from the saved plan", expression, d.Address, want.source)
	return out
}

// unclaimed returns a test whether instances that are missing, or any when they
// are not told, would make, of a type of machine, one that a psn_placement
// assigns and that no machine of the plan is. Other providers may make machines
// of assignments too; then, and where a machine does not tell which it is,
// nothing is known to be left.
func unclaimed(f *File) func(kind string, missing []string) bool {
	none := func(string, []string) bool { return false }
	if len(f.Foreign) > 0 {
		return none
	}
	left := map[string]map[string]bool{} // tenants by name
	for _, c := range f.Changes {
		tenant, _ := c.After["tenant_id"].(string)
		machines, _ := c.After["assignments"].(map[string]any)
		for name := range machines {
			if left[name] == nil {
				left[name] = map[string]bool{}
			}
			left[name][tenant] = true
		}
	}
	for _, c := range f.Changes {
		if !makesMachine[c.Type] || c.After == nil {
			continue
		}
		place, _ := c.After["placement"].(map[string]any)
		name, _ := place["vm"].(string)
		service, _ := place["service_id"].(string)
		if !allKnown(c.Unknown["placement"]) {
			return none
		}
		delete(left[name], string(psn.ServiceID(service).Tenant()))
		tenant, own, _ := strings.Cut(subjectOf(c), "/")
		delete(left[own], tenant)
	}
	keys := map[string]bool{}
	for name, tenants := range left {
		if len(tenants) > 0 {
			keys[quoted(name)] = true
		}
	}
	return func(kind string, missing []string) bool {
		return makesMachine[kind] && (missing == nil && len(keys) > 0 || slices.ContainsFunc(missing, func(a string) bool {
			return slices.ContainsFunc(strings.FieldsFunc(a, func(c rune) bool { return c == '[' || c == ']' }), func(part string) bool { return keys[part] })
		}))
	}
}

// makesMachine are the types that stand for a machine of an assignment.
var makesMachine = map[string]bool{"psn_virtual_machine": true, "psn_replica": true}
