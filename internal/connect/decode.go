package connect

import (
	"errors"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

var (
	unknownFieldRe = regexp.MustCompile(`^line (\d+): field (.+) not found in type connect\.(\S+)$`)
	// A value that has the wrong type may be a secret in the wrong place.
	shownValueRe = regexp.MustCompile("(?s) `.*`")
)

// structs are the parts of a configuration, by type name.
var structs = func() map[string]reflect.Type {
	m := map[string]reflect.Type{}
	for _, t := range []reflect.Type{
		reflect.TypeFor[Config](), reflect.TypeFor[SiteConfig](), reflect.TypeFor[VSphereConfig](),
		reflect.TypeFor[OpenStackConfig](), reflect.TypeFor[WorkerConfig](), reflect.TypeFor[EngineConfig](),
	} {
		m[t.Name()] = t
	}
	return m
}()

// readable puts the decoder's errors about b in the user's words.
func readable(b []byte, err error) error {
	if errors.Is(err, io.EOF) {
		return psn.Errorf(psn.InvalidInput, "the file is empty: it must say at least \"version: 1\"")
	}
	var te *yaml.TypeError
	if !errors.As(err, &te) {
		return psn.Errorf(psn.InvalidInput, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var root yaml.Node
	_ = yaml.Unmarshal(b, &root) // it was read before; without it only the place is missing
	var lines []error
	for _, e := range te.Errors {
		if m := unknownFieldRe.FindStringSubmatch(e); m != nil {
			lines = append(lines, unknownKey(&root, m[1], m[2], m[3]))
			continue
		}
		lines = append(lines, errors.New(shownValueRe.ReplaceAllString(e, "")))
	}
	return psn.Errorf(psn.InvalidInput, "%w", errors.Join(lines...))
}

// unknownKey says where the key stands and what may stand there.
func unknownKey(root *yaml.Node, line, key, in string) error {
	text := "line " + line + ": unknown key " + strconv.Quote(vsphere.HideUser(key))
	n, _ := strconv.Atoi(line) // digits, by the expression
	if parent, ok := parentOf(root, n, key); ok && len(parent) > 0 {
		text += " in " + strings.Join(parent, ".")
	}
	if t, ok := structs[in]; ok {
		text += ": use one of " + strings.Join(keysOf(t), ", ")
	}
	return errors.New(text)
}

// parentOf is the path of the mapping that has the key in that line.
func parentOf(n *yaml.Node, line int, key string) ([]string, bool) {
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) > 0 {
			return parentOf(n.Content[0], line, key)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Line == line && k.Value == key {
				return nil, true
			}
			if path, ok := parentOf(n.Content[i+1], line, key); ok {
				return append([]string{k.Value}, path...), true
			}
		}
	}
	return nil, false
}

// keysOf lists the keys of a part of the configuration, sorted.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); name != "" {
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	return keys
}
