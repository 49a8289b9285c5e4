package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// alone returns the one thing an expression refers to, "" when it refers to
// none or to several. The file names an attribute and its resource both.
func (e Expression) alone() string {
	longest := ""
	for _, r := range e.References {
		if len(r) > len(longest) {
			longest = r
		}
	}
	for _, r := range e.References {
		if r != longest && !strings.HasPrefix(longest, r+".") && !strings.HasPrefix(longest, r+"[") {
			return ""
		}
	}
	return longest
}

// value returns what a reference within a module stands for, where the file
// holds it and it is known: a variable, or an attribute of a resource that is
// planned once.
func (f *File) value(module, reference string) (any, bool) {
	parts := strings.Split(reference, ".")
	if len(parts) < 2 || strings.ContainsAny(reference, `["`) {
		return nil, false
	}
	if parts[0] == "var" {
		v, ok := f.variable(module, parts[1])
		return step(v, nil, parts[2:], ok)
	}
	if !strings.HasPrefix(parts[0], "psn_") || len(parts) < 3 {
		return nil, false
	}
	address := join(module, parts[0]+"."+parts[1])
	i, ok := slices.BinarySearchFunc(f.Changes, address, func(r Resource, a string) int { return strings.Compare(r.Address, a) })
	if !ok || f.Changes[i].After == nil {
		return nil, false
	}
	return step(f.Changes[i].After, f.Changes[i].Unknown, parts[2:], true)
}

// variable returns the value of a variable of a module that is called once.
func (f *File) variable(module, name string) (any, bool) {
	if module == "" {
		v, ok := f.Variables[name]
		return v, ok
	}
	call, ok := f.Calls[module]
	if !ok || call.Count != nil || call.ForEach != nil {
		return nil, false
	}
	e, given := call.Expressions[name]
	switch {
	case !given:
		v := f.Defaults[module][name]
		return v, v != nil
	case e.IsConstant:
		return e.Constant, true
	}
	return f.value(call.Within, e.alone())
}

// step follows attributes into a value.
func step(v, unknown any, path []string, ok bool) (any, bool) {
	for _, name := range path {
		m, is := v.(map[string]any)
		if !ok || !is {
			return nil, false
		}
		u, _ := unknown.(map[string]any)
		v, ok = m[name]
		unknown = u[name]
	}
	return v, ok && allKnown(unknown)
}

// taken are the attributes that configurations take from elsewhere as they are.
var taken = map[string]bool{
	"tenant_id": true, "service_id": true, "classification": true, "quota": true, "exclude": true, "survive_region": true, "dr_reserve": true,
	"workloads": true, "continuity": true, "data_location": true, "category": true, "placement": true,
}

// againstReference compares an attribute with the one thing it refers to. Where
// the two differ the file cannot tell whether the configuration changes the
// value on the way, so this is not decided; of a class, it is not passed either.
func (f *File) againstReference(d Declared, c Resource, name string, e Expression) []psn.Finding {
	reference := e.alone()
	if !taken[name] || reference == "" {
		return nil
	}
	want, ok := f.value(d.Module, reference)
	if !ok || want == nil || kindOf(want) != kindOf(c.After[name]) {
		return nil
	}
	at, source, has := shapes()[d.Type].difference(want, c.After[name], c.Unknown[name], name, name)
	if at == "" {
		return nil
	}
	out := ruleViews.undecidable(c.Address, fmt.Sprintf("attribute %s refers to %s alone, which has %s, and is %s in resource_changes: the file does not tell whether the configuration makes the difference", at, reference, inWords(at, source), inWords(at, has)))
	class, _ := want.(string)
	if _, err := psn.ParseClassification(class); name != "classification" || err != nil {
		out.Severity = psn.SeverityWarning
	}
	return []psn.Finding{out}
}

func kindOf(v any) string {
	switch v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "list"
	case nil:
		return ""
	}
	return "scalar"
}
