package acceptance_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// What is made at one site is not seen at another.
func TestSitesAreIsolated(t *testing.T) {
	here, there := login(t, psn.Rozzano), login(t, psn.SantoStefanoTicino)
	id := here.volume(object{"size": 1, "name": "only-here"})
	for _, c := range []struct {
		client *client
		want   int
	}{{here, http.StatusOK}, {there, http.StatusNotFound}} {
		if got, _ := c.client.send(t.Context(), http.MethodGet, "volumev3", "/volumes/"+id, nil, nil); got != c.want {
			t.Errorf("%s answers %d, want %d", c.client.site.Region, got, c.want)
		}
	}
}

// A volume is in the zone and of the class that were asked for, behind the API too.
func TestZonesAndClasses(t *testing.T) {
	c := login(t, psn.Acilia)
	zones := append([]string{c.site.RealZone}, c.site.Zones...)
	for _, zone := range zones {
		for _, class := range c.site.StorageClasses {
			id := c.volume(object{"size": 1, "availability_zone": zone, "volume_type": class})
			want := filepath.Join(c.site.VolumesDir, zone, class, "volume-"+id)
			if got, err := c.site.VolumeFile(id); err != nil || got != want {
				t.Errorf("volume of %s in %s is %q, %v; want %q", class, zone, got, err, want)
			}
		}
	}
}

// Every back end tells its capacity, as an inventory needs it.
func TestPools(t *testing.T) {
	for _, name := range psn.Sites() {
		c := login(t, name)
		var out struct {
			Pools []struct {
				Name         string
				Capabilities struct {
					Backend string  `json:"volume_backend_name"`
					Free    float64 `json:"free_capacity_gb"`
				}
			}
		}
		c.call(http.MethodGet, "volumev3", "/scheduler-stats/get_pools?detail=true", nil, &out)
		zones := len(c.site.Zones)
		if c.site.RealZone != "" {
			zones++
		}
		if want := zones * len(c.site.StorageClasses); len(out.Pools) != want {
			t.Errorf("%s has %d pools, want %d", name, len(out.Pools), want)
		}
		for _, p := range out.Pools {
			if !slices.Contains(c.site.StorageClasses, p.Capabilities.Backend) || p.Capabilities.Free <= 0 {
				t.Errorf("%s: pool %+v", name, p)
			}
		}
	}
}

// An image's bytes are those uploaded, and so are those of a volume made from it.
func TestImageBytes(t *testing.T) {
	c := login(t, psn.Pomezia)
	content := make([]byte, 3<<20)
	if _, err := rand.Read(content); err != nil {
		t.Fatal(err)
	}
	var image made
	c.call(http.MethodPost, "image", "/images", object{"name": "bytes", "disk_format": "raw", "container_format": "bare"}, &image)
	t.Cleanup(func() { c.remove("image", "/images/"+image.ID) })
	c.call(http.MethodPut, "image", "/images/"+image.ID+"/file", bytes.NewReader(content), nil)
	same(t, c.site.ImageFile(image.ID), content)

	id := c.volume(object{"size": 1, "imageRef": image.ID, "volume_type": "performance", "availability_zone": c.site.Zones[1]})
	file, err := c.site.VolumeFile(id)
	if err != nil {
		t.Fatal(err)
	}
	same(t, file, content)
}

func same(t *testing.T, file string, want []byte) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(f, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s does not hold the bytes that were uploaded", file)
	}
}

// A server lands on a host of its zone, and two that must be apart on two.
func TestServersApart(t *testing.T) {
	c := login(t, psn.Pomezia)
	var group struct {
		Group made `json:"server_group"`
	}
	c.call(http.MethodPost, "compute", "/os-server-groups", object{"server_group": object{"name": "apart", "policies": []string{"anti-affinity"}}}, &group)
	t.Cleanup(func() { c.remove("compute", "/os-server-groups/"+group.Group.ID) })
	hosts := map[string]bool{}
	for range 2 {
		id := c.server(object{
			"name": "apart", "flavorRef": c.named("compute", "/flavors", "flavors", "psn.tiny"),
			"imageRef": c.named("image", "/images", "images", c.site.Image), "availability_zone": c.site.Zones[0],
			"networks": []object{{"uuid": c.named("network", "/networks", "networks", c.site.Network)}},
		}, object{"group": group.Group.ID})
		var out struct {
			Server struct {
				Zone string `json:"OS-EXT-AZ:availability_zone"`
				Host string `json:"OS-EXT-SRV-ATTR:host"`
			}
		}
		c.call(http.MethodGet, "compute", "/servers/"+id, nil, &out)
		if out.Server.Zone != c.site.Zones[0] {
			t.Errorf("server is in zone %q, want %q", out.Server.Zone, c.site.Zones[0])
		}
		hosts[out.Server.Host] = true
	}
	if len(hosts) != 2 {
		t.Errorf("two servers of an anti-affinity group are on hosts %v", hosts)
	}
}
