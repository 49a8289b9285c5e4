package audit

import (
	"strings"
	"time"
)

// Kind says what a File is.
type Kind string

// The kinds that "show -json" prints.
const (
	KindPlan  Kind = "plan"
	KindState Kind = "state"
)

// File is what was read: the resources of this provider and nothing else.
type File struct {
	Kind          Kind
	FormatVersion string // of the JSON, "1.x"
	ToolVersion   string // of Terraform or OpenTofu, as written
	Timestamp     time.Time
	// Errored and Incomplete are the plan's own marks: it stopped early, or it
	// leaves work for a later plan.
	Errored, Incomplete bool

	Digest string // "sha256:<hex>" of the whole input, first byte to last
	Bytes  int64

	// Changes is resource_changes of a plan, sorted by address.
	Changes []Resource
	// Values is planned_values of a plan or values of a state, sorted by address.
	Values []Resource
	// Drift is resource_drift of a plan: what was found changed outside Terraform.
	Drift []Resource
	// Prior is prior_state of a plan, sorted by address.
	Prior []Resource
	// Readings are what every data.psn_inventory of a plan had found, as
	// prior_state has it, sorted by address.
	Readings []Resource
	// InventoryFrom are the data.psn_inventory that the configuration takes the
	// inventory of a psn_placement from, by address without instance keys.
	InventoryFrom map[string][]string
	// Declared is what the configuration of a plan declares of this provider, by
	// address without instance keys.
	Declared map[string]Declared
	// HasPsnReadings says whether the configuration has a data.psn_inventory.
	HasPsnReadings bool
	// Calls are the module calls of the configuration, by the path of the module.
	Calls map[string]Call
	// Variables are the values given to the root module, Defaults those that the
	// declarations have, by module.
	Variables map[string]any
	Defaults  map[string]map[string]any
	// Modules are the sources of the module calls in the configuration of a plan,
	// by the path of the module, "module.a.module.b".
	Modules map[string]string
	// HasConfiguration says whether the file holds a configuration; every plan does.
	HasConfiguration bool
	// Checks are the checks, conditions and preconditions evaluated.
	Checks []Check
	// Foreign counts managed resources of other providers by provider name.
	Foreign map[string]int
	// Lookalikes are addresses of psn_* resources served by another provider.
	Lookalikes []string
}

// Resource is one managed resource instance of this provider.
type Resource struct {
	Address  string
	Previous string // address before the plan, when it was moved
	Type     string
	Reason   string   // action_reason: why it is replaced or deleted, as written
	Actions  []string // of a change: "create", "update", "delete", "no-op", …
	Before   map[string]any
	After    map[string]any // nil when the resource is deleted
	Unknown  map[string]any // mirrors After: true where the value is known after apply only
}

// Check is a check block or condition of the configuration, as evaluated.
type Check struct {
	Address string `json:"address"`
	Status  string `json:"status"`            // "pass", "fail", "error" or "unknown"
	Message string `json:"message,omitempty"` // of the first problem, when there is one
}

// ours reports whether the provider is italia/psn, whatever registry it comes from.
func ours(provider string) bool {
	return provider == "italia/psn" || strings.HasSuffix(provider, "/italia/psn")
}
