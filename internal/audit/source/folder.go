package source

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// maxFile bounds what is parsed, in bytes; configurations stay far below it.
const maxFile = 1 << 20

// folder is what the files of one module declare.
type folder struct {
	resources map[string]Block // by "type.name"
	calls     map[string]call  // of modules, by name
}

type call struct {
	block  Block
	source string // "" when it is no constant
}

var blocks = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "resource", LabelNames: []string{"type", "name"}},
	{Type: "module", LabelNames: []string{"name"}},
}}

// read returns what a folder declares.
func (t *Tree) read(dir string) folder {
	if f, done := t.folders[dir]; done {
		return f
	}
	f := folder{resources: map[string]Block{}, calls: map[string]call{}}
	t.folders[dir] = f
	entries, err := fs.ReadDir(t.files, dir)
	if err != nil {
		t.note(fmt.Sprintf("%s: the folder cannot be read: %v", dir, err))
		return f
	}
	found := false
	for _, e := range entries {
		parse := parserOf(e.Name())
		if parse == nil || e.IsDir() {
			continue
		}
		found = true
		f.add(t, path.Join(dir, e.Name()), parse)
	}
	if !found {
		t.note(fmt.Sprintf("%s: the folder holds no .tf or .tofu file", dir))
	}
	return f
}

type parser func(*hclparse.Parser, []byte, string) (*hcl.File, hcl.Diagnostics)

// parserOf returns how a file of a configuration is parsed, nil for any other.
// Files that override add nothing new: what they change stands elsewhere.
func parserOf(name string) parser {
	for ending, parse := range map[string]parser{
		".tf": (*hclparse.Parser).ParseHCL, ".tf.json": (*hclparse.Parser).ParseJSON,
		".tofu": (*hclparse.Parser).ParseHCL, ".tofu.json": (*hclparse.Parser).ParseJSON,
	} {
		if base, ok := strings.CutSuffix(name, ending); ok {
			if base == "override" || strings.HasSuffix(base, "_override") || strings.HasPrefix(base, ".") {
				return nil
			}
			return parse
		}
	}
	return nil
}

// add takes the blocks of one file. Of two blocks with one address the first
// counts. A file with errors gives the blocks that could be read.
func (f folder) add(t *Tree, file string, parse parser) {
	text, err := t.text(file)
	if err != nil {
		t.note(fmt.Sprintf("%s: the file cannot be read: %v", file, err))
		return
	}
	parsed, diags := parse(hclparse.NewParser(), text, file)
	if diags.HasErrors() {
		t.note("not a configuration: " + diags.Error())
	}
	if parsed == nil || parsed.Body == nil {
		return
	}
	content, _, diags := parsed.Body.PartialContent(blocks)
	if diags.HasErrors() {
		t.note("not a configuration: " + diags.Error())
	}
	if content == nil {
		return
	}
	for _, b := range content.Blocks {
		at := Block{File: file, Line: b.DefRange.Start.Line, EndLine: b.DefRange.End.Line}
		switch b.Type {
		case "resource":
			if name := b.Labels[0] + "." + b.Labels[1]; f.resources[name].File == "" {
				f.resources[name] = at
			}
		case "module":
			if name := b.Labels[0]; f.calls[name].block.File == "" {
				f.calls[name] = call{block: at, source: constant(b.Body, "source")}
			}
		}
	}
}

func (t *Tree) text(file string) ([]byte, error) {
	info, err := fs.Stat(t.files, file)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("it is no plain file (%s)", info.Mode().Type())
	case info.Size() > maxFile:
		return nil, fmt.Errorf("it has %d bytes, more than the %d of a configuration", info.Size(), maxFile)
	}
	return fs.ReadFile(t.files, file)
}

// constant returns the text of an attribute that refers to nothing.
func constant(body hcl.Body, name string) string {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}})
	if content == nil || content.Attributes[name] == nil {
		return ""
	}
	v, diags := content.Attributes[name].Expr.Value(nil)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type().FriendlyName() != "string" {
		return ""
	}
	return v.AsString()
}
