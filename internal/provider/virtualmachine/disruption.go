package virtualmachine

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// deed is a kind of change to a machine that stands.
type deed string

const (
	resize   deed = "resize"
	growDisk deed = "grow a disk"
	addDisk  deed = "add a disk"
	addCard  deed = "add a card"
)

// restarts says what a running machine has to be restarted for. vSphere spares
// the restart for a larger size where the machine's hot-add is on, which a plan
// cannot know.
var restarts = map[psn.Platform]map[deed]bool{
	psn.VSphere:   {resize: true, growDisk: false, addDisk: false, addCard: false},
	psn.OpenStack: {resize: true, growDisk: false, addDisk: false, addCard: false},
}

// disruption says in words what the change from prior, nil for a machine to be
// made, does to the machine and to those who use it. It stays as it was while
// nothing changes.
func (m model) disruption(prior *model, adopting bool) types.String {
	if prior == nil {
		return types.StringValue("new machine")
	}
	m.Disruption = prior.Disruption
	if m.equal(*prior) {
		return prior.Disruption
	}
	if !m.foreseen() || m.mayEqual(*prior) {
		return types.StringUnknown()
	}
	restart, quiet := m.deeds(*prior)
	if adopting {
		quiet = append([]string{"takes the machine over"}, quiet...)
	}
	var parts []string
	was := psn.PowerState(prior.PowerState.ValueString())
	if was == psn.Unsettled { // nothing tells whether it ran before
		parts, was = append(parts, "ends a change of size that was cut off"), psn.PowerState(m.PowerState.ValueString())
	}
	switch {
	case was != psn.PoweredOn && len(restart)+len(quiet) > 0:
		parts = append(parts, strings.Join(append(restart, quiet...), ", ")+", the machine is off")
	case len(restart) > 0:
		parts = append(parts, "restart: "+strings.Join(restart, ", "))
		if len(quiet) > 0 {
			parts = append(parts, strings.Join(quiet, ", "))
		}
	case len(quiet) > 0:
		parts = append(parts, strings.Join(quiet, ", ")+", no restart")
	}
	if m.PowerState.ValueString() != string(was) {
		parts = append(parts, map[string]string{string(psn.PoweredOn): "starts the machine", string(psn.PoweredOff): "stops the machine"}[m.PowerState.ValueString()])
	}
	if len(parts) == 0 {
		return types.StringValue("none")
	}
	return types.StringValue(strings.Join(parts, "; "))
}

// deeds lists in words what has to restart a running machine and what does not.
func (m model) deeds(prior model) (restart, quiet []string) {
	add := func(d deed, format string, args ...any) {
		if restarts[psn.Platform(prior.Platform.ValueString())][d] {
			restart = append(restart, fmt.Sprintf(format, args...))
		} else {
			quiet = append(quiet, fmt.Sprintf(format, args...))
		}
	}
	if changed(prior.VCPUs, m.VCPUs) {
		add(resize, "vCPUs %d -> %d", prior.VCPUs.ValueInt64(), m.VCPUs.ValueInt64())
	}
	if changed(prior.MemoryGiB, m.MemoryGiB) {
		add(resize, "memory %d -> %d GiB", prior.MemoryGiB.ValueInt64(), m.MemoryGiB.ValueInt64())
	}
	have, want := disksOf(prior.Disks), disksOf(m.Disks)
	for i, d := range want {
		switch {
		case i >= len(have):
			add(addDisk, "adds disks[%d] of %s", i, d)
		case changed(have[i].size, d.size):
			add(growDisk, "grows disks[%d] from %d to %s", i, have[i].size.ValueInt64(), d)
		}
	}
	if cards, had := cardsOf(m.NICs), cardsOf(prior.NICs); !prior.NICs.IsNull() {
		for i := len(had); i < len(cards); i++ {
			add(addCard, "adds nics[%d]", i)
		}
	}
	switch was, is := prior.StandbySite.ValueString(), m.StandbySite.ValueString(); {
	case m.standby() == prior.standby():
	case was == "":
		quiet = append(quiet, "makes the standby at "+is)
	case is == "":
		quiet = append(quiet, "deletes the standby at "+was)
	default:
		quiet = append(quiet, fmt.Sprintf("makes the standby at %s (cluster %s) and deletes the one at %s (cluster %s)", is, m.StandbyCluster.ValueString(), was, prior.StandbyCluster.ValueString()))
	}
	return restart, quiet
}

// foreseen reports whether all that deeds looks at is known.
func (m model) foreseen() bool {
	for _, v := range []attr.Value{m.VCPUs, m.MemoryGiB, m.Disks, m.NICs, m.PowerState, m.StandbySite, m.StandbyPlatform, m.StandbyCluster} {
		if v.IsUnknown() {
			return false
		}
	}
	_, known := sumOf(m.Disks)
	return known
}

// equal reports whether every attribute is known and the same.
func (m model) equal(o model) bool {
	a, b := reflect.ValueOf(m), reflect.ValueOf(o)
	for i := range a.NumField() {
		x, isValue := a.Field(i).Interface().(attr.Value)
		y, _ := b.Field(i).Interface().(attr.Value)
		if !isValue || !x.Equal(y) {
			return false
		}
	}
	return true
}

// mayEqual reports whether o differs in nothing but what is not known yet. Should
// that turn out to be the same, nothing is done.
func (m model) mayEqual(o model) bool {
	a, b := reflect.ValueOf(m), reflect.ValueOf(o)
	for i := range a.NumField() {
		x, isValue := a.Field(i).Interface().(attr.Value)
		y, _ := b.Field(i).Interface().(attr.Value)
		if isValue && !x.Equal(y) && (whole(x) || longer(x, y)) {
			return false
		}
	}
	return true
}

func whole(v attr.Value) bool {
	t, err := v.ToTerraformValue(context.Background())
	return err == nil && t.IsFullyKnown()
}

// longer reports whether both are known lists of which one has more elements.
func longer(x, y attr.Value) bool {
	a, ok := x.(types.List)
	b, too := y.(types.List)
	return ok && too && !a.IsUnknown() && len(a.Elements()) != len(b.Elements())
}
