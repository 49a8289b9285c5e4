package audit

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// instances are the addresses that a declaration makes, as far as its count or
// for_each tell. Those of source are made from a value that the file holds, if
// the configuration takes it as it is.
type instances struct {
	certain []string
	likely  []string
	source  string // what likely ones are made from
	all     bool   // no others can be
}

// suffixes are the keys, as addresses end in them, that a count or for_each
// within a module asks for; known is false when the file does not tell.
func (f *File) suffixes(r Repeat, module string) (keys []string, source string, known bool) {
	e, each := r.Count, false
	if r.ForEach != nil {
		e, each = r.ForEach, true
	}
	value := e.Constant
	if !e.IsConstant {
		if source = e.alone(); source == "" {
			return nil, "", false
		}
		if value, known = f.value(module, source); !known {
			return nil, "", false
		}
	}
	if m, ok := value.(map[string]any); ok && each {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			keys = append(keys, fmt.Sprintf("[%s]", quoted(k)))
		}
		return keys, source, true
	}
	n, err := strconv.Atoi(fmt.Sprint(value))
	if each || err != nil || n < 0 || n > maxCount {
		return nil, "", false
	}
	for i := range n {
		keys = append(keys, fmt.Sprintf("[%d]", i))
	}
	return keys, source, true
}

// maxCount bounds what a changed file can make the audit list.
const maxCount = 1 << 16

// quoted writes a key as addresses have it.
func quoted(key string) string {
	q := strconv.Quote(key)
	return strings.ReplaceAll(strings.ReplaceAll(q, "${", "$${"), "%{", "%%{")
}

// planned is a plan and the addresses of what is there after it, sorted.
type planned struct {
	file      *File
	addresses []string
}

// expand lists the instances of a node, a resource or a module, in each instance
// of the module that it stands in. met are the addresses that tell of instances
// the file does not count; of modules they are those of what is planned.
func (p planned) expand(address, module string, r Repeat, met []string) instances {
	f := p.file
	within := instances{certain: []string{""}, all: true}
	if module != "" {
		call, ok := f.Calls[module]
		if !ok {
			return instances{}
		}
		within = p.expand(module, call.Within, call.Repeat, p.addresses)
	}
	local := strings.TrimPrefix(strings.TrimPrefix(address, module), ".")
	out := instances{source: within.source, all: within.all}
	if r.Count == nil && r.ForEach == nil {
		// One, or functions of constants, of which the file has nothing: these
		// have keys, and are taken as they are met.
		out.certain, out.likely = each(within.certain, local, []string{""}), each(within.likely, local, []string{""})
		if keyed := keyedMet(address, met); len(keyed) > 0 {
			out.certain, out.likely, out.all = keyed, nil, false
		}
		return out
	}
	keys, source, known := f.suffixes(r, module)
	switch {
	case !known:
		return instances{certain: keyedMet(address, met)}
	case source == "":
		out.certain, out.likely = each(within.certain, local, keys), each(within.likely, local, keys)
	default:
		out.likely = each(slices.Concat(within.certain, within.likely), local, keys)
		out.source, out.all = source, false
	}
	return out
}

func each(modules []string, local string, keys []string) []string {
	var out []string
	for _, m := range modules {
		for _, k := range keys {
			out = append(out, join(m, local+k))
		}
	}
	return out
}

// keyedMet are the instances with keys of a node among addresses, without
// what is below it.
func keyedMet(address string, met []string) []string {
	var out []string
	depth := strings.Count(address, ".")
	for _, a := range met {
		if head := upTo(a, depth); configAddress(head) == address && strings.HasSuffix(head, "]") {
			out = append(out, head)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// upTo cuts an address before the dot after the first n that stand outside of keys.
func upTo(address string, n int) string {
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
		case c == '.' && depth == 0:
			if n == 0 {
				return address[:i]
			}
			n--
		}
	}
	return address
}

// undeclaredInstances compares the instances that the plan has with those that
// the configuration asks for: each is planned, deleted, moved or forgotten.
func undeclaredInstances(f *File) []psn.Finding {
	there := map[string]bool{}
	var met []string
	after := planned{file: f}
	for _, c := range f.Changes {
		there[c.Address], there[c.Previous] = true, true
		if c.After != nil {
			after.addresses = append(after.addresses, c.Address)
		}
		met = append(met, c.Address)
	}
	// A plan that stopped early lacks some, one that destroys everything most.
	if f.Errored || f.Incomplete || len(after.addresses) == 0 {
		return nil
	}
	byDeclaration := map[string][]string{}
	for _, a := range after.addresses {
		byDeclaration[configAddress(a)] = append(byDeclaration[configAddress(a)], a)
	}
	var out []psn.Finding
	for _, address := range slices.Sorted(maps.Keys(f.Declared)) {
		d := f.Declared[address]
		want := after.expand(address, d.Module, d.Repeat, met)
		for _, a := range want.certain {
			if !there[a] {
				out = append(out, ruleViews.finding(a, "the configuration declares the resource, the plan neither has nor deletes it: it was taken out of the file, or the plan was made for some targets only"))
			}
		}
		for _, a := range byDeclaration[address] {
			if want.all && !slices.Contains(want.certain, a) && !slices.Contains(want.likely, a) {
				out = append(out, ruleViews.finding(a, "resource_changes keeps or makes an instance that count or for_each of the configuration do not ask for"))
			}
		}
		missing := slices.DeleteFunc(slices.Clone(want.likely), func(a string) bool { return there[a] })
		if len(missing) == 0 {
			continue
		}
		lost := ruleViews.undecidable(missing[0], fmt.Sprintf("%d instances are to be made from %s, the plan lacks %d of them: the file does not tell whether the configuration leaves them out", len(want.likely), want.source, len(missing)))
		if len(missing) < len(want.likely) {
			lost.Severity = psn.SeverityWarning
		}
		out = append(out, lost)
	}
	return out
}
