package openstack

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// CreateVM implements driver.Site. Ports and volumes are made first, each marked
// as the machine's in the request that makes it, then the server, with a tag
// that follows from the machine's id: asked again, each is found and used.
//
// Nova makes no server that does not start. One that is to run is left running;
// any other is stopped as soon as Nova lets it be. Until then it bears keyMaking.
// A machine without an image starts from an empty disk, where there is nothing to
// run: so it is with standbys and with targets of a replication. One with an image
// that is not to run begins its first boot, and is told to shut down in it.
//
// Two processes may make the same machine at the same time: both come to the
// same boot volume, and Nova gives that to one server only. The other gets that
// server, or a refusal where it names itself as the maker.
func (s *Site) CreateVM(ctx context.Context, spec driver.VMSpec) (string, error) {
	doing := fmt.Sprintf("create virtual machine %s", spec.ID)
	if err := checkSpec(spec); err != nil {
		return "", s.fault(err, doing)
	}
	unlock, err := s.machines.lock(ctx, string(spec.ID))
	if err != nil {
		return "", s.fault(err, doing)
	}
	defer unlock()
	if err := s.makings.Acquire(ctx, 1); err != nil {
		return "", s.fault(err, doing)
	}
	defer s.makings.Release(1)
	ref, err := s.create(ctx, spec)
	return ref, s.fault(err, doing)
}

func (s *Site) create(ctx context.Context, spec driver.VMSpec) (string, error) {
	project, err := s.projectOf(ctx, spec.ID.Tenant())
	if err != nil {
		return "", err
	}
	sv, err := s.findServer(ctx, project, spec)
	if err != nil {
		return "", err
	}
	if sv != nil {
		return s.goOn(ctx, project, spec, sv)
	}
	p := &plan{VMSpec: spec, project: project}
	if err := s.resolve(ctx, p); err != nil {
		return "", s.doneWithSize(ctx, p, err)
	}
	ref, err := s.launch(ctx, p)
	if err == nil {
		err = s.rest(ctx, project, spec, ref)
	}
	// After psn.Unavailable what was made is for the next call to find.
	if code, _ := s.classify(err); err != nil && code != psn.Unavailable {
		ref, err = s.recover(ctx, p, err)
	}
	if err = s.doneWithSize(ctx, p, err); err != nil {
		return "", err
	}
	return ref, nil
}

// findServer looks for the machine; nil when it is not there. A server of the
// name that is not ours is psn.AlreadyExists.
func (s *Site) findServer(ctx context.Context, project string, spec driver.VMSpec) (*server, error) {
	c, err := s.compute(ctx, project)
	if err != nil {
		return nil, err
	}
	tagged, err := list(ctx, c, "servers/detail", url.Values{"tags": {machineTag(spec.ID)}}, "servers", server.id)
	if err != nil {
		return nil, err
	}
	for i, sv := range tagged {
		if sv.Metadata[keyID] == string(spec.ID) && sv.Status != "DELETED" && sv.TaskState != "deleting" {
			return &tagged[i], nil
		}
	}
	name := serverName(spec)
	same, err := list(ctx, c, "servers/detail", url.Values{"name": {"^" + regexp.QuoteMeta(name) + "$"}}, "servers", server.id)
	if err != nil {
		return nil, err
	}
	for i, sv := range same {
		switch {
		case sv.Name != name:
		case sv.Metadata[keyID] == string(spec.ID) && sv.Status != "DELETED" && sv.TaskState != "deleting":
			return &same[i], nil // somebody took its tag off
		case sv.Metadata[keyID] == "":
			return nil, psn.Errorf(psn.AlreadyExists, "the tenant's project has a server %q (%s) that this program did not make: rename or remove it, or choose another name", name, sv.ID)
		}
	}
	return nil, nil //nolint:nilnil // it is not there
}

func serverName(spec driver.VMSpec) string {
	if spec.DisplayName != "" {
		return spec.DisplayName
	}
	return spec.ID.Name()
}

// goOn takes a server made before for the one asked for, and brings it to rest
// if the call that made it did not come to that.
func (s *Site) goOn(ctx context.Context, project string, spec driver.VMSpec, sv *server) (string, error) {
	if role := psn.Role(sv.Metadata[keyRole]); role != spec.Labels.Role {
		return "", psn.Errorf(psn.AlreadyExists,
			"virtual machine %s stands here already as %q and is asked for as %q: one site holds one machine of an id", spec.ID, role, spec.Labels.Role)
	}
	if !sv.madeBy(spec) {
		return "", anotherMade(spec, sv.ID)
	}
	if sv.Metadata[keyMaking] == "" {
		return sv.ID, nil
	}
	err := s.rest(ctx, project, spec, sv.ID)
	if code, _ := s.classify(err); err != nil && code != psn.Unavailable {
		return s.recover(ctx, &plan{VMSpec: spec, project: project, asked: true}, err)
	}
	return sv.ID, err
}

// madeBy reports whether the server is of the maker that spec names, if it does.
func (s *server) madeBy(spec driver.VMSpec) bool {
	return spec.Maker == "" || s.Metadata[keyMaker] == spec.Maker
}

func anotherMade(spec driver.VMSpec, ref string) error {
	return psn.Errorf(psn.AlreadyExists, "another has made virtual machine %s (server %s)", spec.ID, ref)
}

// recover cleans up after a machine that cannot be made: it removes what this
// call made, and no volume or port that stood before. Where Nova says that
// something else has the place (psn.AlreadyExists, psn.Conflict) nothing is
// removed at all. When it was another process that made the machine, that one's
// machine is the answer, or a refusal where spec names a maker.
func (s *Site) recover(ctx context.Context, p *plan, cause error) (string, error) {
	ref, theirs := "", ""
	code, _ := s.classify(cause)
	taken := p.asked && (code == psn.AlreadyExists || code == psn.Conflict)
	err := s.cleanUp(ctx, func(ctx context.Context) error {
		sv, err := s.findServer(ctx, p.project, p.VMSpec)
		if err != nil {
			return err
		}
		if sv != nil && !sv.madeBy(p.VMSpec) {
			theirs = sv.ID
			return nil
		}
		if sv != nil && sv.Status != "ERROR" {
			ref = sv.ID
			return nil
		}
		if taken {
			return nil
		}
		if sv != nil {
			if !sv.neverRan() {
				return psn.Errorf(psn.Conflict, "server %s is in error and has run before: repair it, or delete it yourself", sv.ID)
			}
			if err := s.removeServer(ctx, p.project, sv.ID); err != nil {
				return err
			}
		}
		return s.removeMade(ctx, p)
	})
	if err != nil {
		return "", s.left(cause, "what was made of it", err)
	}
	if theirs != "" {
		return "", anotherMade(p.VMSpec, theirs)
	}
	if ref == "" {
		return "", s.telling(p, cause, taken)
	}
	return ref, s.rest(ctx, p.project, p.VMSpec, ref)
}

// launch makes ports, volumes and the server. Ports come first: an address that
// is taken, or not of its network, is found out by asking for it.
func (s *Site) launch(ctx context.Context, p *plan) (string, error) {
	cards, err := s.cardsFor(ctx, p, 0)
	if err != nil {
		return "", err
	}
	disks, err := s.disksFor(ctx, p, 0)
	if err != nil {
		return "", err
	}
	c, err := s.compute(ctx, p.project)
	if err != nil {
		return "", err
	}
	// The group has no member until the server is made: it is looked up again,
	// and held until then, as it may have gone with its last member meanwhile.
	unlock, err := s.holdGroup(ctx, p)
	if err != nil {
		return "", err
	}
	defer unlock()
	var made struct {
		Server server `json:"server"`
	}
	p.asked = true
	err = post(ctx, c, "servers", p.body(disks, cards), &made)
	return made.Server.ID, err
}

// body is the request that makes the server. Nova takes away with the server
// only the volumes that this call made; DeleteVM removes the others by itself.
func (p *plan) body(disks, cards []string) map[string]any {
	meta := labelled(p.Labels)
	for k, v := range map[string]string{keyID: string(p.ID), keyMaking: "1", keyGuestOS: p.GuestOS, keyFirmware: p.Firmware, keyImage: p.image, keyGroup: p.Group, keyMaker: p.Maker} {
		if v != "" {
			meta[k] = v
		}
	}
	maps.Copy(meta, p.Metadata)
	devices := []map[string]any{}
	for n, id := range disks {
		boot := n
		if n > 0 {
			boot = -1
		}
		devices = append(devices, map[string]any{
			"uuid": id, "source_type": "volume", "destination_type": "volume", "boot_index": boot, "delete_on_termination": p.made.disks[id],
		})
	}
	server := map[string]any{
		"name": serverName(p.VMSpec), "flavorRef": p.size, "availability_zone": p.Cluster,
		"block_device_mapping_v2": devices, "networks": "none",
		"metadata": meta, "tags": []string{machineTag(p.ID)}, "config_drive": true,
	}
	if len(cards) > 0 {
		nets := []map[string]string{}
		for _, id := range cards {
			nets = append(nets, map[string]string{"port": id})
		}
		server["networks"] = nets
	}
	if p.Notes != "" {
		server["description"] = p.Notes
	}
	if len(p.UserData) > 0 {
		server["user_data"] = base64.StdEncoding.EncodeToString(p.UserData)
	}
	out := map[string]any{"server": server}
	if p.group != "" {
		out["os:scheduler_hints"] = map[string]any{"group": p.group}
	}
	return out
}

// rest waits until a new server runs, stops it when it is not to, and takes the
// mark of making off.
func (s *Site) rest(ctx context.Context, project string, spec driver.VMSpec, ref string) error {
	c, err := s.compute(ctx, project)
	if err != nil {
		return err
	}
	await, looks := []string{"ACTIVE", "SHUTOFF", "ERROR"}, 0
	err = s.wait(ctx, "server "+ref+" to come to rest", func(ctx context.Context) (bool, error) {
		there, err := inStatus(ctx, c, spec.ID, await...)
		looks++
		if err != nil || !there && looks%20 != 0 { // the list does not tell a server that is slow from one that is gone
			return false, err
		}
		var page struct {
			Server *server `json:"server"`
		}
		err = get(ctx, c, "servers/"+ref, &page)
		sv := page.Server
		switch {
		case err != nil:
			return false, err
		case sv.Status == "ERROR":
			return false, failure(sv)
		case sv.Status == "SHUTOFF" && sv.TaskState == "", spec.On && sv.Status == "ACTIVE" && sv.TaskState == "":
			return true, nil
		case sv.Status == "ACTIVE" && sv.TaskState == "":
			err := act(ctx, c, ref, "os-stop", nil)
			if hasStatus(err, http.StatusConflict) {
				err = nil // on its way
			}
			await = []string{"SHUTOFF", "ERROR"}
			return false, err
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	err = send(ctx, c, http.MethodDelete, "servers/"+ref+"/metadata/"+keyMaking, nil, nil)
	if gone(err) {
		return nil // another process was first
	}
	return err
}

// inStatus asks whether the machine's server is in one of the statuses. It is
// the cheap way to wait: a look at the server itself costs Nova two calls to
// Neutron, a list of names costs none.
func inStatus(ctx context.Context, c *gophercloud.ServiceClient, id psn.VMID, statuses ...string) (bool, error) {
	found, err := list(ctx, c, "servers", url.Values{"tags": {machineTag(id)}, "status": statuses}, "servers", named.id)
	return len(found) > 0, err
}

// act sends an action to a server.
func act(ctx context.Context, c *gophercloud.ServiceClient, ref, name string, args any) error {
	return send(ctx, c, http.MethodPost, "servers/"+url.PathEscape(ref)+"/action", map[string]any{name: args}, nil)
}

// failure says why a server is in error, in Nova's words.
func failure(sv *server) error {
	text := strings.TrimSuffix(strings.TrimSpace(sv.Fault.Message), ".")
	if text == "" {
		text = "Nova does not say why: its log does"
	}
	low := strings.ToLower(text)
	for _, full := range []string{"no valid host", "quota", "exceeded maximum number of retries", "affinity policy", "insufficient"} {
		if strings.Contains(low, full) {
			return psn.Errorf(psn.Exhausted, "server %s could not be made in zone %q: %s: choose a smaller size, another zone, or free room", sv.ID, sv.Zone, text)
		}
	}
	return psn.Errorf(psn.Internal, "server %s could not be made: %s", sv.ID, text)
}
