package audit

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// maxModuleDepth bounds nesting of modules; real configurations stay below ten.
const maxModuleDepth = 200

const howToShow = "run \"terraform show -json FILE > plan.json\" (or tofu) and pass its output"

// Read reads one plan or state. Memory grows with the resources of this
// provider and with the largest single resource of others, not with the file.
// Every error has code psn.InvalidInput, says what is wrong and, where it is
// the JSON that is broken, at which byte; an error of r itself is wrapped.
func Read(r io.Reader) (*File, error) {
	sum := sha256.New()
	count := &counter{r: io.TeeReader(r, sum)}
	in := bufio.NewReaderSize(count, 1<<16)
	if err := sniff(in); err != nil {
		return nil, err
	}
	p := &parser{dec: json.NewDecoder(in), file: &File{Foreign: map[string]int{}}, foreignChanges: map[string]int{}}
	p.dec.UseNumber()
	if err := p.top(); err != nil {
		return nil, p.explain(err, count)
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		if err != nil && count.err != nil {
			return nil, p.explain(err, count)
		}
		return nil, psn.Errorf(psn.InvalidInput, "data follows the JSON document at byte %d: pass one plan or state", p.dec.InputOffset())
	}
	f := p.file
	f.Digest = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	f.Bytes = count.n
	if err := p.usable(); err != nil {
		return nil, err
	}
	byAddress := func(a, b Resource) int { return strings.Compare(a.Address, b.Address) }
	slices.SortStableFunc(f.Changes, byAddress)
	slices.SortStableFunc(f.Values, byAddress)
	slices.SortStableFunc(f.Prior, byAddress)
	slices.SortStableFunc(f.Drift, byAddress)
	slices.SortStableFunc(f.Readings, byAddress)
	slices.SortStableFunc(f.Checks, func(a, b Check) int { return strings.Compare(a.Address, b.Address) })
	slices.Sort(f.Lookalikes)
	f.Lookalikes = slices.Compact(f.Lookalikes)
	return f, nil
}

// counter counts bytes and remembers the first error that is not the end.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) && c.err == nil {
		c.err = err
	}
	return n, err
}

// sniff recognises the files people pass by mistake and skips a UTF-8 mark.
func sniff(in *bufio.Reader) error {
	head, err := in.Peek(4)
	if len(head) == 0 {
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the input: %w", err)
		}
		return psn.Errorf(psn.InvalidInput, "the file is empty: %s", howToShow)
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return psn.Errorf(psn.InvalidInput, "this is a saved plan in binary form: %s", howToShow)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return psn.Errorf(psn.InvalidInput, "the file is UTF-16 text, as some shells write: save it as UTF-8")
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, err := in.Discard(3)
		return err
	}
	return nil
}

// parser walks the document token by token and decodes only what is needed.
type parser struct {
	dec  *json.Decoder
	file *File

	foreignChanges map[string]int // as File.Foreign, of resource_changes

	isState, isPlan, isRawState bool

	at string // the outermost field that is read
}

// explain turns a decoding error into one that says where the input broke.
func (p *parser) explain(err error, c *counter) error {
	if c.err != nil {
		return fmt.Errorf("read the input after byte %d: %w", c.n, c.err)
	}
	var own *psn.Error
	if errors.As(err, &own) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return psn.Errorf(psn.InvalidInput, "the JSON is truncated: it ends at byte %d in the middle of a value; write the file again", c.n)
	}
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) {
		return psn.Errorf(psn.InvalidInput, "not a plan or state: before byte %d, field %q is a %s: %s", p.dec.InputOffset(), cmp.Or(strings.TrimPrefix(typ.Field, "header."), p.at), typ.Value, howToShow)
	}
	return psn.Errorf(psn.InvalidInput, "not JSON at byte %d: %w; %s", p.dec.InputOffset(), err, howToShow)
}

// top reads the outermost object, whose keys may come in any order.
func (p *parser) top() error {
	tok, err := p.dec.Token()
	if err != nil {
		return err
	}
	if tok != json.Delim('{') {
		return psn.Errorf(psn.InvalidInput, "not a plan or state: the document is not a JSON object; %s", howToShow)
	}
	f := p.file
	return p.fields(func(key string) error {
		p.at = key
		switch key {
		case "format_version":
			return p.dec.Decode(&f.FormatVersion)
		case "terraform_version":
			return p.dec.Decode(&f.ToolVersion)
		case "errored":
			return p.dec.Decode(&f.Errored)
		case "complete":
			complete := true
			err := p.dec.Decode(&complete)
			f.Incomplete = !complete
			return err
		case "timestamp":
			return p.timestamp()
		case "resource_changes":
			p.isPlan = true
			return p.elements(p.change)
		case "resource_drift":
			return p.elements(p.drift)
		case "planned_values":
			p.isPlan = true
			return p.values(&f.Values)
		case "values":
			p.isState = true
			return p.values(&f.Values)
		case "prior_state":
			return p.object(func(key string) error {
				if key == "values" {
					return p.values(&f.Prior)
				}
				return p.skip()
			})
		case "variables":
			return p.variables()
		case "configuration":
			return p.configuration()
		case "checks":
			return p.elements(p.check)
		case "lineage", "serial":
			p.isRawState = true
		}
		return p.skip()
	})
}

func (p *parser) variables() error {
	var in map[string]struct {
		Value any `json:"value"`
	}
	if err := p.dec.Decode(&in); err != nil {
		return err
	}
	p.file.Variables = map[string]any{}
	for name, v := range in {
		p.file.Variables[name] = v.Value
	}
	return nil
}

func (p *parser) timestamp() error {
	var text string
	if err := p.dec.Decode(&text); err != nil {
		return err
	}
	if text == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return psn.Errorf(psn.InvalidInput, "timestamp %q is not an RFC 3339 instant: the file was changed after it was written", text)
	}
	p.file.Timestamp = at
	return nil
}

// usable decides whether what was read can be audited.
func (p *parser) usable() error {
	f := p.file
	switch {
	case p.isRawState && !p.isState && !p.isPlan:
		return psn.Errorf(psn.InvalidInput, "this is a raw state file (terraform.tfstate), not the output of show -json: %s", howToShow)
	case f.FormatVersion == "" || p.isPlan == p.isState:
		return psn.Errorf(psn.InvalidInput, "not a plan or state: %s; %s", missing(p), howToShow)
	}
	if major, _, _ := strings.Cut(f.FormatVersion, "."); major != "1" {
		return psn.Errorf(psn.InvalidInput, "format_version %q is not supported: this program reads 1.x", f.FormatVersion)
	}
	f.Kind = KindState
	if p.isPlan {
		f.Kind = KindPlan
	}
	if len(f.Foreign) == 0 {
		f.Foreign = p.foreignChanges
	}
	if len(f.Changes) == 0 && len(f.Values) == 0 {
		return psn.Errorf(psn.InvalidInput, "nothing of italia/psn in this %s: %s", f.Kind, others(f))
	}
	return nil
}

func missing(p *parser) string {
	switch {
	case p.isPlan && p.isState:
		return "it has the fields of both"
	case p.file.FormatVersion == "":
		return "the field format_version is missing"
	}
	return "it has neither resource_changes nor values"
}

func others(f *File) string {
	if len(f.Foreign) == 0 {
		return "it holds no resources"
	}
	names := slices.Sorted(maps.Keys(f.Foreign))
	for i, n := range names {
		names[i] = fmt.Sprintf("%s (%d)", n, f.Foreign[n])
	}
	return "other providers found: " + strings.Join(names, ", ")
}
