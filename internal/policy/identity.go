package policy

import (
	"fmt"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

func (e *evaluation) ipaCodeIsWellFormed() {
	for _, t := range e.doc.Tenants {
		if e.unknown(string(t.ID), t.Unknown, "ipa_code") {
			continue
		}
		if err := psn.CheckIPACode(t.IPACode); err != nil {
			e.fail(string(t.ID), err.Error(), "copy the code from indicepa.gov.it")
		}
	}
}

// fiscalCodeIsRight and cupIsWellFormed judge what was written; that a code is
// not declared is no fault of its shape.
func (e *evaluation) fiscalCodeIsRight() {
	for _, t := range e.doc.Tenants {
		if e.unknown(string(t.ID), t.Unknown, "fiscal_code") || t.FiscalCode == "" {
			continue
		}
		if err := psn.CheckFiscalCode(t.FiscalCode); err != nil {
			e.fail(string(t.ID), err.Error(), "correct the fiscal code; indicepa.gov.it lists it")
		}
	}
}

func (e *evaluation) cupIsWellFormed() {
	for _, t := range e.doc.Tenants {
		if e.unknown(string(t.ID), t.Unknown, "cup") || t.CUP == "" {
			continue
		}
		if err := psn.CheckCUP(t.CUP); err != nil {
			e.fail(string(t.ID), err.Error(), "copy the CUP from its opencup.gov.it record")
			continue
		}
		if warning := psn.CUPWarning(t.CUP); warning != "" {
			e.add(psn.SeverityWarning, psn.Failed, string(t.ID), warning, fmt.Sprintf("check %s against its opencup.gov.it record", t.CUP))
		}
	}
}
