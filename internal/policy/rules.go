package policy

import (
	"crypto/sha256"
	_ "embed" // rule data
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

//go:embed rules.json
var rulesJSON []byte

// Rule is what a rule demands and what it rests on.
type Rule struct {
	ID       string       `json:"id"`
	Severity psn.Severity `json:"severity"` // the most a finding of this rule weighs, unless its text says otherwise
	Basis    psn.Basis    `json:"basis"`
	Citation string       `json:"citation"` // law, notice or measure; or "regola di progetto, non di legge"
	// Derogable says whether a documented derogation may set the rule aside.
	Derogable  bool        `json:"derogable"`
	Italian    string      `json:"it"`
	English    string      `json:"en"`
	Parameters []Parameter `json:"parameters,omitempty"`
}

// Parameter is a number that a rule uses.
type Parameter struct {
	Name    string `json:"name"`
	Default int64  `json:"default"`
	Unit    string `json:"unit"`
	Note    string `json:"note,omitempty"`
}

// Text returns what the rule demands in language lang ("it", otherwise English).
func (r Rule) Text(lang string) string {
	if lang == "it" {
		return r.Italian
	}
	return r.English
}

var loadRules = sync.OnceValue(func() []Rule {
	var rules []Rule
	if err := json.Unmarshal(rulesJSON, &rules); err != nil {
		panic(fmt.Sprintf("policy: rules.json: %v", err)) // the tests of this package show that it parses
	}
	return rules
})

// Rules returns every rule in the order of the rule data.
func Rules() []Rule {
	rules := slices.Clone(loadRules())
	for i := range rules {
		rules[i].Parameters = slices.Clone(rules[i].Parameters)
	}
	return rules
}

// RuleOf returns the rule with the given id.
func RuleOf(id string) (Rule, bool) {
	for _, r := range Rules() {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}

// ruleOf is RuleOf without a copy; the zero Rule when there is none.
func ruleOf(id string) Rule {
	i := slices.IndexFunc(loadRules(), func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}
	}
	return loadRules()[i]
}

// Option changes a parameter of a rule.
type Option func(parameters)

// parameters holds the values in effect, by name.
type parameters map[string]int64

// MinDRKilometres sets the least distance between primary and standby (PLC-004).
func MinDRKilometres(km int64) Option { return func(p parameters) { p["min_dr_km"] = km } }

// DRReserve sets how much of what standbys take over after the loss of a site is
// to be kept for it, in percent (PLC-006).
func DRReserve(percent int64) Option { return func(p parameters) { p["dr_reserve"] = percent } }

// MaxSyncKilometres sets the greatest distance of synchronous replication (REP-001).
func MaxSyncKilometres(km int64) Option { return func(p parameters) { p["max_sync_km"] = km } }

// MaxTestAge sets how old the last test failover may be, in whole days (REP-003).
func MaxTestAge(age time.Duration) Option {
	return func(p parameters) { p["max_test_age_days"] = int64(age / (24 * time.Hour)) }
}

// Set returns the option that gives the named parameter a value, or an Error
// with code InvalidInput when no rule has such a parameter or the value is negative.
func Set(name string, value int64) (Option, error) {
	var names []string
	for _, r := range loadRules() {
		for _, p := range r.Parameters {
			if p.Name == name {
				if value < 0 {
					return nil, psn.Errorf(psn.InvalidInput, "parameter %s is %d: use 0 or more", name, value)
				}
				return func(p parameters) { p[name] = value }, nil
			}
			names = append(names, p.Name)
		}
	}
	return nil, psn.Errorf(psn.InvalidInput, "unknown parameter %q: use one of %s", name, strings.Join(names, ", "))
}

func inEffect(opts []Option) parameters {
	p := parameters{}
	for _, r := range loadRules() {
		for _, par := range r.Parameters {
			p[par.Name] = par.Default
		}
	}
	for _, o := range opts {
		o(p)
	}
	return p
}

// Digest identifies the rules and the parameters in effect: "sha256:" and 64
// hexadecimal digits. Two evaluations with the same digest applied the same rules.
func Digest(opts ...Option) string {
	body, err := json.Marshal(struct {
		Rules      []Rule     `json:"rules"`
		Parameters parameters `json:"parameters"`
	}{loadRules(), inEffect(opts)})
	if err != nil {
		panic(fmt.Sprintf("policy: digest: %v", err)) // strings and integers always marshal
	}
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// DerogableOnPlaces lists the rules on places that admit a derogation: it is
// given where the place is decided. They are the PLC rules.
func DerogableOnPlaces() []string { return derogable(true) }

// DerogableOnServices lists the other rules that admit a derogation, those on
// services and on what is kept of them.
func DerogableOnServices() []string { return derogable(false) }

func derogable(onPlaces bool) []string {
	var out []string
	for _, r := range Rules() {
		if r.Derogable && strings.HasPrefix(r.ID, "PLC-") == onPlaces {
			out = append(out, r.ID)
		}
	}
	return out
}
