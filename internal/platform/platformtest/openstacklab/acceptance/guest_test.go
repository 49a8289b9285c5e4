package acceptance_test

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

func (c *client) console(id, want string) string {
	c.t.Helper()
	var out struct{ Output string }
	c.await(fmt.Sprintf("%q on the console of %s", want, id), func() (bool, error) {
		_, err := c.send(c.t.Context(), http.MethodPost, "compute", "/servers/"+id+"/action", object{"os-getConsoleOutput": object{}}, &out)
		return strings.Contains(out.Output, want), err
	})
	return out.Output
}

// Guests of the real zone boot from an image and from a volume, know their
// name and address, and read the very bytes that a volume's file holds.
func TestGuestsRun(t *testing.T) {
	c := login(t, psn.Acilia)
	if c.site.RealZone == "" {
		t.Fatal("this lab has no host with real guests: bring it up without PSN_LAB_REAL=0")
	}
	image := c.named("image", "/images", "images", c.site.Image)
	network := c.named("network", "/networks", "networks", c.site.Network)
	// Volumes first: what is made last is removed first.
	boot := c.volume(object{"size": 1, "imageRef": image, "volume_type": "performance", "availability_zone": c.site.RealZone})
	data := c.volume(object{"size": 1, "availability_zone": c.site.RealZone})
	first := c.server(object{
		"name": "from-image", "flavorRef": c.named("compute", "/flavors", "flavors", "psn.tiny"), "imageRef": image,
		"availability_zone": c.site.RealZone, "networks": []object{{"uuid": network}},
	}, object{})
	second := c.server(object{
		"name": "from-volume", "flavorRef": c.named("compute", "/flavors", "flavors", "psn.v1m1"),
		"availability_zone": c.site.RealZone, "networks": []object{{"uuid": network}},
		"block_device_mapping_v2": []object{{"source_type": "volume", "destination_type": "volume", "uuid": boot, "boot_index": 0}},
	}, object{})
	for id, name := range map[string]string{first: "from-image", second: "from-volume"} {
		log := c.console(id, "PSN-GUEST ready")
		if !strings.Contains(log, "PSN-GUEST name "+name) {
			t.Errorf("the guest does not know it is %s:\n%s", name, log)
		}
		var out struct {
			Server struct {
				Addresses map[string][]struct {
					Addr string
					MAC  string `json:"OS-EXT-IPS-MAC:mac_addr"`
				}
			}
		}
		c.call(http.MethodGet, "compute", "/servers/"+id, nil, &out)
		card := out.Server.Addresses[c.site.Network][0]
		if want := "PSN-GUEST address " + card.MAC + " " + card.Addr; !strings.Contains(log, want) {
			t.Errorf("the console of %s lacks %q:\n%s", name, want, log)
		}
	}

	content := make([]byte, 1<<20)
	if _, err := rand.Read(content); err != nil {
		t.Fatal(err)
	}
	file, err := c.site.VolumeFile(data)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("PSN-GUEST disk vdb 1024 MiB sha256 %x", sha256.Sum256(content))
	for _, id := range []string{first, second} {
		c.call(http.MethodPost, "compute", "/servers/"+id+"/os-volume_attachments", object{"volumeAttachment": object{"volumeId": data}}, nil)
		c.console(id, want)
		c.volumeIs(data, "in-use")
		c.call(http.MethodDelete, "compute", "/servers/"+id+"/os-volume_attachments/"+data, nil, nil)
		c.volumeIs(data, "available")
	}

	// A region's services end and start while its guests go on.
	mends(t, c.lab.StartRegion, psn.Acilia)
	if err := c.lab.StopRegion(t.Context(), psn.Acilia); err != nil {
		t.Fatal(err)
	}
	if err := c.lab.StartRegion(t.Context(), psn.Acilia); err != nil {
		t.Fatal(err)
	}
	if log := c.console(first, "PSN-GUEST ready"); strings.Count(log, "PSN-GUEST up") != 1 {
		t.Errorf("the guest did not go on:\n%s", log)
	}
	c.call(http.MethodPost, "compute", "/servers/"+first+"/os-volume_attachments", object{"volumeAttachment": object{"volumeId": data}}, nil)
	c.volumeIs(data, "in-use")
	c.await("the volume's bytes in the guest once more", func() (bool, error) {
		return strings.Count(c.console(first, want), want) == 2, nil
	})
}
