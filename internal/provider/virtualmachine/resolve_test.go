package virtualmachine

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/placement"
	pplacement "github.com/italia/terraform-provider-psn/internal/provider/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func assigned() placement.Assignment {
	return placement.Assignment{
		VM: "archivio-1", Workload: "archivio", Service: "p_bs/conservazione", Classification: psn.Strategic,
		Site: psn.Acilia, Region: psn.Lazio, Platform: psn.VSphere, Cluster: "acilia-a",
		StandbySite: psn.Rozzano, StandbyRegion: psn.Lombardia, StandbyPlatform: psn.VSphere, StandbyCluster: "rozzano-b",
		Resources: psn.Resources{VCPUs: 4, MemoryMiB: 16384, StorageMiB: 102400},
	}
}

// empty is a configuration that says nothing.
func empty() model {
	return model{
		Placement: types.ObjectNull(pplacement.AssignmentType().AttrTypes),
		Disks:     types.ListNull(diskType), NICs: types.ListNull(cardType),
	}
}

func TestResolveTakesEverythingFromThePlacement(t *testing.T) {
	config := empty()
	config.Placement = pplacement.Flatten(assigned())
	m, diags := resolve(config)
	if diags.HasError() {
		t.Fatal(diags)
	}
	for name, tc := range map[string]struct{ got, want string }{
		"id":              {m.ID.ValueString(), "p_bs/archivio-1"},
		"tenant":          {m.TenantID.ValueString(), "p_bs"},
		"home":            {m.HomeSite.ValueString(), "acilia"},
		"region":          {m.Region.ValueString(), "lazio"},
		"standby":         {m.StandbySite.ValueString(), "rozzano"},
		"standby region":  {m.StandbyRegion.ValueString(), "lombardia"},
		"standby cluster": {m.StandbyCluster.ValueString(), "rozzano-b"},
		"uuid":            {m.InstanceUUID.ValueString(), psn.VMID("p_bs/archivio-1").InstanceUUID()},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %q, want %q", name, tc.got, tc.want)
		}
	}
	active, standby := m.expandActive(), m.expandStandby()
	if active.VCPUs != 4 || active.MemoryMiB != 16384 || len(active.Disks) != 1 || active.Disks[0].CapacityBytes != 100<<30 || len(active.NICs) != 1 {
		t.Errorf("machine %+v", active)
	}
	if standby.Cluster != "rozzano-b" || len(standby.Disks) != 1 || len(standby.NICs) != 0 || standby.Labels.Role != psn.RoleStandby || standby.Labels.PrimarySite != psn.Acilia {
		t.Errorf("standby %+v", standby)
	}
}

func TestResolveUnknownPlacement(t *testing.T) {
	config := empty()
	config.Placement = types.ObjectUnknown(pplacement.AssignmentType().AttrTypes)
	config.Name = types.StringValue("archivio-1")
	config.ServiceID = types.StringValue("p_bs/conservazione")
	m, diags := resolve(config)
	if diags.HasError() {
		t.Fatal(diags)
	}
	if m.ID.ValueString() != "p_bs/archivio-1" || !m.Site.IsUnknown() || !m.HomeSite.IsUnknown() || !m.Region.IsUnknown() || !m.VCPUs.IsUnknown() {
		t.Errorf("%+v", m)
	}
}

func TestResolveRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		edit func(*model)
		want string
	}{
		"strategic without a placement": {func(m *model) {
			*m = empty()
			m.Name, m.ServiceID, m.Classification = types.StringValue("x"), types.StringValue("p_bs/s"), types.StringValue("strategic")
			m.Site, m.Cluster = types.StringValue("acilia"), types.StringValue("acilia-a")
			m.VCPUs, m.MemoryGiB, m.Disks = types.Int64Value(1), types.Int64Value(1), flattenDisks([]psn.Disk{{CapacityBytes: 1 << 30}})
		}, "PLC-007"},
		"site contradicts":    {func(m *model) { m.Site = types.StringValue("pomezia") }, "PLC-007"},
		"standby contradicts": {func(m *model) { m.StandbySite = types.StringValue("santo-stefano-ticino") }, "PLC-007"},
		"more memory":         {func(m *model) { m.MemoryGiB = types.Int64Value(32) }, "decided for 16"},
		"more disk": {func(m *model) {
			m.Disks = flattenDisks([]psn.Disk{{CapacityBytes: 60 << 30}, {CapacityBytes: 60 << 30}})
		}, "120 GiB of storage"},
		"bad name":    {func(m *model) { m.Name = types.StringValue("Archivio 1") }, "not a valid name"},
		"bad service": {func(m *model) { m.ServiceID = types.StringValue("conservazione") }, "is not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			config := empty()
			config.Placement = pplacement.Flatten(assigned())
			tc.edit(&config)
			_, diags := resolve(config)
			var text strings.Builder
			for _, d := range diags.Errors() {
				text.WriteString(d.Summary() + " " + d.Detail() + "\n")
			}
			if !strings.Contains(text.String(), tc.want) {
				t.Errorf("got %q, want %q", text.String(), tc.want)
			}
		})
	}
}

// TestNothingReplaces holds the schema to its promise: no attribute replaces a
// machine; only another natural id does.
func TestNothingReplaces(t *testing.T) {
	config := empty()
	config.Placement = pplacement.Flatten(assigned())
	was, _ := resolve(config)
	moved := assigned()
	moved.Site, moved.Region, moved.Cluster = psn.Rozzano, psn.Lombardia, "rozzano-a"
	moved.StandbySite, moved.StandbyRegion = psn.Acilia, psn.Lazio
	config.Placement = pplacement.Flatten(moved)
	is, _ := resolve(config)
	if differs(was.ID, is.ID) {
		t.Errorf("a move changes the id from %s to %s", was.ID, is.ID)
	}
	config.Name = types.StringValue("archivio-2")
	renamed, _ := resolve(config)
	if !differs(was.ID, renamed.ID) {
		t.Error("another name is not another machine")
	}
}

// TestOneFaultOneError gives one error for a machine of which everything is
// missing, and one for a protected machine with a place chosen by hand.
func TestOneFaultOneError(t *testing.T) {
	for name, tc := range map[string]struct {
		class types.String
		want  string
	}{
		"ordinary":  {types.StringValue("ordinary"), `"site", "cluster", "vcpus", "memory_gib", "disks"`},
		"critical":  {types.StringValue("critical"), "PLC-007"},
		"strategic": {types.StringValue("strategic"), "PLC-007"},
	} {
		config := empty()
		config.Name, config.ServiceID, config.Classification = types.StringValue("x"), types.StringValue("p_bs/s"), tc.class
		_, diags := resolve(config)
		if diags.ErrorsCount() != 1 || !strings.Contains(diags.Errors()[0].Detail(), tc.want) {
			t.Errorf("%s: %v, want one error with %q", name, diags.Errors(), tc.want)
		}
	}
	config := empty()
	config.Name, config.ServiceID, config.Classification = types.StringValue("x"), types.StringValue("p_bs/s"), types.StringUnknown()
	config.Site, config.Cluster = types.StringValue("acilia"), types.StringValue("acilia-a")
	config.VCPUs, config.MemoryGiB, config.Disks = types.Int64Value(1), types.Int64Value(1), flattenDisks([]psn.Disk{{CapacityBytes: 1}})
	if _, diags := resolve(config); diags.ErrorsCount() != 1 || !strings.Contains(diags.Errors()[0].Detail(), "not known yet") {
		t.Errorf("class not known: %v", diags.Errors())
	}
}

// TestPlanWarns tells of a standby that goes and of a place that is not taken.
func TestPlanWarns(t *testing.T) {
	config := empty()
	config.Placement = pplacement.Flatten(assigned())
	prior, _ := resolve(config)
	prior.ActiveSite = prior.Site
	moved := assigned()
	moved.Classification, moved.Cluster = psn.Ordinary, "acilia-b"
	moved.StandbySite, moved.StandbyRegion, moved.StandbyPlatform, moved.StandbyCluster = "", "", "", ""
	config.Placement = pplacement.Flatten(moved)
	m, diags := resolve(config)
	m.stay(config, prior, &diags)
	m.change(config, prior, past{}, &diags)
	var text strings.Builder
	for _, d := range diags.Warnings() {
		text.WriteString(d.Summary() + "\n")
	}
	if diags.HasError() || !strings.Contains(text.String(), "will be deleted") || !strings.Contains(text.String(), "stays where it is") {
		t.Errorf("%v", diags)
	}
	if m.Cluster.ValueString() != "acilia-a" {
		t.Errorf("cluster %s was never observed", m.Cluster)
	}
}
