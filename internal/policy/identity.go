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
	judge := func(subject, cup string, u Unknown) {
		if e.unknown(subject, u, "cup") || cup == "" {
			return
		}
		if err := psn.CheckCUP(cup); err != nil {
			e.fail(subject, err.Error(), "copy the CUP from its opencup.gov.it record")
			return
		}
		if warning := psn.CUPWarning(cup); warning != "" {
			e.add(psn.SeverityWarning, psn.Failed, subject, warning, fmt.Sprintf("check %s against its opencup.gov.it record", cup))
		}
	}
	for _, t := range e.doc.Tenants {
		judge(string(t.ID), t.CUP, t.Unknown)
	}
	for _, c := range e.doc.Candidatures {
		judge(c.ID, c.CUP, c.Unknown)
	}
}
