package audit

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/audit/tfaddr"
)

// instances are the addresses that a declaration makes, as far as its count or
// for_each tell. Those of source are made from a value that the file holds, if
// the configuration takes it as it is.
type instances struct {
	certain []string
	likely  []string
	source  string // what likely ones are made from
	counted bool   // a count makes some of the likely ones
	all     bool   // no others can be
	tooMany bool   // more than are listed
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

// maxCount bounds one count, maxListed all instances of a file: a few bytes of
// it, as of modules with a count within others, may ask for any number.
const (
	maxCount  = 1 << 16
	maxListed = 1 << 18
)

// quoted writes a key as addresses have it.
func quoted(key string) string {
	q := strconv.Quote(key)
	return strings.ReplaceAll(strings.ReplaceAll(q, "${", "$${"), "%{", "%%{")
}

// planned is a plan and the addresses of what is there after it, sorted.
type planned struct {
	file      *File
	addresses []string
	listed    *int // instances so far, of modules too
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
	if within.tooMany {
		return within
	}
	local := strings.TrimPrefix(strings.TrimPrefix(address, module), ".")
	keys, source, known := []string{""}, "", true
	if r.Count != nil || r.ForEach != nil {
		keys, source, known = f.suffixes(r, module)
	} else if keyed := keyedMet(address, met); len(keyed) > 0 {
		// One, or functions of constants, of which the file has nothing: these
		// have keys, and are taken as they are met.
		return instances{certain: keyed, source: within.source}
	}
	if !known {
		return instances{certain: keyedMet(address, met)}
	}
	if *p.listed += (len(within.certain) + len(within.likely)) * len(keys); *p.listed > maxListed {
		return instances{tooMany: true}
	}
	out := instances{source: within.source, counted: within.counted, all: within.all}
	if source == "" {
		out.certain, out.likely = each(within.certain, local, keys), each(within.likely, local, keys)
		return out
	}
	out.likely = each(slices.Concat(within.certain, within.likely), local, keys)
	out.source, out.counted, out.all = source, within.counted || r.ForEach == nil, false
	return out
}

func each(modules []string, local string, keys []string) []string {
	out := make([]string, 0, len(modules)*len(keys))
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
		if head := tfaddr.Head(a, depth); tfaddr.Bare(head) == address && strings.HasSuffix(head, "]") {
			out = append(out, head)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
