package virtualmachine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// disk is one element of "disks". Disks are known by their position.
type disk struct {
	size  types.Int64 // GiB
	class types.String
}

var diskType = types.ObjectType{AttrTypes: map[string]attr.Type{"size_gib": types.Int64Type, "storage_class": types.StringType}}

func (d disk) value() types.Object {
	return types.ObjectValueMust(diskType.AttrTypes, map[string]attr.Value{"size_gib": d.size, "storage_class": d.class})
}

// disksOf are the disks of a list; what is not known of one is unknown.
func disksOf(l types.List) []disk {
	var out []disk
	for _, v := range l.Elements() {
		d := disk{types.Int64Unknown(), types.StringUnknown()}
		if o, ok := v.(types.Object); ok && !o.IsUnknown() {
			d.size, _ = o.Attributes()["size_gib"].(types.Int64)
			d.class, _ = o.Attributes()["storage_class"].(types.String)
		}
		out = append(out, d)
	}
	return out
}

func listOf(disks []disk) types.List {
	elems := make([]attr.Value, len(disks))
	for i, d := range disks {
		elems[i] = d.value()
	}
	return types.ListValueMust(diskType, elems)
}

// sumOf is the storage of the disks in GiB; known is false when one is not.
func sumOf(l types.List) (sum int64, known bool) {
	if l.IsUnknown() {
		return 0, false
	}
	for _, d := range disksOf(l) {
		if d.size.IsUnknown() {
			return 0, false
		}
		sum += d.size.ValueInt64()
	}
	return sum, true
}

// specs are the disks to make.
func specs(l types.List) []driver.DiskSpec {
	var out []driver.DiskSpec
	for _, d := range disksOf(l) {
		out = append(out, driver.DiskSpec{CapacityBytes: d.size.ValueInt64() * bytesPerGiB, StorageClass: d.class.ValueString()})
	}
	return out
}

// gib rounds up: 256 MiB is not 0 GiB.
func gib(bytes int64) int64 { return (bytes + bytesPerGiB - 1) / bytesPerGiB }

// own are the machine's disks, without those that somebody put on it: volumes
// with a life of their own, and other people's data.
func own(disks []psn.Disk) []psn.Disk {
	return slices.DeleteFunc(slices.Clone(disks), func(d psn.Disk) bool { return d.Foreign })
}

// peoples names the disks that are not the machine's own.
func peoples(disks []psn.Disk) []string {
	var out []string
	for _, d := range disks {
		if d.Foreign {
			out = append(out, fmt.Sprintf("%s (%d GiB)", d.Path, gib(d.CapacityBytes)))
		}
	}
	return out
}

func flattenDisks(disks []psn.Disk) types.List {
	out := make([]disk, len(disks))
	for i, d := range disks {
		out[i] = disk{types.Int64Value(gib(d.CapacityBytes)), optional(d.StorageClass)}
	}
	return listOf(out)
}

// refreshDisks takes over the sizes and classes of the machine's own disks that
// the state knows; all of its own when the state knows none, as after an import.
func refreshDisks(state types.List, seen []psn.Disk) types.List {
	seen = own(seen)
	if state.IsNull() || state.IsUnknown() {
		return flattenDisks(seen)
	}
	known := disksOf(state)
	if len(known) > len(seen) {
		known = known[:len(seen)]
	}
	for i := range known {
		known[i].size = types.Int64Value(gib(seen[i].CapacityBytes))
		if class := seen[i].StorageClass; class != "" || known[i].class.IsUnknown() {
			known[i].class = optional(class)
		}
	}
	return listOf(known)
}

// foretellDisks marks what only the platform can tell of disks to be made.
func foretellDisks(l types.List) types.List {
	if l.IsNull() || l.IsUnknown() {
		return l
	}
	out := disksOf(l)
	for i := range out {
		if out[i].class.IsNull() {
			out[i].class = types.StringUnknown()
		}
	}
	return listOf(out)
}

// growDisks plans the disks of a machine that stands: they grow and get company,
// and neither shrink, go, nor change storage.
func (m *model) growDisks(config, prior model, diags *diag.Diagnostics) {
	if prior.Disks.IsNull() || m.Disks.IsUnknown() {
		return
	}
	have := disksOf(prior.Disks)
	if config.Disks.IsNull() {
		m.defaultDisks(prior, have, diags)
		return
	}
	want := disksOf(m.Disks)
	refuse := func(i int, attribute, why, remedy string) {
		at := path.Root("disks")
		if attribute != "" {
			at = at.AtListIndex(i).AtName(attribute)
		}
		diags.AddAttributeError(at, "Unable to change the disks of "+describe(m.ID, m.Name), why+"\n\nWhat to do: "+remedy)
	}
	for i, was := range have {
		if i >= len(want) {
			refuse(i, "", fmt.Sprintf("Disk %d (%s) stands and is not declared any more; a disk of a machine that stands is not removed, because what is on it would be lost.", i+1, was),
				"declare all the disks that stand, in their order; take a disk off with the platform's own means first if it has to go.")
			continue
		}
		if is := want[i].size; !is.IsUnknown() && is.ValueInt64() < was.size.ValueInt64() {
			refuse(i, "size_gib", fmt.Sprintf("Disk %d has %d GiB, %d are asked for; a disk does not shrink, because what is at its end would be lost.", i+1, was.size.ValueInt64(), is.ValueInt64()),
				fmt.Sprintf("write %d or more.", was.size.ValueInt64()))
		}
		switch is := want[i].class; {
		case is.IsNull():
			want[i].class = was.class
		case !is.IsUnknown() && !was.class.IsNull() && !is.Equal(was.class):
			refuse(i, "storage_class", fmt.Sprintf("Disk %d is on %q, %q is asked for; changing an attribute moves no disk.", i+1, was.class.ValueString(), is.ValueString()),
				fmt.Sprintf("write %q or leave it out; or move the disk with the platform's own means first.", was.class.ValueString()))
		}
	}
	for i := len(have); i < len(want); i++ {
		if want[i].class.IsNull() {
			want[i].class = types.StringUnknown()
		}
	}
	m.Disks = listOf(want)
}

// defaultDisks plans the disks that follow from the placement's storage: a
// machine's only disk grows with it; of several, nobody says which.
func (m *model) defaultDisks(prior model, have []disk, diags *diag.Diagnostics) {
	storage := assignment{m.Placement}.number(types.Int64Null(), "storage_gib")
	sum, _ := sumOf(prior.Disks)
	m.Disks = prior.Disks
	name := describe(m.ID, m.Name)
	switch reserved := storage.ValueInt64(); {
	case storage.IsNull() || reserved == sum && !storage.IsUnknown():
	case len(have) == 1 && (storage.IsUnknown() || reserved > sum):
		m.Disks = listOf([]disk{{storage, have[0].class}})
	case storage.IsUnknown():
	case reserved > sum:
		diags.AddAttributeWarning(path.Root("disks"), "Disks stay as they are",
			fmt.Sprintf("The placement reserves %d GiB for %s, its %d disks have %d GiB: which of them should grow is not said.\n\nWhat to do: declare disks.", reserved, name, len(have), sum))
	default:
		diags.AddAttributeError(path.Root("placement"), "Unable to change the disks of "+name,
			fmt.Sprintf("%s %s; the placement reserves %d GiB now, and a disk does not shrink, because what is at its end would be lost.\n\nWhat to do: put storage_gib of the workload back to %d or more.",
				upper(name), words(have), reserved, sum))
	}
}

func (d disk) String() string { return fmt.Sprintf("%d GiB", d.size.ValueInt64()) }

func words(disks []disk) string {
	if len(disks) == 1 {
		return "has disk 1 of " + disks[0].String()
	}
	var sizes []string
	for _, d := range disks {
		sizes = append(sizes, d.String())
	}
	return "has disks of " + strings.Join(sizes, ", ")
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// grown is the whole list for driver.VMChange, or nil when the machine's disks
// are as asked for. Disks that stay keep their very size and storage.
func grown(asked types.List, seen []psn.Disk) []driver.DiskSpec {
	want, seen := specs(asked), own(seen)
	if asked.IsNull() || asked.IsUnknown() {
		return nil
	}
	change := len(want) > len(seen)
	for i := range want {
		if i >= len(seen) {
			break
		}
		if gib(seen[i].CapacityBytes) == gib(want[i].CapacityBytes) {
			want[i].CapacityBytes = seen[i].CapacityBytes
		}
		change = change || want[i].CapacityBytes != seen[i].CapacityBytes
		want[i].StorageClass = seen[i].StorageClass
	}
	if !change {
		return nil
	}
	return want
}

// settleDisks fills in the classes that were not known in the plan.
func settleDisks(planned, observed types.List) types.List {
	if planned.IsNull() || planned.IsUnknown() {
		return planned
	}
	want, seen := disksOf(planned), disksOf(observed)
	for i := range want {
		if want[i].class.IsUnknown() {
			want[i].class = types.StringNull()
			if i < len(seen) {
				want[i].class = seen[i].class
			}
		}
	}
	return listOf(want)
}
