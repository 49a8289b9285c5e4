package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/italia/terraform-provider-psn/internal/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// readRequest reads a placement request, as JSON or HCL, from a file or the
// standard input. Its errors carry the exit code for what cannot be used, as does
// a picture that would be written over it.
func (a *app) readRequest(path, svg string) (placement.Request, error) {
	if err := distinct("--svg", svg, path); err != nil {
		return placement.Request{}, err
	}
	text, isHCL, err := a.requestText(path)
	var req placement.Request
	if err == nil {
		req, err = parseRequest(inputName(path), text, isHCL)
	}
	if err == nil && len(req.Workloads) == 0 {
		err = psn.Errorf(psn.InvalidInput, "workloads is empty: name at least one workload to place")
	}
	if err != nil {
		return req, codeError{exitUnusable, psn.At(inputName(path), err)}
	}
	return req, nil
}

// requestText returns a request as it is written, and whether that is HCL: told
// by the name of a file, and of the standard input by JSON's opening with a brace
// or a bracket, which HCL's attributes do not.
func (a *app) requestText(path string) (text []byte, isHCL bool, err error) {
	if path != stdin {
		text, err = os.ReadFile(path)
		if err != nil {
			return nil, false, unreadable(err)
		}
		return text, filepath.Ext(path) == ".hcl", nil
	}
	if a.Stdin == nil {
		return nil, false, noStdin()
	}
	text, err = io.ReadAll(io.LimitReader(a.Stdin, maxRequest+1))
	if err != nil {
		return nil, false, psn.Errorf(psn.InvalidInput, "it cannot be read: %w: write the request to a file and name it", err)
	}
	if len(text) > maxRequest {
		return nil, false, psn.Errorf(psn.InvalidInput, "it is longer than %d MiB: no placement request is; send one request", maxRequest>>20)
	}
	start := bytes.TrimSpace(text)
	return text, len(start) > 0 && start[0] != '{' && start[0] != '[', nil
}

// maxRequest bounds what is taken from the standard input, which may never end.
const maxRequest = 1 << 30

func parseRequest(name string, text []byte, isHCL bool) (placement.Request, error) {
	var req placement.Request
	if isHCL {
		made, err := fromHCL(name, text)
		if err != nil {
			return req, err
		}
		return req, decodeRequest(&req, made, func(int64) string { return "" })
	}
	return req, decodeRequest(&req, text, func(at int64) string {
		before := text[:min(max(at, 0), int64(len(text)))]
		line := bytes.Count(before, []byte("\n"))
		return fmt.Sprintf(" (line %d, column %d)", line+1, len(before)-bytes.LastIndexByte(before, '\n'))
	})
}

// decodeRequest reads JSON that holds one request and nothing else; where words a
// place in it.
func decodeRequest(req *placement.Request, text []byte, where func(offset int64) string) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return psn.Errorf(psn.InvalidInput, "it is empty: write a request, see \"psn placement solve --help\"")
	}
	if err := checkNames(text, reflect.TypeOf(req), where); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	err := dec.Decode(req)
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrong):
		return psn.Errorf(psn.InvalidInput, "%s is a JSON %s%s: write %s", cmp.Or(wrong.Field, "the request"), wrong.Value, where(wrong.Offset), wanted(wrong.Type))
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return psn.Errorf(psn.InvalidInput, "the JSON ends too early%s: close what is open, or write the file again", where(int64(len(text))))
	case errors.As(err, &syntax):
		return psn.Errorf(psn.InvalidInput, "not JSON%s: %w", where(syntax.Offset), err)
	case err != nil:
		return psn.Errorf(psn.InvalidInput, "%s%s: see \"psn placement solve --help\" for the names of a request", strings.TrimPrefix(err.Error(), "json: "), where(dec.InputOffset()))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return psn.Errorf(psn.InvalidInput, "something follows the request%s: write one request in a file", where(dec.InputOffset()))
	}
	return nil
}

// wanted names what a type is written as.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int64:
		return "a whole number, without quotes"
	case reflect.String:
		return "a text in quotes"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list, [...]"
	}
	return "an object, {...}"
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
