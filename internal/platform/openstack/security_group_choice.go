package openstack

import (
	"context"
	"net/url"
	"slices"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// groupChoiceFields is what is asked of security groups to tell them apart.
var groupChoiceFields = []string{"id", "name", "project_id", "description", "tags", "created_at"}

// chooseGroup finds the security group of a project that a name or an id means.
// Neutron lets several have one name: a name then means the one that was made
// here, and nothing when that is none of them or several. It is pure.
func chooseGroup(all []neutronGroup, project, word string) (string, error) {
	var names, ours []string
	var same []neutronGroup
	for _, g := range all {
		if g.ProjectID != project {
			continue
		}
		names = append(names, g.Name)
		if g.ID == word {
			return g.ID, nil
		}
		if g.Name != word {
			continue
		}
		same = append(same, g)
		if g.ours() {
			ours = append(ours, g.ID)
		}
	}
	switch {
	case len(same) == 1:
		return same[0].ID, nil
	case len(ours) == 1:
		return ours[0], nil
	case len(same) > 1:
		return "", psn.Errorf(psn.InvalidInput, "%d security groups of the tenant have the name %q: %s: remove or rename all but one, or name one by its id", len(same), word, dated("security group", same))
	}
	return "", psn.Errorf(psn.InvalidInput, "security group %q does not exist for the tenant at this site: there are %s", word, quoted(slices.Compact(slices.Sorted(slices.Values(names)))))
}

// groupWords tells by which word each group is meant: its name, or its id where
// the name means another or none. A group we cannot see is known by its id.
func groupWords(all []neutronGroup) func(id string) string {
	type key struct{ project, word string }
	same, ours, ids := map[key]int{}, map[key]int{}, map[key]bool{}
	for _, g := range all {
		named := key{g.ProjectID, g.Name}
		same[named]++
		if g.ours() {
			ours[named]++
		}
		ids[key{g.ProjectID, g.ID}] = true
	}
	words := make(map[string]string, len(all))
	for _, g := range all { // as chooseGroup would choose, asked for each name
		words[g.ID] = g.ID
		named := key{g.ProjectID, g.Name}
		if !ids[named] && (same[named] == 1 || g.ours() && ours[named] == 1) {
			words[g.ID] = g.Name
		}
	}
	return func(id string) string {
		if w, seen := words[id]; seen {
			return w
		}
		return id
	}
}

// ours reports whether the group was made here.
func (g neutronGroup) ours() bool { return marked(g.Tags, g.Description) }

// groupWordsFor is groupWords for the security groups of a server's ports.
func (s *Site) groupWordsFor(ctx context.Context, project string, cards []card) (func(id string) string, error) {
	if !slices.ContainsFunc(cards, func(k card) bool { return len(k.Groups) > 0 }) {
		return groupWords(nil), nil
	}
	c, err := s.network(ctx, "")
	if err != nil {
		return nil, err
	}
	all, err := list(ctx, c, "security-groups", url.Values{"project_id": {project}, "fields": groupChoiceFields}, "security_groups", neutronGroup.id)
	return groupWords(all), err
}

// securityIDs finds the security groups of a tenant's project that are named.
func (s *Site) securityIDs(ctx context.Context, project string, words []string) (*[]string, error) {
	c, err := s.network(ctx, project)
	if err != nil {
		return nil, err
	}
	all, err := list(ctx, c, "security-groups", url.Values{"project_id": {project}, "fields": groupChoiceFields}, "security_groups", neutronGroup.id)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, w := range words {
		id, err := chooseGroup(all, project, w)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return &ids, nil
}
