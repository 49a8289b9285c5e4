package audit

// Limit is something that an audit of a file alone cannot detect.
type Limit string

// The limits.
const (
	// LimitSignature: show -json is not signed. Who rewrites all parts of the
	// file in agreement leaves no trace in it; only its digest tells.
	LimitSignature Limit = "signature"
	// LimitInventory: capacity is judged on the inventory the file records.
	LimitInventory Limit = "inventory"
	// LimitReading: the plan holds no reading of data.psn_inventory, so an
	// inventory changed in every part of the file is not told from a true one.
	LimitReading Limit = "inventory reading"
	// LimitSupplied: GPUs and kinds of storage of clusters, which no reading tells,
	// are what the configuration says of them.
	LimitSupplied Limit = "supplied capacity"
	// LimitProvider: show -json does not say which version of the provider made
	// it; the digest of the rules does, where a psn_placement is there.
	LimitProvider Limit = "provider version"
	// LimitState: a state has one part only, nothing to compare it with.
	LimitState Limit = "one part"
	// LimitReferences: what the configuration makes of variables, locals, other
	// resources and functions is in the plan as their names alone; so it is not
	// held against the configuration. Report.NotCompared lists it.
	LimitReferences Limit = "references"
	// LimitUndeclared: the configuration in the file declares nothing of this
	// provider, so nothing is held against it.
	LimitUndeclared Limit = "nothing declared"
	// LimitTimestamp: the plan does not say when it was made, as every one does
	// since Terraform 1.5 and OpenTofu 1.6; what had expired then is not known.
	LimitTimestamp Limit = "timestamp"
	// LimitEvidence: references to documents are read, the documents are not.
	LimitEvidence Limit = "documents"
)

func limitsOf(r *Report, f *File) []Limit {
	out := []Limit{LimitSignature, LimitInventory, LimitProvider, LimitEvidence}
	if f.Kind == KindPlan && len(f.Readings) == 0 && len(inventoried(f)) > 0 {
		out = append(out, LimitReading)
	}
	if supplied(f) {
		out = append(out, LimitSupplied)
	}
	if f.Kind == KindPlan && f.Timestamp.IsZero() {
		out = append(out, LimitTimestamp)
	}
	if f.Kind == KindPlan && len(f.Declared) == 0 {
		out = append(out, LimitUndeclared)
	}
	if len(r.NotCompared) > 0 {
		out = append(out, LimitReferences)
	}
	if r.Document.Kind == KindState {
		out = append(out, LimitState)
	}
	return out
}
