package audit

import (
	"slices"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// declaredOnly are the rules on what a psn_service alone declares, and the
// lowest class they speak of.
var declaredOnly = []struct {
	rule string
	from psn.Classification
}{{"KEY-001", psn.Critical}, {"REP-002", psn.Critical}, {"LOC-002", psn.Critical}, {"LOC-003", psn.Strategic}}

// silent reports the services of which the file has machines that are critical
// or strategic, but no psn_service at all: what the service would have to declare
// is not passed. Where the file has some services, CLS-003 names those missing.
func silent(doc policy.Document) []psn.Finding {
	if len(doc.Services) > 0 {
		return nil
	}
	var out []psn.Finding
	for _, m := range doc.Machines {
		class, err := psn.ParseClassification(m.Classification)
		if err != nil || m.Service == "" {
			continue
		}
		for _, r := range declaredOnly {
			if class.Rank() < r.from.Rank() {
				continue
			}
			f := undecidable(r.rule, string(m.Service), "the file has machines of the service but no psn_service, so what the service declares is not known")
			f.Remedy = "audit the plan or state that holds the service too"
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}
