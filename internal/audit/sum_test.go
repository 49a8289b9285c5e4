package audit_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/audit"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestAmountsDoNotWrap: what is too much for 64 bits is refused, never little.
func TestAmountsDoNotWrap(t *testing.T) {
	t.Parallel()
	everywhere := func(attribute string, value int64) func(*fixture) {
		return func(f *fixture) {
			for _, n := range []string{"1", "2"} {
				f.everywhere("sito-"+n, attribute, value)
			}
			f.edit(placement, "workloads.sito."+attribute, value)
		}
	}
	for name, tc := range map[string]struct {
		edit func(*fixture)
		want string
	}{
		"memory of 2^54 GiB":      {everywhere("memory_gib", 1<<54), `attribute "memory_gib" is 18014398509481984, more than the 1073741824`},
		"vCPUs of 2^62":           {everywhere("vcpus", 1<<62), `attribute "vcpus" is 4611686018427387904, more than the 1099511627776`},
		"one more than there can": {everywhere("vcpus", 1<<40+1), `attribute "vcpus" is 1099511627777`},
		"as many as there can":    {everywhere("vcpus", 1<<40), ""},
		"GPUs":                    {func(f *fixture) { f.edit(placement, "workloads.sito.gpus", int64(1<<62)) }, `attribute "gpus" is`},
		"disks": {func(f *fixture) {
			f.edit(`psn_virtual_machine.vm["sito-1"]`, "disks", []any{object{"size_gib": int64(1 << 54)}})
		}, `attribute "size_gib" is`},
		"a capacity": {func(f *fixture) { f.cluster("pomezia")["vcpus"] = int64(1 << 62) }, `attribute "vcpus" is`},
		"a commitment": {func(f *fixture) {
			f.cluster("pomezia")["commitments"] = []any{object{"tenant": "p_mi", "vcpus": int64(1 << 43), "memory_mib": 0, "storage_mib": 0}}
		}, `attribute "vcpus" is`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(2)
			tc.edit(f)
			file, err := audit.Read(bytes.NewReader(f.plan(t)))
			if err != nil {
				t.Fatal(err)
			}
			r, err := audit.Evaluate(file, judged)
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want == "":
				if !find(r, "PLC-008", "pomezia/vsphere/cluster-1", "") {
					t.Error("the cluster is not found overfull")
				}
			case err == nil || psn.CodeOf(err) != psn.InvalidInput || !strings.Contains(err.Error(), tc.want):
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}
