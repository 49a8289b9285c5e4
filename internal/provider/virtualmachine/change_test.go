package virtualmachine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	pplacement "github.com/italia/terraform-provider-psn/internal/provider/placement"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func known(s string) types.String { return types.StringValue(s) }

func gibs(sizes ...int64) types.List {
	var out []disk
	for _, s := range sizes {
		out = append(out, disk{types.Int64Value(s), types.StringNull()})
	}
	return listOf(out)
}

// standing is a machine that was made on the platform and observed.
func standing(p psn.Platform) model {
	m := empty()
	m.ID, m.Name, m.DisplayName = known("p_bs/web-1"), known("web-1"), known("web-1")
	m.Site, m.Platform, m.Cluster, m.ActiveSite = known("acilia"), known(string(p)), known("a"), known("acilia")
	m.VCPUs, m.MemoryGiB, m.PowerState = types.Int64Value(2), types.Int64Value(4), known("on")
	m.Disks = listOf([]disk{{types.Int64Value(10), known("gold")}, {types.Int64Value(20), known("gold")}})
	m.NICs = cardList([]card{{known("lan"), known("fa:16:3e:00:00:01"), known("10.0.0.5")}})
	m.Disruption = known("new machine")
	m.MACAddresses, m.SSHKeys = types.ListNull(types.StringType), types.ListNull(types.StringType)
	m.SecurityGroups, m.Metadata = types.SetNull(types.StringType), types.MapNull(types.StringType)
	m.Timeouts = timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{"create": types.StringType})}
	return m
}

func TestDisruption(t *testing.T) {
	for name, tc := range map[string]struct {
		edit func(prior, m *model)
		want types.String
	}{
		"nothing":       {func(_, _ *model) {}, known("new machine")},
		"a label":       {func(_, m *model) { m.Metadata = types.MapValueMust(types.StringType, nil) }, known("none")},
		"resize":        {func(_, m *model) { m.VCPUs, m.MemoryGiB = types.Int64Value(4), types.Int64Value(2) }, known("restart: vCPUs 2 -> 4, memory 4 -> 2 GiB")},
		"grow":          {func(_, m *model) { m.Disks = gibs(10, 30) }, known("grows disks[1] from 20 to 30 GiB, no restart")},
		"add":           {func(_, m *model) { m.Disks = gibs(10, 20, 5) }, known("adds disks[2] of 5 GiB, no restart")},
		"card":          {func(_, m *model) { m.NICs = cardList(append(cardsOf(m.NICs), card{}.open())) }, known("adds nics[1], no restart")},
		"both":          {func(_, m *model) { m.VCPUs, m.Disks = types.Int64Value(4), gibs(10, 20, 5) }, known("restart: vCPUs 2 -> 4; adds disks[2] of 5 GiB")},
		"stop":          {func(_, m *model) { m.PowerState = known("off") }, known("stops the machine")},
		"start":         {func(prior, _ *model) { prior.PowerState = known("off") }, known("starts the machine")},
		"between sizes": {func(prior, _ *model) { prior.PowerState = known("unsettled") }, known("ends a change of size that was cut off")},
		"between sizes, to be off": {func(prior, m *model) { prior.PowerState, m.PowerState = known("unsettled"), known("off") },
			known("ends a change of size that was cut off")},
		"between sizes, and more": {func(prior, m *model) { prior.PowerState, m.Disks = known("unsettled"), gibs(10, 30) },
			known("ends a change of size that was cut off; grows disks[1] from 20 to 30 GiB, no restart")},
		"while off": {func(prior, m *model) {
			prior.PowerState, m.PowerState, m.VCPUs = known("off"), known("off"), types.Int64Value(4)
		}, known("vCPUs 2 -> 4, the machine is off")},
		"standby made": {func(_, m *model) {
			m.StandbySite, m.StandbyPlatform, m.StandbyCluster = known("rozzano"), known("openstack"), known("r")
		},
			known("makes the standby at rozzano, no restart")},
		"standby goes": {func(prior, _ *model) {
			prior.StandbySite, prior.StandbyPlatform, prior.StandbyCluster = known("rozzano"), known("vsphere"), known("r")
		},
			known("deletes the standby at rozzano, no restart")},
		"unknown size": {func(_, m *model) { m.VCPUs = types.Int64Unknown() }, types.StringUnknown()},
		"unknown disk": {func(_, m *model) { m.Disks = listOf([]disk{{types.Int64Unknown(), types.StringNull()}}) }, types.StringUnknown()},
	} {
		for _, p := range psn.Platforms() {
			prior, m := standing(p), standing(p)
			tc.edit(&prior, &m)
			if got := m.disruption(&prior, false); !got.Equal(tc.want) {
				t.Errorf("%s on %s: %s, want %s", name, p, got, tc.want)
			}
		}
	}
	m := standing(psn.VSphere)
	if got := m.disruption(nil, false); got.ValueString() != "new machine" {
		t.Errorf("create: %s", got)
	}
}

// TestRestartsKnowsEveryPlatform holds the table complete: a platform left out
// would be told not to restart for anything.
func TestRestartsKnowsEveryPlatform(t *testing.T) {
	for _, p := range psn.Platforms() {
		for _, d := range []deed{resize, growDisk, addDisk, addCard} {
			if _, ok := restarts[p][d]; !ok {
				t.Errorf("%s: what %q does is not said", p, d)
			}
		}
	}
}

func planned(t *testing.T, edit func(config *model)) (model, diag.Diagnostics) {
	t.Helper()
	prior := standing(psn.OpenStack)
	config := prior
	config.NICs, config.Disks = types.ListNull(cardType), types.ListNull(diskType)
	edit(&config)
	m := config
	var diags diag.Diagnostics
	m.change(config, prior, past{}, &diags)
	return m, diags
}

func TestChangeKeepsWhatStands(t *testing.T) {
	lan := func(network, mac, ip string) card { return card{optional(network), optional(mac), optional(ip)} }
	for name, tc := range map[string]struct {
		edit func(*model)
		want string // of the error; empty means none
	}{
		"nothing said": {func(*model) {}, ""},
		"same disks":   {func(m *model) { m.Disks = gibs(10, 20) }, ""},
		"larger":       {func(m *model) { m.Disks = gibs(11, 20, 5) }, ""},
		"smaller":      {func(m *model) { m.Disks = gibs(10, 19) }, "Disk 2 has 20 GiB, 19 are asked for"},
		"fewer":        {func(m *model) { m.Disks = gibs(10) }, "Disk 2 (20 GiB) stands"},
		"swapped":      {func(m *model) { m.Disks = gibs(20, 10) }, "Disk 2 has 20 GiB, 10 are asked for"},
		"other storage": {func(m *model) {
			m.Disks = listOf([]disk{{types.Int64Value(10), known("tin")}, {types.Int64Value(20), known("gold")}})
		}, `Disk 1 is on "gold", "tin" is asked for`},
		"same card":        {func(m *model) { m.NICs = cardList([]card{lan("lan", "FA:16:3E:00:00:01", "10.0.0.5")}) }, ""},
		"less of the card": {func(m *model) { m.NICs = cardList([]card{lan("", "", "")}) }, ""},
		"another card":     {func(m *model) { m.NICs = cardList([]card{lan("lan", "", ""), lan("dmz", "", "")}) }, ""},
		"other network":    {func(m *model) { m.NICs = cardList([]card{lan("dmz", "", "")}) }, `Card 1 has network "lan", "dmz" is asked for`},
		"other address":    {func(m *model) { m.NICs = cardList([]card{lan("", "", "10.0.0.6")}) }, `Card 1 has fixed_ip "10.0.0.5"`},
		"no card":          {func(m *model) { m.NICs = cardList(nil) }, "Card 1 (on lan) stands"},
	} {
		m, diags := planned(t, tc.edit)
		var text strings.Builder
		for _, d := range diags.Errors() {
			text.WriteString(d.Detail())
			if !strings.Contains(d.Detail(), "What to do: ") {
				t.Errorf("%s: %q says not what to do", name, d.Detail())
			}
		}
		if tc.want == "" && diags.HasError() || !strings.Contains(text.String(), tc.want) || tc.want != "" && diags.ErrorsCount() != 1 {
			t.Errorf("%s: %q, want %q", name, text.String(), tc.want)
		}
		if d := disksOf(m.Disks); !diags.HasError() && (d[0].class.ValueString() != "gold" || len(d) == 3 && !d[2].class.IsUnknown()) {
			t.Errorf("%s: storage of the disks is planned as %v", name, m.Disks)
		}
		if c := cardsOf(m.NICs); !diags.HasError() && (c[0].fixedIP.ValueString() != "10.0.0.5" || len(c) == 2 && !(c[1].mac.IsUnknown() && m.MACAddresses.IsUnknown())) {
			t.Errorf("%s: cards are planned as %v", name, m.NICs)
		}
	}
}

// TestDefaultDiskFollowsThePlacement changes the storage that a place reserves.
func TestDefaultDiskFollowsThePlacement(t *testing.T) {
	reserve := func(gib int64, disks ...int64) (model, diag.Diagnostics) {
		prior := standing(psn.VSphere)
		prior.Disks = gibs(disks...)
		a := assigned()
		a.Resources.StorageMiB = gib << 10
		config := prior
		config.Disks, config.Placement = types.ListNull(diskType), pplacement.Flatten(a)
		m := config
		m.Disks = gibs(gib)
		var diags diag.Diagnostics
		m.change(config, prior, past{}, &diags)
		return m, diags
	}
	for name, tc := range map[string]struct {
		gib      int64
		have     []int64
		want     []int64
		err      string
		warnings int
	}{
		"same":         {10, []int64{10}, []int64{10}, "", 0},
		"grows":        {30, []int64{10}, []int64{30}, "", 0},
		"shrinks":      {5, []int64{10}, []int64{10}, "put storage_gib of the workload back to 10", 0},
		"two, same":    {30, []int64{10, 20}, []int64{10, 20}, "", 0},
		"two, more":    {40, []int64{10, 20}, []int64{10, 20}, "", 1},
		"two, shrinks": {20, []int64{10, 20}, []int64{10, 20}, "has disks of 10 GiB, 20 GiB", 0},
	} {
		m, diags := reserve(tc.gib, tc.have...)
		var text strings.Builder
		for _, d := range diags.Errors() {
			text.WriteString(d.Detail())
		}
		if !m.Disks.Equal(gibs(tc.want...)) || !strings.Contains(text.String(), tc.err) || tc.err == "" && diags.HasError() || diags.WarningsCount() != tc.warnings {
			t.Errorf("%s: %v %v", name, m.Disks, diags)
		}
	}
}

func TestGrownAndMore(t *testing.T) {
	seen := []psn.Disk{{CapacityBytes: 256 << 20, StorageClass: "a"}, {CapacityBytes: 5 << 30, StorageClass: "b"}}
	for name, tc := range map[string]struct {
		asked types.List
		want  []driver.DiskSpec
	}{
		"as they are": {gibs(1, 5), nil},
		"fewer":       {gibs(1), nil}, // those after it have a life of their own
		"not known":   {types.ListUnknown(diskType), nil},
		"one grows":   {gibs(1, 6), []driver.DiskSpec{{CapacityBytes: 256 << 20, StorageClass: "a"}, {CapacityBytes: 6 << 30, StorageClass: "b"}}},
		"one more": {listOf([]disk{{types.Int64Value(1), known("x")}, {types.Int64Value(5), known("x")}, {types.Int64Value(2), known("c")}}),
			[]driver.DiskSpec{{CapacityBytes: 256 << 20, StorageClass: "a"}, {CapacityBytes: 5 << 30, StorageClass: "b"}, {CapacityBytes: 2 << 30, StorageClass: "c"}}},
	} {
		if diff := cmp.Diff(tc.want, grown(tc.asked, seen)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	cards := cardList([]card{{}, {known("dmz"), types.StringNull(), known("10.0.1.5")}})
	want := []driver.NICSpec{{Network: "lan", MAC: "aa"}, {Network: "dmz", FixedIP: "10.0.1.5"}}
	if diff := cmp.Diff(want, more(cards, []psn.NIC{{Network: "lan", MAC: "aa", IPs: []string{"10.0.0.5"}}})); diff != "" {
		t.Error(diff)
	}
	if got := more(cards, make([]psn.NIC, 2)); got != nil {
		t.Errorf("%v for cards that stand", got)
	}
}

// TestStandbyChoosesForItself makes a standby on the other platform: what has a
// name at home is not asked of it.
func TestStandbyChoosesForItself(t *testing.T) {
	m := standing(psn.OpenStack)
	m.StandbySite, m.StandbyPlatform, m.StandbyCluster = known("rozzano"), known("vsphere"), known("r")
	m.Image, m.Group, m.GuestOS, m.DisplayName = known("debian"), known("web"), known("linux"), known("Sito")
	m.SecurityGroups = types.SetValueMust(types.StringType, nil)
	want := driver.VMSpec{
		ID: "p_bs/web-1", Labels: driver.Labels{Role: psn.RoleStandby, PrimarySite: psn.Acilia}, Cluster: "r", VCPUs: 2, MemoryMiB: 4096,
		Disks: []driver.DiskSpec{{CapacityBytes: 10 << 30}, {CapacityBytes: 20 << 30}},
	}
	if diff := cmp.Diff(want, m.expandStandby()); diff != "" {
		t.Error(diff)
	}
	home := m.expandActive()
	if home.Image != "debian" || home.Group != "web" || home.GroupPolicy != driver.ApartIfCan || home.SecurityGroups == nil || home.DisplayName != "Sito" || home.NICs[0].FixedIP != "10.0.0.5" {
		t.Errorf("%+v", home)
	}
}

// TestNotionsOfPlatforms holds every attribute against the truth about platforms.
func TestNotionsOfPlatforms(t *testing.T) {
	config := empty()
	config.SecurityGroups = types.SetValueMust(types.StringType, nil)
	config.VendorDataWO, config.UserData, config.Image, config.Group = known("v"), known("u"), known("i"), known("g")
	config.NICs = cardList([]card{{}, {fixedIP: known("10.0.0.5")}})
	for p, want := range map[psn.Platform]string{
		psn.VSphere:   "security_groups nics[1].fixed_ip",
		psn.OpenStack: "vendor_data_wo",
	} {
		var diags diag.Diagnostics
		config.notions(known(string(p)), &diags)
		var got []string
		for _, d := range diags.Errors() {
			at, _, _ := strings.Cut(d.Detail(), " cannot be given")
			got = append(got, at)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s refuses %q, want %q", p, got, want)
		}
	}
	var diags diag.Diagnostics
	config.notions(types.StringUnknown(), &diags)
	if len(diags) > 0 {
		t.Errorf("unknown platform: %v", diags)
	}
}

// TestAddedCardsAreGuarded: a card that is added is made with the machine's
// security groups, which it already has.
func TestAddedCardsAreGuarded(t *testing.T) {
	m := standing(psn.OpenStack)
	m.SecurityGroups = types.SetValueMust(types.StringType, []attr.Value{known("web"), known("db")})
	m.NICs = cardList(append(cardsOf(m.NICs), card{}.open()))
	active := seen{
		at: platform.New(psn.Acilia, psn.OpenStack, "", nil),
		vm: &psn.VM{Name: "web-1", Cluster: "a", NICs: []psn.NIC{{Network: "lan"}}, SecurityGroups: []string{"db", "web"}},
	}
	c, err := m.quietChange(active, 0)
	if err != nil || len(c.NICs) != 2 || c.SecurityGroups == nil {
		t.Fatalf("%+v, %v", c, err)
	}
	if d := cmp.Diff([]string{"db", "web"}, *c.SecurityGroups); d != "" {
		t.Error(d)
	}
	active.vm.NICs = append(active.vm.NICs, psn.NIC{Network: "lan"})
	if c, err = m.quietChange(active, 0); err != nil || c.NICs != nil || c.SecurityGroups != nil {
		t.Errorf("nothing is to be added: %+v, %v", c, err)
	}
}

// TestGroupAskedForByID: a security group stays in the words it was asked for in.
func TestGroupAskedForByID(t *testing.T) {
	m := standing(psn.OpenStack)
	m.SecurityGroups = types.SetValueMust(types.StringType, []attr.Value{known("id-of-web"), known("db")})
	active := seen{at: platform.New(psn.Acilia, psn.OpenStack, "", nil), vm: &psn.VM{
		Name: "web-1", Cluster: "a", NICs: []psn.NIC{{Network: "lan"}}, SecurityGroups: []string{"db", "web"}, SecurityGroupRefs: map[string]string{"web": "id-of-web", "db": "id-of-db"},
	}}
	if c, err := m.quietChange(active, 0); err != nil || c.SecurityGroups != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if got := refreshGroups(m.SecurityGroups, m.guards(*active.vm)); !got.Equal(m.SecurityGroups) {
		t.Errorf("refreshed to %s", got)
	}
	active.vm.SecurityGroupRefs["web"] = "id-of-another"
	if c, err := m.quietChange(active, 0); err != nil || c.SecurityGroups == nil {
		t.Errorf("the machine has another of the name: %+v, %v", c, err)
	}
}
