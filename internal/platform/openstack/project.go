package openstack

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Tags of projects. A project that bears the first is ours; one of the second
// kind per region says where the tenant is served, as Keystone may be shared.
const (
	tagOurs   = "psn"
	tagRegion = "site:" // + region
)

// project is a Keystone project.
type project struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Enabled     bool     `json:"enabled"`
	Tags        []string `json:"tags"`
}

func (p project) ours() bool            { return slices.Contains(p.Tags, tagOurs) }
func (p project) at(region string) bool { return slices.Contains(p.Tags, tagRegion+region) }

// elsewhere lists the regions, other than this one, that p serves.
func (p project) elsewhere(region string) []string {
	var out []string
	for _, t := range p.Tags {
		if r, ok := strings.CutPrefix(t, tagRegion); ok && r != region {
			out = append(out, r)
		}
	}
	return out
}

// projectOf returns the id of the tenant's project, psn.NotFound when the tenant
// was not made at this site and psn.AlreadyExists when a project of that name
// is not ours.
func (s *Site) projectOf(ctx context.Context, t psn.TenantID) (string, error) {
	p, err := s.findProject(ctx, t)
	if err != nil {
		return "", err
	}
	if p == nil || !p.at(s.cfg.Region) {
		return "", psn.Errorf(psn.NotFound, "tenant %s has no project in region %q: make the tenant at this site first", t, s.cfg.Region)
	}
	return p.ID, nil
}

// findProject looks for the tenant's project; nil when there is none.
func (s *Site) findProject(ctx context.Context, t psn.TenantID) (*project, error) {
	domain, err := s.tenantDomain(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.projects(ctx, url.Values{"name": {string(t)}, "domain_id": {domain}})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	p := found[0]
	if !p.ours() {
		return nil, psn.Errorf(psn.AlreadyExists, "domain %q has a project %q that this program did not make (it lacks the tag %q): rename or remove it, or add the tag to hand it over", s.cfg.TenantDomain, t, tagOurs)
	}
	return &p, nil
}

// tenantsByProject maps the ids of our projects that serve this region to their
// tenants.
func (s *Site) tenantsByProject(ctx context.Context) (map[string]psn.TenantID, error) {
	found, err := s.ourProjects(ctx)
	out := map[string]psn.TenantID{}
	for _, p := range found {
		out[p.ID] = psn.TenantID(p.Name)
	}
	return out, err
}

// ourProjects lists our projects that serve this region, in one request for each
// page. A source has none.
func (s *Site) ourProjects(ctx context.Context) ([]project, error) {
	if s.cfg.Site == "" {
		return nil, nil
	}
	domain, err := s.tenantDomain(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.projects(ctx, url.Values{"tags": {tagOurs + "," + tagRegion + s.cfg.Region}, "domain_id": {domain}})
	// All should have both tags.
	return slices.DeleteFunc(found, func(p project) bool { return !p.at(s.cfg.Region) }), err
}

// projects lists projects. Keystone pages in its newer releases only; older ones
// may cut a list short, which is an error: what is not listed is not gone.
func (s *Site) projects(ctx context.Context, q url.Values) ([]project, error) {
	c, err := s.identity(ctx)
	if err != nil {
		return nil, err
	}
	var out []project
	for {
		var page struct {
			Projects  []project `json:"projects"`
			Truncated bool      `json:"truncated"`
			Links     struct {
				Next string `json:"next"`
			} `json:"links"`
		}
		if err := get(ctx, c, "projects?"+q.Encode(), &page); err != nil {
			return nil, err
		}
		out = append(out, page.Projects...)
		switch {
		case page.Links.Next != "" && len(page.Projects) > 0:
			// The marker is Keystone's; the address is ours, as in list.
			if q, err = nextQuery(q, page.Links.Next, out[len(out)-1].ID); err != nil {
				return nil, err
			}
		case page.Truncated:
			return nil, psn.Errorf(psn.Internal, "the identity service cut its list of projects short after %d and has no pages: raise list_limit in section [resource] of its configuration", len(out))
		default:
			return out, nil
		}
	}
}

// nextQuery is the query of the page that a link names, or that begins after the
// last object.
func nextQuery(q url.Values, link, last string) (url.Values, error) {
	u, err := url.Parse(link)
	if err != nil {
		return nil, psn.Errorf(psn.Internal, "the identity service gives an address of a next page that is not valid: %w", err)
	}
	out := maps.Clone(q)
	for k, v := range u.Query() {
		out[k] = v
	}
	if marker := out.Get("marker"); marker == "" || marker == q.Get("marker") {
		out.Set("marker", last)
	}
	return out, nil
}

// tenantDomain is the id of the domain of tenants' projects. It is asked for once,
// however many want it at the same time.
func (s *Site) tenantDomain(ctx context.Context) (string, error) {
	if known := s.knownDomain(); known != "" {
		return known, nil
	}
	unlock, err := s.objects.lock(ctx, "domain")
	if err != nil {
		return "", err
	}
	defer unlock()
	if known := s.knownDomain(); known != "" {
		return known, nil
	}
	c, err := s.identity(ctx)
	if err != nil {
		return "", err
	}
	id, err := s.domainID(ctx, c, s.cfg.TenantDomain)
	if err != nil {
		return "", err
	}
	if id == "" {
		return "", psn.Errorf(psn.InvalidInput, "tenant_domain %q does not exist at %s", s.cfg.TenantDomain, s.cfg.AuthURL)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.domain = id
	return s.domain, nil
}

func (s *Site) knownDomain() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.domain
}
