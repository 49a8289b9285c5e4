// Package source finds where the addresses of a plan are written: which file and
// line of a configuration holds the block of a resource. It owns the reading of
// blocks in the files of Terraform and OpenTofu. It must not evaluate anything,
// nor know of findings and reports.
package source

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/audit/tfaddr"
)

// Block is where a block of the configuration begins: its header.
type Block struct {
	File          string // relative to the root of the tree, with forward slashes
	Line, EndLine int    // 1-based
}

// Tree is a configuration, read as far as it is asked for. What cannot be read
// is noted, and the rest is searched all the same.
type Tree struct {
	// Base is the absolute file URI of the root, ending in a slash; empty when unknown.
	Base string

	files   fs.FS
	dir     string            // of the root module
	modules map[string]string // module path, "module.a.module.b", to its source
	folders map[string]folder // by name, as read
	notes   []string
}

// New returns the configuration in folder dir of files. modules are the sources
// of module calls by module path, as a plan tells them; for a call that it does
// not tell, the source in the block of the call counts.
func New(base string, files fs.FS, dir string, modules map[string]string) *Tree {
	return &Tree{Base: base, files: files, dir: dir, modules: modules, folders: map[string]folder{}}
}

// Unreadable is a configuration of which nothing can be read, and why.
func Unreadable(why string) *Tree { return &Tree{notes: []string{why}} }

// Notes say what could not be read so far, in words, each once.
func (t *Tree) Notes() []string {
	if t == nil {
		return nil
	}
	return t.notes
}

// Find returns the block of the resource at an address, whatever its instance
// keys. For a resource of a module whose files are not in the tree it is the
// block of the call that leads out of it.
func (t *Tree) Find(address string) (Block, bool) {
	if t == nil || t.files == nil {
		return Block{}, false
	}
	calls, resource, ok := steps(address)
	if !ok {
		return Block{}, false
	}
	dir, at := t.dir, ""
	var call Block
	for _, name := range calls {
		m, ok := t.read(dir).calls[name]
		if !ok {
			return call, call.File != ""
		}
		call = m.block
		at = strings.TrimPrefix(at+".module."+name, ".")
		from, told := t.modules[at]
		if !told {
			from = m.source
		}
		if !strings.HasPrefix(from, "./") && !strings.HasPrefix(from, "../") {
			return call, true // of a registry or another repository
		}
		if dir = path.Join(dir, from); !fs.ValidPath(dir) {
			t.note(fmt.Sprintf("%s:%d: the source %q of %s is outside of the repository: what it holds is shown at the call", call.File, call.Line, from, at))
			return call, true
		}
	}
	if b, ok := t.read(dir).resources[resource]; ok {
		return b, true
	}
	return call, call.File != ""
}

func (t *Tree) note(text string) {
	for _, n := range t.notes {
		if n == text {
			return
		}
	}
	t.notes = append(t.notes, text)
}

// steps splits an address into the names of module calls and "type.name".
func steps(address string) (calls []string, resource string, ok bool) {
	parts := strings.Split(tfaddr.Bare(address), ".")
	for len(parts) > 2 && parts[0] == "module" {
		calls = append(calls, parts[1])
		parts = parts[2:]
	}
	if len(parts) != 2 || parts[0] == "" || parts[1] == "" || parts[0] == "module" {
		return nil, "", false
	}
	return calls, parts[0] + "." + parts[1], true
}
