package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// checkNames refuses fields that a type does not have, and those given twice, by
// their path and with the names that there are. What is not JSON is left to the
// decoder; where words a place in the text.
func checkNames(text []byte, into reflect.Type, where func(int64) string) error {
	n := names{json.NewDecoder(bytes.NewReader(text)), where}
	return n.value(into, "")
}

type names struct {
	dec   *json.Decoder
	where func(int64) string
}

func (n names) value(t reflect.Type, path string) error {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	tok, err := n.dec.Token()
	switch {
	case err != nil:
		return nil //nolint:nilerr // the decoder tells what is not JSON
	case tok == json.Delim('{'):
		return n.object(t, path)
	case tok == json.Delim('['):
		var elem reflect.Type
		if t != nil && t.Kind() == reflect.Slice {
			elem = t.Elem()
		}
		for i := 0; n.dec.More(); i++ {
			if err := n.value(elem, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		_, _ = n.dec.Token()
	}
	return nil
}

func (n names) object(t reflect.Type, path string) error {
	known, fields := fieldsOf(t)
	seen := map[string]bool{}
	for n.dec.More() {
		tok, err := n.dec.Token()
		key, ok := tok.(string)
		if err != nil || !ok {
			return nil //nolint:nilerr // the decoder tells what is not JSON
		}
		at := strings.TrimPrefix(path+"."+key, ".")
		elem := fields[key]
		switch {
		case seen[key]:
			return psn.Errorf(psn.InvalidInput, "%s is given twice%s: keep one", at, n.where(n.dec.InputOffset()))
		case t != nil && t.Kind() == reflect.Map:
			elem = t.Elem()
		case t != nil && t.Kind() == reflect.Struct && elem == nil:
			return psn.Errorf(psn.InvalidInput, "unknown field %q in %s%s: use one of %s", key, inPath(path), n.where(n.dec.InputOffset()), strings.Join(known, ", "))
		}
		seen[key] = true
		if err := n.value(elem, at); err != nil {
			return err
		}
	}
	_, _ = n.dec.Token()
	return nil
}

func inPath(path string) string {
	if path == "" {
		return "the request"
	}
	return path
}

// fieldsOf are the JSON names of a struct, sorted, and their types.
func fieldsOf(t reflect.Type) (known []string, types map[string]reflect.Type) {
	types = map[string]reflect.Type{}
	if t == nil || t.Kind() != reflect.Struct {
		return nil, types
	}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" && f.IsExported() {
			known = append(known, name)
			types[name] = f.Type
		}
	}
	slices.Sort(known)
	return known, types
}
