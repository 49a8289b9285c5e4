package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// AdoptVM makes a server that stands in the tenant's project one of ours: it,
// its ports, and those of its volumes that are its disks (see disksToAdopt) bear
// our marks, and nothing else of it changes. Idempotent. psn.Conflict when it bears the marks of another id or stands in
// another project, which OpenStack cannot change; psn.Unsupported when its first
// disk is not a volume.
func (s *Site) AdoptVM(ctx context.Context, ref string, id psn.VMID, l driver.Labels) error {
	doing := fmt.Sprintf("take over virtual machine %s as %s", ref, id)
	unlock, err := s.servers.lock(ctx, ref)
	if err != nil {
		return s.fault(err, doing)
	}
	defer unlock()
	return s.fault(s.adopt(ctx, ref, id, l), doing)
}

func (s *Site) adopt(ctx context.Context, ref string, id psn.VMID, l driver.Labels) error {
	if _, err := psn.ParseVMID(string(id)); err != nil {
		return err
	}
	project, err := s.projectOf(ctx, id.Tenant())
	if err != nil {
		return err
	}
	sv, err := s.server(ctx, ref)
	if err != nil {
		return err
	}
	switch other := sv.Metadata[keyID]; {
	case other != "" && other != string(id):
		return psn.Errorf(psn.Conflict, "server %q bears the marks of %q", sv.Name, other)
	case sv.Project != project:
		return psn.Errorf(psn.Conflict, "server %q is in project %s, tenant %s has project %s, and OpenStack moves no server between projects: make it anew in the tenant's project", sv.Name, sv.Project, id.Tenant(), project)
	case sv.booted():
		return psn.Errorf(psn.Unsupported, "server %q has its first disk on its host and not on a volume, where it is lost with the host: make a volume of it and a server from that, then take that one over", sv.Name)
	}
	// Disks and cards first: a machine of ours always has marked ones.
	if err := s.adoptDisks(ctx, project, sv, id); err != nil {
		return err
	}
	if err := s.adoptCards(ctx, sv, id); err != nil {
		return err
	}
	c, err := s.compute(ctx, project)
	if err != nil {
		return err
	}
	server := "servers/" + url.PathEscape(ref)
	if err := send(ctx, c, http.MethodPut, server+"/tags/"+url.PathEscape(machineTag(id)), nil, nil); err != nil {
		return err
	}
	meta := labelled(l)
	meta[keyID] = string(id)
	return send(ctx, c, http.MethodPost, server+"/metadata", map[string]any{"metadata": meta}, nil)
}

// attachment is a volume of a server as Nova keeps it.
type attachment struct {
	Volume string `json:"volumeId"`
	Device string `json:"device"`
	Ends   bool   `json:"delete_on_termination"` // it goes with the server
}

// adoptDisks marks and numbers the volumes that become the machine's disks.
func (s *Site) adoptDisks(ctx context.Context, project string, sv *server, id psn.VMID) error {
	attached, err := s.attachments(ctx, *sv)
	if err != nil {
		return err
	}
	volumes := map[string]diskOfVolume{}
	if err := s.readVolumes(ctx, *sv, volumes); err != nil {
		return err
	}
	numbers, err := disksToAdopt(*sv, attached, volumes, id)
	if err != nil {
		return err
	}
	c, err := s.volume(ctx, project)
	if err != nil {
		return err
	}
	for volume, n := range numbers {
		mark := map[string]string{keyID: string(id), keyDisk: strconv.Itoa(n)}
		if err := send(ctx, c, http.MethodPost, "volumes/"+url.PathEscape(volume)+"/metadata", map[string]any{"metadata": mark}, nil); err != nil {
			return err
		}
	}
	return nil
}

// attachments reads how a server has its volumes.
func (s *Site) attachments(ctx context.Context, sv server) ([]attachment, error) {
	c, err := s.compute(ctx, "")
	if err != nil {
		return nil, err
	}
	var page struct {
		Attached []attachment `json:"volumeAttachments"`
	}
	err = get(ctx, c, "servers/"+url.PathEscape(sv.ID)+"/os-volume_attachments", &page)
	return page.Attached, err
}

// ownVolumes numbers the volumes of a server that is not ours as AdoptVM would;
// nil when there is nothing to tell apart, or nothing that it would take over.
func (s *Site) ownVolumes(ctx context.Context, sv server, volumes map[string]diskOfVolume) (map[string]int, error) {
	if sv.Metadata[keyID] != "" || len(sv.Volumes) < 2 || s.cfg.Site == "" || sv.booted() {
		return nil, nil
	}
	attached, err := s.attachments(ctx, sv)
	if gone(err) {
		return nil, nil // the server went meanwhile
	}
	if err != nil {
		return nil, err
	}
	// One whose adoption was cut off has marked volumes already.
	id := psn.VMID(volumes[rootVolume(sv, attached, volumes)].Metadata[keyID])
	own, err := disksToAdopt(sv, attached, volumes, id)
	if err != nil {
		return nil, nil //nolint:nilerr // AdoptVM says why it takes nothing over
	}
	for ref, v := range volumes {
		if n, made := diskNumber(v.Metadata); made && id != "" && v.Metadata[keyID] == string(id) {
			own[ref] = n
		}
	}
	return own, nil
}

// disksToAdopt numbers the volumes of a server that become its disks, as far as
// they are not yet, in the order in which they were attached: what it boots from
// first, then those that Nova would remove with the server anyway. A disk goes
// with its machine; other volumes that people attached, and those that are
// managed by themselves, stay their owners'. It is pure.
func disksToAdopt(sv server, attached []attachment, volumes map[string]diskOfVolume, id psn.VMID) (map[string]int, error) {
	root := rootVolume(sv, attached, volumes)
	switch v := volumes[root]; {
	case root == "" || v.ID == "":
		return nil, psn.Errorf(psn.Unsupported, "server %q boots from no volume", sv.Name)
	case v.Metadata[keyVolume] != "":
		return nil, psn.Errorf(psn.Conflict, "server %q boots from volume %q (%s), which is managed by itself: give it a boot volume of its own first", sv.Name, v.Name, v.ID)
	case v.Metadata[keyID] != "" && v.Metadata[keyID] != string(id):
		return nil, psn.Errorf(psn.Conflict, "server %q boots from volume %s, which bears the marks of %q", sv.Name, v.ID, v.Metadata[keyID])
	}
	ends := map[string]bool{root: true}
	for _, a := range attached {
		ends[a.Volume] = ends[a.Volume] || a.Ends
	}
	order, taken := []string{root}, map[int]bool{}
	for _, a := range sv.Volumes {
		v := volumes[a.ID]
		n, marked := diskNumber(v.Metadata)
		switch {
		case marked && v.Metadata[keyID] == string(id):
			taken[n] = true
		case a.ID != root && ends[a.ID] && v.ID != "" && v.Metadata[keyVolume] == "" && v.Metadata[keyID] == "":
			order = append(order, a.ID)
		}
	}
	if _, marked := diskNumber(volumes[root].Metadata); marked {
		order = order[1:]
	}
	out, n := map[string]int{}, 0
	for _, volume := range order {
		for taken[n] {
			n++
		}
		out[volume], taken[n] = n, true
	}
	return out, nil
}

// rootVolume is the volume that a server boots from: the one at its root device,
// and where Nova does not tell that, the first that can be booted from.
func rootVolume(sv server, attached []attachment, volumes map[string]diskOfVolume) string {
	for _, a := range attached {
		if sv.Root != "" && a.Device == sv.Root {
			return a.Volume
		}
	}
	for _, a := range sv.Volumes {
		if volumes[a.ID].Bootable == "true" {
			return a.ID
		}
	}
	return ""
}

// adoptCards numbers the ports in the order in which they are told. A port keeps
// its name, which is its owner's, and stays when the machine goes unless Nova
// made it: the mark is a tag.
func (s *Site) adoptCards(ctx context.Context, sv *server, id psn.VMID) error {
	c, err := s.network(ctx, "")
	if err != nil {
		return err
	}
	cards, err := s.cardsOf(ctx, sv.ID)
	if err != nil {
		return err
	}
	taken := map[int]bool{}
	for _, k := range cards {
		if n, ok := k.number(id); ok {
			taken[n] = true
		}
	}
	n := 0
	for _, k := range inOrder(id, cards) {
		if _, ok := k.number(id); ok {
			continue
		}
		for taken[n] {
			n++
		}
		taken[n] = true
		if err := send(ctx, c, http.MethodPut, "ports/"+url.PathEscape(k.ID)+"/tags/"+url.PathEscape(cardTag(id, n)), nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// inOrder sorts ports as a machine tells its cards.
func inOrder(id psn.VMID, cards []card) []card {
	byMAC := map[string]card{}
	for _, k := range cards {
		byMAC[strings.ToLower(k.MAC)] = k
	}
	p := parts{cards: map[string][]card{"": cards}}
	out := make([]card, 0, len(cards))
	for _, n := range p.nics(id, server{}) {
		out = append(out, byMAC[n.MAC])
	}
	return out
}
