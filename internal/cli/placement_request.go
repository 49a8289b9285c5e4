package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// readRequest reads a placement request, as JSON or HCL. Its errors carry the
// exit code for what cannot be used.
func readRequest(path string) (placement.Request, error) {
	req, err := parseRequest(path)
	if err != nil {
		return req, codeError{exitUnusable, psn.At(path, err)}
	}
	return req, nil
}

func parseRequest(path string) (placement.Request, error) {
	var req placement.Request
	text, err := os.ReadFile(path)
	if err != nil {
		return req, psn.Errorf(psn.InvalidInput, "the file cannot be read: %w", err)
	}
	if filepath.Ext(path) == ".hcl" {
		if text, err = fromHCL(path, text); err != nil {
			return req, err
		}
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return req, psn.Errorf(psn.InvalidInput, "the JSON ends too early, at byte %d: write the file again", dec.InputOffset())
		}
		return req, psn.Errorf(psn.InvalidInput, "not a placement request, at byte %d: %w", dec.InputOffset(), err)
	}
	return req, nil
}

// fromHCL turns a file of attributes with constant values, named as in JSON,
// into JSON.
func fromHCL(path string, text []byte) ([]byte, error) {
	file, diags := hclparse.NewParser().ParseHCL(text, filepath.Base(path))
	if diags.HasErrors() {
		return nil, psn.Errorf(psn.InvalidInput, "not HCL: %w", diags)
	}
	attrs, diags := file.Body.JustAttributes()
	if diags.HasErrors() {
		return nil, psn.Errorf(psn.InvalidInput, "write attributes (name = value), no blocks: %w", diags)
	}
	values := map[string]cty.Value{}
	for name, attr := range attrs {
		v, diags := attr.Expr.Value(nil)
		if diags.HasErrors() {
			return nil, psn.Errorf(psn.InvalidInput, "%s: write values, no references: %w", name, diags)
		}
		values[name] = v
	}
	all := cty.ObjectVal(values)
	out, err := ctyjson.Marshal(all, all.Type())
	if err != nil {
		return nil, psn.Errorf(psn.InvalidInput, "not a placement request: %w", err)
	}
	return out, nil
}
