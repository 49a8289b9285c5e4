package connect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Load reads and checks psn.yaml. Unknown keys, unknown sites and contradictory
// settings are refused with their line. Relative paths become absolute. No
// secret is read and nothing is contacted. Variables that win over the file:
// PSN_STATE_DIR, PSN_ENGINE_DIR, PSN_ENGINE_ADDRESS, PSN_ENGINE_NAMESPACE.
func Load(path string, getenv func(string) string) (*Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, psn.Errorf(psn.InvalidInput, "configuration file: %w", err)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, psn.Errorf(psn.InvalidInput, "configuration file: %w", err)
	}
	cfg, err := parse(b, dir, getenv)
	if err != nil {
		return nil, psn.At(path, err)
	}
	return cfg, nil
}

func parse(b []byte, dir string, getenv func(string) string) (*Config, error) {
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	cfg := &Config{getenv: getenv}
	if err := dec.Decode(cfg); err != nil {
		return nil, readable(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, psn.Errorf(psn.InvalidInput, "the file holds more than one YAML document: keep one")
	}
	override(cfg, getenv)
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return nil, readable(err)
	}
	c := &checker{root: &root, dir: dir}
	c.config(cfg)
	if len(c.problems) > 0 {
		return nil, psn.Errorf(psn.InvalidInput, "%w", errors.Join(c.problems...))
	}
	return cfg, nil
}

func override(cfg *Config, getenv func(string) string) {
	for name, field := range map[string]*string{
		"PSN_STATE_DIR":        &cfg.StateDir,
		"PSN_ENGINE_DIR":       &cfg.Engine.Dir,
		"PSN_ENGINE_ADDRESS":   &cfg.Engine.Address,
		"PSN_ENGINE_NAMESPACE": &cfg.Engine.Namespace,
	} {
		if v := getenv(name); v != "" {
			*field = v
		}
	}
}

var unknownFieldRe = regexp.MustCompile(`^(line \d+: )field (\S+) not found in type \S+$`)

// readable puts the decoder's errors in the user's words.
func readable(err error) error {
	if errors.Is(err, io.EOF) {
		return psn.Errorf(psn.InvalidInput, "the file is empty: it must say at least \"version: 1\"")
	}
	var te *yaml.TypeError
	if !errors.As(err, &te) {
		return psn.Errorf(psn.InvalidInput, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var lines []error
	for _, e := range te.Errors {
		lines = append(lines, errors.New(unknownFieldRe.ReplaceAllString(e, `${1}unknown key "${2}"`)))
	}
	return psn.Errorf(psn.InvalidInput, "%w", errors.Join(lines...))
}

// checker collects what is wrong with a configuration and makes its paths absolute.
type checker struct {
	root     *yaml.Node
	dir      string
	problems []error
}

// fail records a problem of the value at the path of keys.
func (c *checker) fail(keys []string, format string, args ...any) {
	where := strings.Join(keys, ".")
	if line := lineOf(c.root, keys); line > 0 {
		where = fmt.Sprintf("line %d: %s", line, where)
	}
	c.problems = append(c.problems, fmt.Errorf("%s: %w", where, fmt.Errorf(format, args...)))
}

// lineOf is the line of the deepest key of the path that the file has.
func lineOf(n *yaml.Node, keys []string) int {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	line := 0
	for _, k := range keys {
		if n.Kind != yaml.MappingNode {
			break
		}
		found := false
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == k {
				line, n, found = n.Content[i].Line, n.Content[i+1], true
				break
			}
		}
		if !found {
			break
		}
	}
	return line
}

// path makes *p absolute and, when mustExist, checks that it can be read.
func (c *checker) path(keys []string, p *string, mustExist bool) {
	if *p == "" {
		return
	}
	if !filepath.IsAbs(*p) {
		*p = filepath.Join(c.dir, *p)
	}
	if !mustExist {
		return
	}
	if _, err := os.Stat(*p); err != nil {
		c.fail(keys, "%w", err)
	}
}
