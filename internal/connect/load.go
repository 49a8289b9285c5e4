package connect

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Load reads and checks psn.yaml. Unknown keys, unknown sites and contradictory
// settings are refused with their line, and so are files that are missing, hold
// no certificate or let everybody read a secret. Relative paths become absolute.
// No secret is read and nothing is contacted; a variable that holds a password
// is looked for when its site is used. Every error is psn.InvalidInput. Variables that win over the file:
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
		return nil, readable(b, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, psn.Errorf(psn.InvalidInput, "the file holds more than one YAML document: keep one")
	}
	override(cfg, getenv)
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return nil, readable(b, err)
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

// path makes *p absolute.
func (c *checker) path(p *string) {
	if *p != "" && !filepath.IsAbs(*p) {
		*p = filepath.Join(c.dir, *p)
	}
}

// file makes *p absolute and checks the file there.
func (c *checker) file(keys []string, p *string, check func(path string) error) {
	if *p == "" {
		return
	}
	c.path(p)
	if err := check(*p); err != nil {
		c.fail(keys, "%w", err)
	}
}

func checkExists(path string) error {
	_, err := os.Stat(path)
	return err
}

// checkAuthority returns an error unless the file holds a PEM certificate.
func checkAuthority(path string) error {
	pem, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no PEM certificate: name a file with the authority's certificate, which starts with \"-----BEGIN CERTIFICATE-----\"", path)
	}
	return nil
}
