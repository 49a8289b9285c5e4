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
	// LimitProvider: show -json does not say which version of the provider made
	// it; the digest of the rules does, where a psn_placement is there.
	LimitProvider Limit = "provider version"
	// LimitState: a state has one part only, nothing to compare it with.
	LimitState Limit = "one part"
	// LimitEvidence: references to documents are read, the documents are not.
	LimitEvidence Limit = "documents"
)

func limitsOf(r *Report) []Limit {
	out := []Limit{LimitSignature, LimitInventory, LimitProvider, LimitEvidence}
	if r.Document.Kind == KindState {
		out = append(out, LimitState)
	}
	return out
}
