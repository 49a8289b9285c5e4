package report

import (
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/audit/source"
)

// sourceRoot is what files of the configuration are relative to. Code scanning
// takes it for the root of the repository.
const sourceRoot = "%SRCROOT%"

// notRead is the notification of what of the configuration could not be read.
const notRead = "configuration-not-read"

// places says where results are, and collects the files they are in.
type places struct {
	addresses map[string][]string
	tree      *source.Tree
	audited   string   // URI of the file audited
	artifacts []object // the file audited comes first
	index     map[string]int
}

func newPlaces(r *audit.Report, o Options) *places {
	uri := sourceURI(o.Source)
	audited := object{
		"location": object{"uri": uri}, "length": r.Document.Bytes, "mimeType": "application/json",
		"hashes": object{"sha-256": strings.TrimPrefix(r.Document.Digest, "sha256:")}, "roles": []string{"analysisTarget"},
	}
	return &places{addresses: r.Addresses, tree: o.Configuration, audited: uri, artifacts: []object{audited}, index: map[string]int{}}
}

// of returns the location of a result, and the others that speak of its subject.
func (p *places) of(subject, shown string) (first object, others []object) {
	addresses := p.addresses[subject]
	if len(addresses) == 0 {
		addresses = []string{subject} // findings on the file itself name an address
	}
	seen := map[source.Block]bool{}
	for _, a := range addresses {
		b, ok := p.tree.Find(a)
		if !ok || seen[b] {
			continue
		}
		seen[b] = true
		at := object{"physicalLocation": object{
			"artifactLocation": p.artifact(b.File), "region": object{"startLine": b.Line, "endLine": b.EndLine},
		}}
		if first == nil {
			first = at
			continue
		}
		at["id"], at["message"] = len(others)+1, object{"text": a}
		others = append(others, at)
	}
	if first == nil {
		first = object{"physicalLocation": object{"artifactLocation": object{"uri": p.audited, "index": 0}}}
	}
	first["logicalLocations"] = logicalLocations(p.addresses[subject], shown)
	return first, others
}

// artifact refers to a file of the configuration.
func (p *places) artifact(file string) object {
	at, known := p.index[file]
	location := object{"uri": escaped(file)}
	if p.tree.Base != "" {
		location["uriBaseId"] = sourceRoot
	}
	if !known {
		at = len(p.artifacts)
		p.index[file] = at
		p.artifacts = append(p.artifacts, object{"location": location})
	}
	reference := object{"index": at}
	for k, v := range location {
		reference[k] = v
	}
	return reference
}

// bases is nil unless a result is in a file of the configuration.
func (p *places) bases() object {
	if len(p.index) == 0 || p.tree.Base == "" {
		return nil
	}
	return object{sourceRoot: object{"uri": p.tree.Base}}
}

// notes tell what of the configuration could not be read. No finding is lost by it.
func (p *places) notes() []object {
	var out []object
	for _, n := range p.tree.Notes() {
		out = append(out, object{"level": "warning", "message": object{"text": n}, "descriptor": object{"id": notRead, "index": 0}})
	}
	return out
}

// logicalLocations are the addresses in the configuration, then the natural id.
func logicalLocations(addresses []string, subject string) []object {
	out := []object{}
	for _, a := range addresses {
		out = append(out, object{"fullyQualifiedName": a, "kind": "resource"})
	}
	if !slices.Contains(addresses, subject) {
		out = append(out, object{"fullyQualifiedName": subject, "kind": "resource"})
	}
	return out
}

// sourceURI is the file's name as a URI reference: relative, or with a scheme.
func sourceURI(name string) string {
	switch {
	case name == "":
		name = "plan.json"
	case name == "-":
		name = "stdin"
	case filepath.IsAbs(name):
		return FileURI(name)
	}
	return escaped(path.Clean(filepath.ToSlash(name)))
}

// escaped is a relative path with forward slashes as a URI reference.
func escaped(name string) string { return (&url.URL{Path: name}).String() }

// FileURI is an absolute path as a URI.
func FileURI(name string) string {
	name = filepath.ToSlash(name)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name // a drive letter
	}
	return (&url.URL{Scheme: "file", Path: name}).String()
}
