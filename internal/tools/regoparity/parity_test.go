package regoparity_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// documents is how many generated documents both engines judge.
var documents = flag.Uint64("documents", 3000, "generated documents to compare")

// shipped is the data file of the bundle.
var shipped = filepath.Join(bundle, "data.json")

func prepare(t testing.TB, query, data string) rego.PreparedEvalQuery {
	t.Helper()
	q, err := rego.New(rego.Query(query), rego.Load([]string{filepath.Join(bundle, "policy"), data}, nil)).PrepareForEval(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// input is the document as a Rego user gives it: its JSON form.
func input(t testing.TB, doc policy.Document) any {
	t.Helper()
	body, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// byRego returns the verdicts of the bundle, one line each, sorted.
func byRego(t testing.TB, q rego.PreparedEvalQuery, doc policy.Document) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rs, err := q.Eval(ctx, rego.EvalInput(input(t, doc)))
	if err != nil {
		t.Fatal(err)
	}
	if len(rs) != 1 {
		t.Fatalf("%d results", len(rs))
	}
	found, ok := rs[0].Expressions[0].Value.([]any)
	if !ok {
		t.Fatalf("findings are %T", rs[0].Expressions[0].Value)
	}
	lines := map[string]bool{}
	for _, f := range found {
		m := f.(map[string]any)
		lines[fmt.Sprint(m["rule"], " ", m["severity"], " ", m["outcome"], " ", m["subject"])] = true
	}
	return slices.Sorted(maps.Keys(lines))
}

func byGo(doc policy.Document) []string {
	lines := map[string]bool{}
	for _, f := range policy.Evaluate(doc) {
		lines[fmt.Sprint(f.Rule, " ", f.Severity, " ", f.Outcome, " ", f.Subject)] = true
	}
	return slices.Sorted(maps.Keys(lines))
}

// The bundle and the native rules come to the same verdicts, and the documents
// are such that every rule is failed in some and every outcome occurs.
func TestParity(t *testing.T) {
	q := prepare(t, "data.psn.verdict.findings", shipped)
	seen := map[string]int{}
	differ := 0
	for seed := range *documents {
		doc := document(seed)
		want, got := byGo(doc), byRego(t, q, doc)
		if diff := cmp.Diff(want, got); diff != "" {
			body, _ := json.Marshal(doc)
			t.Errorf("document %d: native (-) and Rego (+) differ:\n%s\n%s", seed, diff, body)
			if differ++; differ == 5 {
				t.FailNow()
			}
		}
		for _, l := range want {
			f := strings.SplitN(l, " ", 4)
			seen[f[0]+" "+f[2]]++
		}
	}
	derogated := 0
	for _, r := range policy.Rules() {
		if r.ID != "PLC-009" && r.ID != "PLC-004" && seen[r.ID+" "+string(psn.Failed)] == 0 {
			t.Errorf("no generated document fails %s: the comparison says nothing of it", r.ID)
		}
		derogated += seen[r.ID+" "+string(psn.Derogated)]
	}
	if derogated < 20 {
		t.Errorf("only %d findings were derogated", derogated)
	}
	total := 0
	for _, n := range seen {
		total += n
	}
	t.Logf("%d documents, %d verdicts, %d of them derogated", *documents, total, derogated)
}

// Parameters other than the defaults reach both engines.
func TestParityWithParameters(t *testing.T) {
	params := map[string]int64{"min_dr_km": 490, "dr_reserve": 150, "max_sync_km": 10, "max_test_age_days": 90, "min_replicas": 2, "cross_region_critical": 2, "cross_region_strategic": 1,
		"max_rpo_minutes_critical": 20, "max_rto_minutes_strategic": 90, "min_backup_retention_days": 60, "qualification_months": 24, "strict": 1, "min_report_days": 16}
	changed := tables()
	var opts []policy.Option
	for name, v := range params {
		o, err := policy.Set(name, v)
		if err != nil {
			t.Fatal(err)
		}
		opts = append(opts, o)
		changed["psn_tables"].(map[string]any)["parameters"].(map[string]int64)[name] = v
	}
	body, err := json.Marshal(changed)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data.json")
	if err := os.WriteFile(data, body, 0o600); err != nil {
		t.Fatal(err)
	}
	q := prepare(t, "data.psn.verdict.findings", data)
	far := 0
	for seed := range uint64(1000) {
		doc := document(100000 + seed)
		lines := map[string]bool{}
		for _, f := range policy.Evaluate(doc, opts...) {
			lines[fmt.Sprint(f.Rule, " ", f.Severity, " ", f.Outcome, " ", f.Subject)] = true
			if f.Rule == "PLC-004" {
				far++
			}
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(lines)), byRego(t, q, doc)); diff != "" {
			body, _ := json.Marshal(doc)
			t.Fatalf("document %d: native (-) and Rego (+) differ:\n%s\n%s", seed, diff, body)
		}
	}
	if far == 0 {
		t.Error("PLC-004 never fired")
	}
}

// The folder loads as a bundle, and the example document is judged as its README
// says, through the entry points that conftest uses.
func TestExample(t *testing.T) {
	for query, want := range map[string][]string{"data.main.deny": {"PLC-001"}, "data.main.warn": {"CLS-002", "PLC-002", "PLC-003"}} {
		rs, err := rego.New(rego.Query(query), rego.LoadBundle(bundle), rego.Input(input(t, example()))).Eval(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, line := range rs[0].Expressions[0].Value.([]any) {
			got = append(got, strings.Fields(line.(string))[0])
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func example() policy.Document {
	service := func(name, class, state, date string) policy.Service {
		return policy.Service{ID: psn.ServiceID("p_bs/" + name), Tenant: "p_bs", Name: name, Classification: class, ClassificationState: state, ClassificationDate: date, RPO: 15 * time.Minute, RTO: 4 * time.Hour, DataLocation: "IT", Qualification: "QC3"}
	}
	machine := func(name, service, site, standby string) policy.Machine {
		return policy.Machine{ID: psn.VMID("p_bs/" + name), Service: psn.ServiceID("p_bs/" + service), Site: site, Platform: "vsphere", Cluster: "c1", StandbySite: standby, FromPlacement: true, PlacementSite: site, PlacementStandbySite: standby}
	}
	return policy.Document{
		Now:      now,
		Tenants:  []policy.Tenant{{ID: "p_bs", Name: "Provincia di Brescia", IPACode: "p_bs", FiscalCode: "80008750178"}},
		Services: []policy.Service{service("protocollo", "strategic", "validated", "2024-11-30"), service("personale", "critical", "submitted", "2026-10-01")},
		Machines: []policy.Machine{machine("protocollo-1", "protocollo", "acilia", "rozzano"), machine("protocollo-2", "protocollo", "rozzano", "santo-stefano-ticino"), machine("personale-1", "personale", "acilia", "")},
		Derogations: []psn.Derogation{
			{ID: "D-1", Rule: "PLC-002", Subject: "p_bs/protocollo-2", Author: "Ing. Rossi", Date: "2026-10-01", Reason: "Pomezia is being extended", Expiry: "2027-03-31"},
			{ID: "D-2", Rule: "PLC-003", Subject: "p_bs/protocollo-2", Author: "Ing. Rossi", Date: "2026-10-01", Reason: "Pomezia is being extended", Expiry: "2027-03-31"},
		},
	}
}
