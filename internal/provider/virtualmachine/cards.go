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

// card is one element of "nics". Cards are known by their position.
type card struct{ network, mac, fixedIP types.String }

var cardType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"network": types.StringType, "mac": types.StringType, "fixed_ip": types.StringType,
}}

func (c card) value() types.Object {
	return types.ObjectValueMust(cardType.AttrTypes, map[string]attr.Value{"network": c.network, "mac": c.mac, "fixed_ip": c.fixedIP})
}

// cardsOf are the cards of a list; what is not known of one is unknown.
func cardsOf(l types.List) []card {
	var out []card
	for _, v := range l.Elements() {
		c := card{types.StringUnknown(), types.StringUnknown(), types.StringUnknown()}
		if o, ok := v.(types.Object); ok && !o.IsUnknown() {
			c.network, _ = o.Attributes()["network"].(types.String)
			c.mac, _ = o.Attributes()["mac"].(types.String)
			c.fixedIP, _ = o.Attributes()["fixed_ip"].(types.String)
		}
		out = append(out, c)
	}
	return out
}

func cardList(cards []card) types.List {
	elems := make([]attr.Value, len(cards))
	for i, c := range cards {
		elems[i] = c.value()
	}
	return types.ListValueMust(cardType, elems)
}

func (c card) spec() driver.NICSpec {
	return driver.NICSpec{Network: c.network.ValueString(), MAC: c.mac.ValueString(), FixedIP: c.fixedIP.ValueString()}
}

// refreshCards takes over what the platform tells of the cards. What is the same
// as in the state keeps the state's spelling.
func refreshCards(state types.List, seen []psn.NIC) types.List {
	known := cardsOf(state)
	out := make([]card, len(seen))
	for i, n := range seen {
		is := card{optional(n.Network), optional(n.MAC), types.StringNull()}
		if len(n.IPs) > 0 {
			is.fixedIP = types.StringValue(n.IPs[0])
		}
		if i < len(known) {
			was := known[i]
			if is.network.IsNull() && !was.network.IsUnknown() {
				is.network = was.network
			}
			if strings.EqualFold(was.mac.ValueString(), n.MAC) {
				is.mac = was.mac
			}
			if slices.Contains(n.IPs, was.fixedIP.ValueString()) {
				is.fixedIP = was.fixedIP
			}
		}
		out[i] = is
	}
	return cardList(out)
}

// settle fills in what was not known in the plan and leaves what was.
func settle(planned types.List, observed types.List) types.List {
	if planned.IsUnknown() {
		return observed
	}
	want, seen := cardsOf(planned), cardsOf(observed)
	for i := range want {
		is := card{types.StringNull(), types.StringNull(), types.StringNull()}
		if i < len(seen) {
			is = seen[i]
		}
		for planned, observed := range map[*types.String]types.String{&want[i].network: is.network, &want[i].mac: is.mac, &want[i].fixedIP: is.fixedIP} {
			if planned.IsUnknown() {
				*planned = observed
			}
		}
	}
	if planned.IsNull() {
		return planned
	}
	return cardList(want)
}

// foretellCards marks what only the platform can tell of cards to be made.
func foretellCards(l types.List) types.List {
	if l.IsNull() {
		return types.ListUnknown(cardType)
	}
	if l.IsUnknown() {
		return l
	}
	out := cardsOf(l)
	for i := range out {
		out[i] = out[i].open()
	}
	return cardList(out)
}

func (c card) open() card {
	for _, v := range []*types.String{&c.network, &c.mac, &c.fixedIP} {
		if v.IsNull() {
			*v = types.StringUnknown()
		}
	}
	return c
}

// growCards plans the cards of a machine that stands: some are added at the end,
// those that stand stay as they are.
func (m *model) growCards(config, prior model, diags *diag.Diagnostics) {
	if config.NICs.IsNull() {
		m.NICs = prior.NICs
		return
	}
	if m.NICs.IsUnknown() || prior.NICs.IsNull() {
		return
	}
	have, want := cardsOf(prior.NICs), cardsOf(m.NICs)
	refuse := func(at path.Path, why, remedy string) {
		diags.AddAttributeError(at, "Unable to change the network cards of "+describe(m.ID, m.Name), why+"\n\nWhat to do: "+remedy)
	}
	for i, was := range have {
		if i >= len(want) {
			refuse(path.Root("nics"), fmt.Sprintf("Card %d (%s) stands and is not declared any more; a card of a machine that stands is not removed, because connections over it would be cut.", i+1, was),
				"declare all the cards that stand, in their order, or take the card off with the platform's own means first.")
			continue
		}
		for _, f := range []struct {
			name     string
			was      types.String
			is       *types.String
			sameFold bool
		}{
			{"network", was.network, &want[i].network, false},
			{"mac", was.mac, &want[i].mac, true},
			{"fixed_ip", was.fixedIP, &want[i].fixedIP, false},
		} {
			switch {
			case f.is.IsNull():
				*f.is = f.was
			case f.is.IsUnknown() || f.was.IsNull() || f.is.Equal(f.was) || f.sameFold && strings.EqualFold(f.is.ValueString(), f.was.ValueString()):
			default:
				refuse(path.Root("nics").AtListIndex(i).AtName(f.name),
					fmt.Sprintf("Card %d has %s %q, %q is asked for; a card that stands is not changed, because connections over it would be cut.", i+1, f.name, f.was.ValueString(), f.is.ValueString()),
					fmt.Sprintf("write %q or leave it out, and add another card at the end of the list.", f.was.ValueString()))
			}
		}
	}
	for i := len(have); i < len(want); i++ {
		want[i] = want[i].open()
	}
	m.NICs = cardList(want)
	if len(want) > len(have) {
		m.MACAddresses = types.ListUnknown(types.StringType)
	}
}

func (c card) String() string {
	switch {
	case c.network.ValueString() != "":
		return "on " + c.network.ValueString()
	case c.mac.ValueString() != "":
		return c.mac.ValueString()
	}
	return "on the default network"
}

// more is the whole list of cards for driver.VMChange, or nil when the machine
// has as many as asked for.
func more(asked types.List, seen []psn.NIC) []driver.NICSpec {
	want := cardsOf(asked)
	if asked.IsNull() || asked.IsUnknown() || len(want) <= len(seen) {
		return nil
	}
	var out []driver.NICSpec
	for i, c := range want {
		if i < len(seen) {
			c.network, c.mac, c.fixedIP = optional(seen[i].Network), optional(seen[i].MAC), types.StringNull()
		}
		out = append(out, c.spec())
	}
	return out
}

func flattenMACs(nics []psn.NIC) types.List {
	elems := make([]attr.Value, len(nics))
	for i, n := range nics {
		elems[i] = types.StringValue(n.MAC)
	}
	return types.ListValueMust(types.StringType, elems)
}
