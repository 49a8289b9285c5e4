package audit

import "encoding/json"

// Expression is what the configuration of a plan tells of one expression. Of one
// that is wholly constant it has the value; of any other the names it refers to,
// not how it makes a value of them; of functions of constants nothing.
type Expression struct {
	Constant   any
	IsConstant bool // Constant may be null
	References []string
}

// Repeat is count or for_each of a resource or a module call; neither is there
// when the file has none, as for one instance or functions of constants.
type Repeat struct{ Count, ForEach *Expression }

// Declared is a resource as the configuration declares it. Addresses, here and
// in Call, are without instance keys.
type Declared struct {
	Address     string
	Module      string // that it stands in, "" for the root
	Type        string
	Expressions map[string]Expression // by attribute
	Repeat
}

// Call is the call of a module.
type Call struct {
	Within      string // module that calls it, "" for the root
	Expressions map[string]Expression
	Repeat
}

func (r *Repeat) repeat(key string, raw json.RawMessage) {
	if len(raw) == 0 {
		return
	}
	e := expressionOf(raw)
	if key == "count_expression" {
		r.Count = &e
	} else {
		r.ForEach = &e
	}
}

func expressionsOf(raw map[string]json.RawMessage) map[string]Expression {
	out := make(map[string]Expression, len(raw))
	for name, r := range raw {
		out[name] = expressionOf(r)
	}
	return out
}

// expressionOf reads an expression. A block, of which this provider has none, is
// one that tells nothing.
func expressionOf(raw json.RawMessage) Expression {
	var e struct {
		References []string `json:"references"`
	}
	var keys map[string]any
	if decode(raw, &keys) != nil || decode(raw, &e) != nil {
		return Expression{}
	}
	constant, is := keys["constant_value"]
	return Expression{Constant: constant, IsConstant: is, References: e.References}
}
