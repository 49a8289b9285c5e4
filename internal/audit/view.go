package audit

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// view reads the attributes of one object of a resource and tells absent from
// not yet known. The first attribute of a wrong JSON type is kept in err.
type view struct {
	where   string // resource address and path, for messages
	values  map[string]any
	unknown any            // true, or an object that mirrors values
	before  map[string]any // of the whole resource, as it was before the plan
	err     *error
}

func viewOf(r Resource, err *error) view {
	return view{where: r.Address, values: r.After, unknown: r.Unknown, before: r.Before, err: err}
}

// unknownAt reports whether the attribute is known after apply only, wholly.
func (v view) unknownAt(name string) bool {
	switch u := v.unknown.(type) {
	case bool:
		return u
	case map[string]any:
		b, _ := u[name].(bool)
		return b
	}
	return false
}

func (v view) fail(name, want string, got any) {
	if *v.err == nil {
		*v.err = psn.Errorf(psn.InvalidInput, "%s: attribute %q is %s, not %s: the file does not come from this version of the provider, or was changed",
			v.where, name, jsonKind(got), want)
	}
}

// text returns the string, "" when absent, null or unknown.
func (v view) text(name string) string {
	switch x := v.values[name].(type) {
	case nil:
	case string:
		return x
	default:
		v.fail(name, "text", x)
	}
	return ""
}

// integer returns the whole number, 0 when absent, null or unknown.
func (v view) integer(name string) int64 {
	switch x := v.values[name].(type) {
	case nil:
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return n
		}
		v.fail(name, "a whole number", x)
	default:
		v.fail(name, "a whole number", x)
	}
	return 0
}

// maxAmount is the most vCPUs, GPUs or MiB of one machine or cluster that a
// placement takes, 1 EiB; maxTaken the most that is committed on one cluster.
const (
	maxAmount = 1 << 40
	maxTaken  = 4 * maxAmount
)

// amount is integer for a size or a capacity: neither below 0 nor above maxAmount.
func (v view) amount(name string) int64 { return v.upTo(name, maxAmount) }

// gib is an amount in GiB, in MiB.
func (v view) gib(name string) int64 { return v.upTo(name, maxAmount/mibPerGiB) * mibPerGiB }

// upTo is integer for what stays between 0 and most; 0 when it does not.
func (v view) upTo(name string, most int64) int64 {
	n := v.integer(name)
	switch {
	case n >= 0 && n <= most:
		return n
	case *v.err != nil:
	case n < 0:
		*v.err = psn.Errorf(psn.InvalidInput, "%s: attribute %q is %d, an amount below 0: the file was changed after it was written", v.where, name, n)
	default:
		*v.err = psn.Errorf(psn.InvalidInput, "%s: attribute %q is %d, more than the %d that the provider takes: the file was changed after it was written", v.where, name, n, most)
	}
	return 0
}

// flag returns the boolean, false when absent, null or unknown.
func (v view) flag(name string) bool {
	switch x := v.values[name].(type) {
	case nil:
	case bool:
		return x
	default:
		v.fail(name, "true or false", x)
	}
	return false
}

// object returns the nested object; an absent one reads as empty.
func (v view) object(name string) view {
	out := view{where: v.where + "." + name, unknown: v.below(name), err: v.err}
	switch x := v.values[name].(type) {
	case nil:
	case map[string]any:
		out.values = x
	default:
		v.fail(name, "an object", x)
	}
	return out
}

// present reports whether the attribute is there and not null.
func (v view) present(name string) bool { return v.values[name] != nil }

// objects returns the nested objects of a map, by key.
func (v view) objects(name string) map[string]view {
	m := v.object(name)
	out := make(map[string]view, len(m.values))
	for key := range m.values {
		out[key] = m.object(key)
	}
	// A key whose whole value is unknown may be missing from the values.
	if u, ok := m.unknown.(map[string]any); ok {
		for key := range u {
			if _, ok := out[key]; !ok {
				out[key] = m.object(key)
			}
		}
	}
	return out
}

// list returns the nested objects of a list or set.
func (v view) list(name string) []view {
	switch x := v.values[name].(type) {
	case nil:
	case []any:
		out := make([]view, 0, len(x))
		unknown, _ := v.below(name).([]any)
		for i, e := range x {
			m, ok := e.(map[string]any)
			if !ok && e != nil {
				v.fail(name, "a list of objects", e)
				continue
			}
			item := view{where: fmt.Sprintf("%s.%s[%d]", v.where, name, i), values: m, err: v.err}
			if i < len(unknown) {
				item.unknown = unknown[i]
			}
			out = append(out, item)
		}
		return out
	default:
		v.fail(name, "a list", x)
	}
	return nil
}

// below returns the part of unknown under the attribute.
func (v view) below(name string) any {
	switch u := v.unknown.(type) {
	case bool:
		return u
	case map[string]any:
		return u[name]
	}
	return nil
}

func jsonKind(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "null"
}

// duration returns the duration, 0 when absent, null or unknown.
func (v view) duration(name string) time.Duration {
	text := v.text(name)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		v.fail(name, "a duration such as 15m", text)
	}
	return d
}

// texts returns the elements of a list or set of strings.
func (v view) texts(name string) map[string]bool {
	switch x := v.values[name].(type) {
	case nil:
	case []any:
		out := map[string]bool{}
		for _, e := range x {
			if t, ok := e.(string); ok {
				out[t] = true
			} else if e != nil {
				v.fail(name, "a list of texts", e)
			}
		}
		return out
	default:
		v.fail(name, "a list", x)
	}
	return nil
}

// words returns the elements of a list of strings, in order.
func (v view) words(name string) []string {
	list, ok := v.values[name].([]any)
	if !ok && v.values[name] != nil {
		v.fail(name, "a list", v.values[name])
	}
	var out []string
	for _, e := range list {
		t, ok := e.(string)
		if !ok && e != nil {
			v.fail(name, "a list of texts", e)
		}
		out = append(out, t)
	}
	return out
}
