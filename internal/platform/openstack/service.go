package openstack

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The services, by the names used in messages and to Config.Observe.
const (
	serviceIdentity  = "identity"
	serviceCompute   = "compute"
	serviceNetwork   = "network"
	serviceVolume    = "block storage"
	serviceImage     = "image"
	servicePlacement = "placement"
)

// service is how a service is found and spoken to.
type service struct {
	name  string
	types []string // in the catalogue, the current one first
	path  string   // of the API below the endpoint without its version
	typ   string   // gophercloud's word for it, which decides the version's header
	// want is the version spoken, fixed so that no upgrade of the cloud changes
	// what an answer means; least is the oldest that does. Both empty for
	// services without such versions.
	want, least string
}

// Why these: Nova embeds the flavour in a server since 2.47, takes tags at
// creation since 2.52, speaks of one policy per server group since 2.64 and lets
// a volume go with a server it is attached to since 2.79 (Train, 2019); beyond 2.87 hypervisors no longer tell their size. Cinder tells volumes'
// groups of attachments since 3.27 and extends attached volumes since 3.42.
// Placement tells every resource of a candidate since 1.27.
var services = map[string]service{
	serviceCompute:   {serviceCompute, []string{"compute"}, "v2.1/", "compute", "2.79", "2.79"},
	serviceNetwork:   {serviceNetwork, []string{"network"}, "v2.0/", "network", "", ""},
	serviceVolume:    {serviceVolume, []string{"block-storage", "volumev3", "block-store", "volume"}, "v3/", "block-storage", "3.59", "3.42"},
	serviceImage:     {serviceImage, []string{"image"}, "v2/", "image", "", ""},
	servicePlacement: {servicePlacement, []string{"placement"}, "", "placement", "1.29", "1.27"},
}

// versionRe is the version, and what follows it, in an endpoint of a catalogue.
var versionRe = regexp.MustCompile(`/v[0-9]+(\.[0-9]+)?(/.*)?$`)

// compute returns Nova's client with a token of the project; "" is the operator's.
func (s *Site) compute(ctx context.Context, project string) (*gophercloud.ServiceClient, error) {
	return s.conn.client(ctx, project, serviceCompute)
}

// network returns Neutron's client.
func (s *Site) network(ctx context.Context, project string) (*gophercloud.ServiceClient, error) {
	return s.conn.client(ctx, project, serviceNetwork)
}

// volume returns Cinder's client.
func (s *Site) volume(ctx context.Context, project string) (*gophercloud.ServiceClient, error) {
	return s.conn.client(ctx, project, serviceVolume)
}

// image returns Glance's client.
func (s *Site) image(ctx context.Context, project string) (*gophercloud.ServiceClient, error) {
	return s.conn.client(ctx, project, serviceImage)
}

// placement returns Placement's client, always the operator's.
func (s *Site) placement(ctx context.Context) (*gophercloud.ServiceClient, error) {
	return s.conn.client(ctx, "", servicePlacement)
}

// identity returns Keystone's client, always the operator's. Tenants' tokens are
// for the other services.
func (s *Site) identity(ctx context.Context) (*gophercloud.ServiceClient, error) {
	return s.conn.identity(ctx, "")
}

func (s *session) identity(ctx context.Context, project string) (*gophercloud.ServiceClient, error) {
	sc, err := s.scoped(ctx, project)
	if err != nil {
		return nil, err
	}
	return &gophercloud.ServiceClient{ProviderClient: sc.ProviderClient, Endpoint: s.identityURL()}, nil
}

// client makes a service's client; only the first one of a service costs a
// request, for its versions.
func (s *session) client(ctx context.Context, project, name string) (*gophercloud.ServiceClient, error) {
	sc, err := s.scoped(ctx, project)
	if err != nil {
		return nil, err
	}
	def := services[name]
	endpoint, err := s.endpoint(sc, def)
	if err != nil {
		return nil, err
	}
	root := versionRe.ReplaceAllString(strings.TrimRight(endpoint, "/"), "") + "/"
	s.dir.learn(root, name)
	c := &gophercloud.ServiceClient{ProviderClient: sc.ProviderClient, Endpoint: endpoint, Type: def.typ}
	c.ResourceBase = root + def.path
	if name == serviceVolume {
		c.ResourceBase = endpoint // it names the project
	}
	if def.want != "" {
		c.Microversion, err = s.version(ctx, sc.ProviderClient, root, def)
	}
	return c, err
}

// endpoint finds the service of the region in the catalogue.
func (s *session) endpoint(sc *scope, def service) (string, error) {
	regions := []string{}
	for _, typ := range def.types {
		for _, entry := range sc.catalog.Entries {
			if entry.Type != typ {
				continue
			}
			for _, e := range entry.Endpoints {
				if e.Interface != s.cfg.Interface {
					continue
				}
				if region := e.Region; s.cfg.Region == "" || region == s.cfg.Region {
					u, err := url.Parse(e.URL)
					if err != nil {
						return "", psn.Errorf(psn.Internal, "the catalogue gives service %s an address that is not valid: %w", def.name, err)
					}
					if err := secure(u); err != nil {
						return "", fmt.Errorf("the catalogue's address of service %s: %w", def.name, err)
					}
					return gophercloud.NormalizeURL(e.URL), nil
				}
				regions = append(regions, e.Region)
			}
		}
	}
	if len(regions) == 0 {
		return "", psn.Errorf(psn.NotFound, "the catalogue of %s has no service %s with a %s interface", s.cfg.AuthURL, def.name, s.cfg.Interface)
	}
	slices.Sort(regions)
	return "", psn.Errorf(psn.InvalidInput, "the catalogue of %s has no service %s in region %q: it has it in %s", s.cfg.AuthURL, def.name, s.cfg.Region, quoted(slices.Compact(regions)))
}

// onlyRegion is the region of a catalogue that has one.
func (s *session) onlyRegion(sc *scope) (string, error) {
	var names []string
	for _, entry := range sc.catalog.Entries {
		if slices.Contains(services[serviceCompute].types, entry.Type) {
			for _, e := range entry.Endpoints {
				names = append(names, e.Region)
			}
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 1 {
		return names[0], nil
	}
	return "", psn.Errorf(psn.InvalidInput, "region is not set and %s has %d regions (%s): set region to one of them", s.cfg.AuthURL, len(names), quoted(names))
}

// quoted joins names for an error message, sorted.
func quoted(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	names = slices.Sorted(slices.Values(names))
	for i, n := range names {
		names[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(names, ", ")
}
