package openstacklab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Variable names the environment variable that holds the lab's folder.
const Variable = "PSN_OPENSTACK"

// Lab is a lab that has been brought up. All paths are absolute.
type Lab struct {
	Dir        string             `json:"-"`
	AuthURL    string             `json:"auth_url"`    // of identity, the same for all sites, https
	CAFile     string             `json:"ca_file"`     // authority of every endpoint's certificate
	CloudsFile string             `json:"clouds_file"` // an entry for each site, as administrator
	ConfigFile string             `json:"config_file"` // psn.yaml with each site's openstack platform
	Command    string             `json:"command"`     // the lab's own command
	Sites      map[psn.Site]*Site `json:"sites"`
}

// Site is one isolated cloud of the lab: a region of its own in the catalogue.
type Site struct {
	Region         string            `json:"region"`
	Cloud          string            `json:"cloud"`           // entry of CloudsFile
	Zones          []string          `json:"zones"`           // of servers and volumes; their guests do nothing
	RealZone       string            `json:"real_zone"`       // its one host runs guests under QEMU; empty when the site has none
	HostsPerZone   int               `json:"hosts_per_zone"`  // but one in RealZone
	StorageClasses []string          `json:"storage_classes"` // volume types, in every zone; the first is the default
	Flavors        []string          `json:"flavors"`         // those with a v have no disk of their own
	Uplink         string            `json:"uplink"`          // external network
	Network        string            `json:"network"`         // shared by all projects, without DHCP, routed to Uplink
	Image          string            `json:"image"`           // a guest that tells about itself, 19 MiB; empty without RealZone
	Endpoints      map[string]string `json:"endpoints"`       // type of service to URL, without path
	// Behind the API: volumes are <VolumesDir>/<zone>/<class>/volume-<id>, raw and
	// sparse; images <ImagesDir>/<id>.
	VolumesDir string `json:"volumes_dir"`
	ImagesDir  string `json:"images_dir"`
}

// Main runs the tests of a package that needs the lab, and ends the process;
// the package comment says when. Call it as the whole of TestMain.
func Main(m *testing.M) {
	dir := os.Getenv(Variable)
	if dir == "" {
		fmt.Printf("no test was run: the tests of this package need the OpenStack lab: make openstack-up test-openstack (%s is not set)\n", Variable)
		os.Exit(0)
	}
	if _, err := Open(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// Find returns the lab of PSN_OPENSTACK. The test fails when there is none.
func Find(t testing.TB) *Lab {
	t.Helper()
	dir := os.Getenv(Variable)
	if dir == "" {
		t.Fatalf("%s is not set: run make openstack-up, then make test-openstack", Variable)
	}
	lab, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

// Open reads what the lab in the folder says of itself: psn.NotFound when the
// folder holds none. It does not look whether the lab runs.
func Open(dir string) (*Lab, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of the OpenStack lab: %w", err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, psn.Errorf(psn.NotFound, "there is no OpenStack lab in %s: start one with make openstack-up", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("description of the OpenStack lab: %w", err)
	}
	lab := &Lab{Dir: dir}
	if err := json.Unmarshal(data, lab); err != nil {
		return nil, psn.Errorf(psn.InvalidInput, "%s: %v: stop the lab and start it again", filepath.Join(dir, "lab.json"), err)
	}
	if len(lab.Sites) == 0 || lab.AuthURL == "" || lab.Command == "" {
		return nil, psn.Errorf(psn.InvalidInput, "%s is of another version of the lab: stop the lab and start it again", filepath.Join(dir, "lab.json"))
	}
	return lab, nil
}

// Site returns a site of the lab; the test fails when the lab was made without it.
func (l *Lab) Site(t testing.TB, site psn.Site) *Site {
	t.Helper()
	s := l.Sites[site]
	if s == nil {
		t.Fatalf("the OpenStack lab in %s has no site %q", l.Dir, site)
	}
	return s
}

// Password returns the administrator's password.
func (l *Lab) Password() (string, error) {
	data, err := os.ReadFile(filepath.Join(l.Dir, "secrets", "admin"))
	if err != nil {
		return "", fmt.Errorf("password of the OpenStack lab: %w", err)
	}
	for len(data) > 0 && data[len(data)-1] == '\n' {
		data = data[:len(data)-1]
	}
	return string(data), nil
}

// VolumeFile returns the file that holds a volume's bytes: psn.NotFound when
// there is none, or when the volume has a snapshot and therefore several.
func (s *Site) VolumeFile(id string) (string, error) {
	found, err := filepath.Glob(filepath.Join(s.VolumesDir, "*", "*", "volume-"+id+"*"))
	if err != nil {
		return "", fmt.Errorf("file of volume %s: %w", id, err)
	}
	if len(found) != 1 {
		return "", psn.Errorf(psn.NotFound, "volume %s has %d files below %s, not one", id, len(found), s.VolumesDir)
	}
	return found[0], nil
}

// ImageFile returns the file that holds an image's bytes.
func (s *Site) ImageFile(id string) string { return filepath.Join(s.ImagesDir, id) }
