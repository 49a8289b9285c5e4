package audit

import (
	"encoding/json"
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// fields calls f for every key of the object just opened; f reads the value.
func (p *parser) fields(f func(key string) error) error {
	for p.dec.More() {
		tok, err := p.dec.Token()
		if err != nil {
			return err
		}
		key, ok := tok.(string)
		if !ok {
			return fmt.Errorf("object key expected, found %v", tok)
		}
		if err := f(key); err != nil {
			return err
		}
	}
	_, err := p.dec.Token()
	return err
}

// elements calls f at every element of the array that follows; null is empty.
func (p *parser) elements(f func() error) error {
	tok, err := p.dec.Token()
	if err != nil || tok == nil {
		return err
	}
	if tok != json.Delim('[') {
		return psn.Errorf(psn.InvalidInput, "not a plan or state: array expected before byte %d", p.dec.InputOffset())
	}
	for p.dec.More() {
		if err := f(); err != nil {
			return err
		}
	}
	_, err = p.dec.Token()
	return err
}

// object opens the object that follows and reads its fields; null is empty.
func (p *parser) object(f func(key string) error) error {
	tok, err := p.dec.Token()
	if err != nil || tok == nil {
		return err
	}
	if tok != json.Delim('{') {
		return psn.Errorf(psn.InvalidInput, "not a plan or state: object expected before byte %d", p.dec.InputOffset())
	}
	return p.fields(f)
}

// skip passes over one value without keeping it.
func (p *parser) skip() error {
	for depth := 0; ; {
		tok, err := p.dec.Token()
		if err != nil {
			return err
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
