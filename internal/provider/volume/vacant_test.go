package volume_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/provider/volume"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

type others interface{ driver.Volumes }

// shelf is a site of volumes alone, which takes an equal one over as drivers do.
type shelf struct {
	driver.Site
	others
	all  []driver.Volume
	made int
}

func (s *shelf) Volumes(context.Context) ([]driver.Volume, error) { return s.all, nil }

func (s *shelf) CreateVolume(_ context.Context, spec driver.VolumeSpec) (*driver.Volume, error) {
	s.made++
	for _, v := range s.all {
		if v.Name == spec.Name {
			return &v, nil
		}
	}
	v := driver.Volume{VolumeSpec: spec, Ref: "ours", Status: "available"}
	s.all = append(s.all, v)
	return &v, nil
}

// TestNeverTakesOverWhatIsBeingMade: another apply's volume is not ours, neither
// while it is being made nor when it came since the site was last read. The code
// is one that keeps it out of the state.
func TestNeverTakesOverWhatIsBeingMade(t *testing.T) {
	theirs := func(status string, making bool) driver.Volume {
		return driver.Volume{VolumeSpec: driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 1 << 30}, Ref: "theirs", Status: status, Making: making}
	}
	for name, tc := range map[string]struct {
		before, after []driver.Volume // the site was read
		want          string          // of the error; empty means that ours is made
	}{
		"nothing":     {},
		"being made":  {before: []driver.Volume{theirs("downloading", true)}, want: `is being made already (status "downloading"), of 1 GiB (theirs)`},
		"just begun":  {after: []driver.Volume{theirs("creating", true)}, want: `is being made already`},
		"just made":   {after: []driver.Volume{theirs("available", false)}, want: `stands already`},
		"two of them": {after: []driver.Volume{theirs("available", false), {VolumeSpec: theirs("", false).VolumeSpec, Ref: "third"}}, want: "there are 2 of the name"},
	} {
		s := &shelf{all: tc.before}
		now := time.Now()
		at := platform.New(psn.Acilia, psn.OpenStack, "site acilia (openstack)", func(context.Context) (driver.Site, error) { return s, nil },
			platform.WithClock(func() time.Time { return now }))
		if _, err := at.Volumes(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.all = append(s.all, tc.after...)
		m := volume.Model{SizeGiB: types.Int64Value(1)}
		m.ID, m.TenantID, m.Name = types.StringValue("p_bs/acilia/openstack/dati"), types.StringValue("p_bs"), types.StringValue("dati")
		err := volume.Create(t.Context(), at, &m)
		if tc.want == "" {
			if err != nil || m.Ref.ValueString() != "ours" {
				t.Errorf("%s: %v, ref %s", name, err, m.Ref)
			}
			continue
		}
		if !psn.Is(err, psn.AlreadyExists) || !strings.Contains(err.Error(), tc.want) || s.made != 0 {
			t.Errorf("%s: %v with code %s after %d creates", name, err, psn.CodeOf(err), s.made)
		}
		if len(s.all) == 1 && !strings.Contains(err.Error(), `import it by the id "p_bs/acilia/openstack/dati"`) {
			t.Errorf("%s: no way out is told: %v", name, err)
		}
	}
}
