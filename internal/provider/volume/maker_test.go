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

// shelf is a site of volumes alone, with the contract of drivers. Before it makes
// one it calls meanwhile; after it has made one it loses so many answers.
type shelf struct {
	driver.Site
	others
	all       []driver.Volume
	meanwhile func()
	lose      int
}

func (s *shelf) Volumes(context.Context) ([]driver.Volume, error) { return s.all, nil }

func (s *shelf) CreateVolume(_ context.Context, spec driver.VolumeSpec) (*driver.Volume, error) {
	if s.meanwhile != nil {
		s.meanwhile()
	}
	found := -1
	for n, v := range s.all {
		if v.Name != spec.Name {
			continue
		}
		if spec.Maker != "" && v.Maker != spec.Maker {
			return nil, psn.Errorf(psn.AlreadyExists, "volume stands already (%s)", v.Ref)
		}
		found = n
	}
	if found < 0 {
		s.all = append(s.all, driver.Volume{VolumeSpec: spec, Ref: "ours", Status: "available"})
		found = len(s.all) - 1
	}
	if s.lose > 0 {
		s.lose--
		return nil, psn.Errorf(psn.Unavailable, "no answer")
	}
	s.all[found].Maker = ""
	v := s.all[found]
	return &v, nil
}

func (s *shelf) site(t *testing.T) *platform.Site {
	t.Helper()
	now := time.Now()
	at := platform.New(psn.Acilia, psn.OpenStack, "site acilia (openstack)", func(context.Context) (driver.Site, error) { return s, nil },
		platform.WithClock(func() time.Time { return now }))
	if _, err := at.Volumes(t.Context()); err != nil { // the site was read
		t.Fatal(err)
	}
	return at
}

func declared() *volume.Model {
	m := &volume.Model{SizeGiB: types.Int64Value(1)}
	m.ID, m.TenantID, m.Name = types.StringValue("p_bs/acilia/openstack/dati"), types.StringValue("p_bs"), types.StringValue("dati")
	return m
}

func theirs(maker string) driver.Volume {
	return driver.Volume{VolumeSpec: driver.VolumeSpec{Tenant: "p_bs", Name: "dati", SizeBytes: 1 << 30, Maker: maker}, Ref: "theirs", Status: "available"}
}

// TestOnlyWhatItMade: another apply's volume is not ours, whenever it came; our own
// is, also when the answer was lost. The code is one that keeps another's out of
// the state.
func TestOnlyWhatItMade(t *testing.T) {
	for name, tc := range map[string]struct {
		before, meanwhile []driver.Volume
		lose              int
		refused           bool
	}{
		"nothing":               {},
		"an answer lost":        {lose: 2},
		"stands":                {before: []driver.Volume{theirs("")}, refused: true},
		"being made":            {before: []driver.Volume{theirs("other")}, refused: true},
		"made at the same time": {meanwhile: []driver.Volume{theirs("other")}, refused: true},
	} {
		s := &shelf{all: tc.before, lose: tc.lose}
		at := s.site(t)
		s.meanwhile = func() { s.all, tc.meanwhile = append(s.all, tc.meanwhile...), nil }
		m := declared()
		err := volume.Create(t.Context(), at, m)
		if !tc.refused {
			if err != nil || m.Ref.ValueString() != "ours" || len(s.all) != 1 {
				t.Errorf("%s: %v, ref %s", name, err, m.Ref)
			}
			if err := volume.Read(t.Context(), at, m); err != nil {
				t.Errorf("%s: read: %v", name, err)
			}
			continue
		}
		if !psn.Is(err, psn.AlreadyExists) || !strings.Contains(err.Error(), `import it by the id "p_bs/acilia/openstack/dati"`) || !m.Ref.IsNull() {
			t.Errorf("%s: %v with code %s, ref %s", name, err, psn.CodeOf(err), m.Ref)
		}
		if err := volume.Read(t.Context(), at, m); !psn.Is(err, psn.NotFound) {
			t.Errorf("%s: another's is read as ours: %v", name, err)
		}
	}
}

// TestWhatAFailedCreateLeft: after answers that never came its own is found, and
// another's is not.
func TestWhatAFailedCreateLeft(t *testing.T) {
	for name, another := range map[string]bool{"ours": false, "another's": true} {
		s := &shelf{lose: 9}
		at := s.site(t)
		m := declared()
		if err := volume.Create(t.Context(), at, m); !psn.Is(err, psn.Unavailable) {
			t.Fatal(err)
		}
		if another {
			s.all = []driver.Volume{theirs("other")}
		}
		err := volume.Read(t.Context(), at, m)
		if another != psn.Is(err, psn.NotFound) || !another && m.Ref.ValueString() != "ours" {
			t.Errorf("%s: %v, ref %s", name, err, m.Ref)
		}
	}
}
