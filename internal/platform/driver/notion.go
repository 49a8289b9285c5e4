package driver

import "github.com/italia/terraform-provider-psn/internal/psn"

// Notion is something a platform may or may not have. Which platform has which
// is known without asking it, so that a plan can refuse what an apply could
// never make.
type Notion string

// The notions that are not on every platform, or not in the same way.
const (
	NotionSubnet        Notion = "subnet"         // an address range with DHCP that belongs to a network
	NotionVLAN          Notion = "vlan"           // a network made by the number of its VLAN
	NotionSecurityGroup Notion = "security group" // rules of traffic on a card
	NotionFixedIP       Notion = "fixed ip"       // an address given to a card by the platform
	NotionVolume        Notion = "volume"         // a disk with a life of its own
	NotionImage         Notion = "image"          // a disk's content to start machines from
	NotionImageUpload   Notion = "image upload"   // an image made of a file at hand
	NotionUserData      Notion = "user data"      // what cloud-init reads at first boot
	NotionVendorData    Notion = "vendor data"    // what cloud-init reads before user data
	NotionServerGroup   Notion = "server group"   // machines kept on different hosts, or on one
	NotionConsoleLog    Notion = "console log"    // what a guest wrote on its serial console
	NotionFlavor        Notion = "flavour"        // sizes that the platform offers, and no others
	NotionCredential    Notion = "credential"     // a secret that acts for a tenant only
	NotionQuota         Notion = "quota"          // limits that the platform itself keeps
)

// has is the whole truth; the conformance suite holds each backend against it.
var has = map[Notion][]psn.Platform{
	NotionSubnet:        {psn.OpenStack},
	NotionVLAN:          {psn.VSphere},
	NotionSecurityGroup: {psn.OpenStack},
	NotionFixedIP:       {psn.OpenStack},
	NotionVolume:        {psn.VSphere, psn.OpenStack},
	NotionImage:         {psn.VSphere, psn.OpenStack},
	// A vCenter's templates are made in the vCenter.
	NotionImageUpload: {psn.OpenStack},
	NotionUserData:    {psn.VSphere, psn.OpenStack},
	NotionVendorData:  {psn.VSphere},
	NotionServerGroup: {psn.VSphere, psn.OpenStack},
	NotionConsoleLog:  {psn.OpenStack},
	NotionFlavor:      {psn.OpenStack},
	NotionCredential:  {psn.OpenStack},
	NotionQuota:       {psn.VSphere, psn.OpenStack},
}

// On returns nil when p has the notion, else psn.Unsupported that says which
// platform has it.
func (n Notion) On(p psn.Platform) error {
	var others psn.Platform
	for _, q := range has[n] {
		if q == p {
			return nil
		}
		others = q
	}
	if others == "" {
		return psn.Errorf(psn.Unsupported, "no platform has a notion of %s", n)
	}
	return psn.Errorf(psn.Unsupported, "platform %q has no notion of %s; platform %q has", p, n, others)
}
