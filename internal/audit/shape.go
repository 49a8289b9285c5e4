package audit

import (
	_ "embed" // what the provider's schemas say of every attribute
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed shapes.json
var shapesJSON []byte

// shapes are the attributes of every resource type, by type and by path without
// keys and indices: "workloads.sites". The letters of each say what of it is
// not as the configuration has it: "c" the provider may fill it, "w" it is
// never in a plan; and how its elements are compared: "m" a map, "s" a set. The
// provider's tests hold the table against its schemas.
var shapes = sync.OnceValue(func() map[string]shape {
	var table map[string]shape
	if err := json.Unmarshal(shapesJSON, &table); err != nil {
		panic(fmt.Sprintf("audit: shapes.json: %v", err)) // the tests of the provider show that it parses
	}
	return table
})

type shape map[string]string

func (s shape) is(name, letter string) bool { return strings.Contains(s[name], letter) }

// given lists the attributes of the resource itself that only the configuration
// can set, sorted.
func (s shape) given() []string {
	var out []string
	for name := range s {
		if !strings.Contains(name, ".") && !s.is(name, "c") && !s.is(name, "w") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// difference finds where a planned value is not what the configuration wrote as
// a constant: at is the path of the first difference, "" when there is none.
// name is the path of the attribute without keys and indices. What is not known
// yet, and what the provider may fill, is no difference.
func (s shape) difference(want, got, unknown any, name, path string) (at string, wrote, has any) {
	if u, _ := unknown.(bool); u || s.is(name, "w") || want == nil && s.is(name, "c") {
		return "", nil, nil
	}
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok && s.is(name, "m") {
			return s.entries(w, g, unknown, name, path)
		}
	case []any:
		if g, ok := got.([]any); ok && s.is(name, "s") {
			return s.members(w, g, unknown, name, path)
		}
	}
	return s.element(want, got, unknown, name, path)
}

// element compares a value that is neither a map nor a set itself.
func (s shape) element(want, got, unknown any, name, path string) (at string, wrote, has any) {
	if u, _ := unknown.(bool); u {
		return "", nil, nil
	}
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			return s.object(w, g, unknown, name, path)
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) != len(g) {
			break
		}
		u, _ := unknown.([]any)
		for i := range w {
			if at, wrote, has := s.element(w[i], g[i], nth(u, i), name, fmt.Sprintf("%s[%d]", path, i)); at != "" {
				return at, wrote, has
			}
		}
		return "", nil, nil
	case nil:
		if got == nil {
			return "", nil, nil
		}
	default:
		if sameScalar(want, got) {
			return "", nil, nil
		}
	}
	return path, want, got
}

// object compares attribute by attribute: the plan has every one, those left out
// in the configuration as null. Terraform leaves out what no attribute takes.
func (s shape) object(want, got map[string]any, unknown any, name, path string) (at string, wrote, has any) {
	below, _ := unknown.(map[string]any)
	for _, key := range keysOf(want, got) {
		in := name + "." + key
		if _, known := s[in]; !known {
			continue
		}
		if at, wrote, has := s.difference(want[key], got[key], below[key], in, path+"."+key); at != "" {
			return at, wrote, has
		}
	}
	return "", nil, nil
}

// entries compares maps, whose keys are those that the configuration wrote.
func (s shape) entries(want, got map[string]any, unknown any, name, path string) (at string, wrote, has any) {
	below, _ := unknown.(map[string]any)
	for _, key := range keysOf(want, got) {
		w, written := want[key]
		g, there := got[key]
		if written != there && below[key] == nil {
			return path + "." + key, orNull(w, written), orNull(g, there)
		}
		if at, wrote, has := s.element(w, g, below[key], name, path+"."+key); at != "" {
			return at, wrote, has
		}
	}
	return "", nil, nil
}

// orNull shows an entry that is there with the value null as something.
func orNull(v any, there bool) any {
	if there && v == nil {
		return map[string]any{}
	}
	return v
}

// members compares sets: neither order nor repetition counts.
func (s shape) members(want, got []any, unknown any, name, path string) (at string, wrote, has any) {
	if !allKnown(unknown) {
		return "", nil, nil
	}
	all := func(of, among []any) bool {
		for _, x := range of {
			if !slices.ContainsFunc(among, func(y any) bool { at, _, _ := s.element(x, y, nil, name, path); return at == "" }) {
				return false
			}
		}
		return true
	}
	if all(want, got) && all(got, want) {
		return "", nil, nil
	}
	return path, want, got
}

func nth(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

func keysOf(a, b map[string]any) []string {
	out := make([]string, 0, len(a))
	for k := range a {
		out = append(out, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}
