package platform_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/italia/terraform-provider-psn/internal/platform"
	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// fakeCloud is a fake with networks, volumes and images.
type fakeCloud struct {
	*fake
	nets    map[string]driver.Network
	vols    map[string]driver.Volume
	uploads []string
}

func newFakeCloud() *fakeCloud {
	return &fakeCloud{fake: newFake(), nets: map[string]driver.Network{}, vols: map[string]driver.Volume{}}
}

func (f *fakeCloud) Networks(ctx context.Context) ([]driver.Network, error) {
	f.mu.Lock()
	err := f.called("Networks")
	var all []driver.Network
	for _, n := range f.nets {
		all = append(all, n)
	}
	hold := f.hold
	f.mu.Unlock()
	slices.SortFunc(all, func(a, b driver.Network) int {
		return strings.Compare(string(a.Tenant)+"/"+a.Name, string(b.Tenant)+"/"+b.Name)
	})
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return all, err
}

func (f *fakeCloud) CreateNetwork(_ context.Context, spec driver.NetworkSpec) (*driver.Network, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := driver.Network{NetworkSpec: spec, Ref: "net-" + spec.Name}
	f.nets[n.Ref] = n
	if err := f.called("CreateNetwork"); err != nil {
		return nil, err
	}
	return &n, nil
}

func (f *fakeCloud) UpdateNetwork(_ context.Context, ref string, spec driver.NetworkSpec) (*driver.Network, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := driver.Network{NetworkSpec: spec, Ref: ref}
	f.nets[ref] = n
	return &n, f.called("UpdateNetwork")
}

func (f *fakeCloud) DeleteNetwork(_ context.Context, ref string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.nets, ref)
	return f.called("DeleteNetwork")
}

func (f *fakeCloud) Volumes(context.Context) ([]driver.Volume, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []driver.Volume
	for _, v := range f.vols {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b driver.Volume) int { return strings.Compare(a.Ref, b.Ref) })
	return all, f.called("Volumes")
}

func (f *fakeCloud) CreateVolume(_ context.Context, spec driver.VolumeSpec) (*driver.Volume, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := driver.Volume{VolumeSpec: spec, Ref: "vol-" + spec.Name}
	f.vols[v.Ref] = v
	return &v, f.called("CreateVolume")
}

func (f *fakeCloud) UpdateVolume(context.Context, string, driver.VolumeSpec) (*driver.Volume, error) {
	return nil, psn.Errorf(psn.Internal, "not asked for")
}

func (f *fakeCloud) AttachVolume(_ context.Context, ref, vm string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.vols[ref]
	v.AttachedTo = vm
	f.vols[ref] = v
	return f.called("AttachVolume")
}

func (f *fakeCloud) DetachVolume(ctx context.Context, ref, _ string) error {
	return f.AttachVolume(ctx, ref, "")
}

func (f *fakeCloud) DeleteVolume(_ context.Context, ref string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.vols, ref)
	return f.called("DeleteVolume")
}

func (f *fakeCloud) Images(context.Context) ([]driver.Image, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return nil, f.called("Images")
}

func (f *fakeCloud) CreateImage(_ context.Context, spec driver.ImageSpec, content io.Reader) (*driver.Image, error) {
	b, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.uploads = append(f.uploads, string(b))
	if err := f.called("CreateImage"); err != nil {
		return nil, err
	}
	return &driver.Image{ImageSpec: spec, Ref: "img"}, nil
}

func (f *fakeCloud) DeleteImage(context.Context, string) error { return nil }

func cloud(f driver.Site, opts ...platform.Option) *platform.Site {
	return platform.New(psn.Acilia, psn.OpenStack, "site acilia (openstack)", func(context.Context) (driver.Site, error) { return f, nil }, opts...)
}

func spec(n int) driver.NetworkSpec {
	return driver.NetworkSpec{Tenant: "p_bs", Name: fmt.Sprintf("net-%02d", n)}
}

func TestListingIsReadOnceAndChangesAreWrittenThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeCloud()
		s := cloud(f)
		ctx := t.Context()
		var wg sync.WaitGroup
		for n := range 40 {
			wg.Go(func() {
				if _, err := s.FindNetwork(ctx, "p_bs", spec(n).Name, ""); !psn.Is(err, psn.NotFound) {
					t.Errorf("before the create: %v", err)
				}
			})
		}
		wg.Wait()
		for n := range 40 {
			wg.Go(func() {
				made, err := s.CreateNetwork(ctx, spec(n))
				if err != nil {
					t.Error(err)
					return
				}
				if n%2 == 0 {
					if err := s.DeleteNetwork(ctx, made.Ref); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		all, err := s.Networks(ctx)
		if err != nil || len(all) != 20 {
			t.Fatalf("%d networks, want 20; %v", len(all), err)
		}
		var want []driver.Network
		for n := 1; n < 40; n += 2 {
			want = append(want, driver.Network{NetworkSpec: spec(n), Ref: "net-" + spec(n).Name})
		}
		if diff := cmp.Diff(want, all); diff != "" {
			t.Error(diff)
		}
		if n := f.count("Networks"); n != 1 {
			t.Errorf("%d bulk reads, want 1", n)
		}
		time.Sleep(platform.DefaultTTL)
		if _, err := s.Networks(ctx); err != nil || f.count("Networks") != 2 {
			t.Errorf("%d bulk reads after the TTL, want 2; %v", f.count("Networks"), err)
		}
	})
}

func TestListingThatBeganBeforeAChangeDoesNotHideIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeCloud()
		old := driver.Network{NetworkSpec: spec(1), Ref: "net-" + spec(1).Name}
		f.nets[old.Ref] = old
		f.hold = make(chan struct{})
		s := cloud(f)
		done := make(chan error)
		go func() { _, err := s.Networks(t.Context()); done <- err }()
		synctest.Wait()
		if _, err := s.CreateNetwork(t.Context(), spec(2)); err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteNetwork(t.Context(), old.Ref); err != nil {
			t.Fatal(err)
		}
		close(f.hold)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		all, err := s.Networks(t.Context())
		if err != nil || len(all) != 1 || all[0].Name != spec(2).Name {
			t.Errorf("after both changes: %v, %v", all, err)
		}
	})
}

func TestFailedChangeIsReadAgain(t *testing.T) {
	f := newFakeCloud()
	s := cloud(f)
	if _, err := s.Networks(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.fail["CreateNetwork"] = []error{psn.Errorf(psn.Internal, "made, but not all of it")}
	if _, err := s.CreateNetwork(t.Context(), spec(1)); err == nil {
		t.Fatal("no error")
	}
	if _, err := s.FindNetwork(t.Context(), "p_bs", spec(1).Name, ""); err != nil {
		t.Errorf("what a failed create left is not found: %v", err)
	}
	f.fail["Networks"] = []error{psn.Errorf(psn.Forbidden, "no")}
	s.Refresh()
	if _, err := s.Networks(t.Context()); !psn.Is(err, psn.Forbidden) || !strings.Contains(err.Error(), "site acilia (openstack)") {
		t.Errorf("err = %v", err)
	}
}

func TestAbsenceInAListingIsBelievedShortly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeCloud()
		s := cloud(f)
		find := func() error { _, err := s.FindNetwork(t.Context(), "p_bs", spec(1).Name, ""); return err }
		for range 30 {
			if err := find(); !psn.Is(err, psn.NotFound) {
				t.Fatal(err)
			}
		}
		if n := f.count("Networks"); n != 1 {
			t.Errorf("%d bulk reads for 30 absences", n)
		}
		f.mu.Lock()
		f.nets["x"] = driver.Network{NetworkSpec: spec(1), Ref: "x"}
		f.mu.Unlock()
		time.Sleep(3 * time.Second)
		if err := find(); err != nil {
			t.Errorf("made by another process: %v", err)
		}
	})
}

func TestUpdatedVolumeAndItsMachine(t *testing.T) {
	f := newFakeCloud()
	f.put(psn.VM{Ref: "vm-1", ID: vmID(1), InstanceUUID: vmID(1).InstanceUUID()})
	s := cloud(f)
	ctx := t.Context()
	if _, err := s.Volumes(ctx); err != nil {
		t.Fatal(err)
	}
	v, err := s.CreateVolume(ctx, driver.VolumeSpec{Tenant: "p_bs", Name: "dati"})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return s.AttachVolume(ctx, v.Ref, "vm-1") }, "vm-1"},
		{func() error { return s.DetachVolume(ctx, v.Ref, "vm-1") }, ""},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		got, err := s.FindVolume(ctx, "p_bs", "dati", "")
		if err != nil || got.AttachedTo != step.want {
			t.Errorf("attached to %+v, want %q; %v", got, step.want, err)
		}
	}
	if n := f.count("Volumes"); n != 1 {
		t.Errorf("%d bulk reads, want 1", n)
	}
	if vm, err := s.FindRef(ctx, "vm-1"); err != nil || vm.ID != vmID(1) {
		t.Errorf("FindRef: %v, %v", vm, err)
	}
	if _, err := s.FindRef(ctx, "vm-2"); !psn.Is(err, psn.NotFound) {
		t.Errorf("FindRef of nobody: %v", err)
	}
}

func TestUploadIsOpenedAgainForEachTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeCloud()
		f.fail["CreateImage"] = []error{psn.Errorf(psn.Unavailable, "cut")}
		opened := 0
		_, err := cloud(f).CreateImage(t.Context(), driver.ImageSpec{Name: "debian"}, func() (io.ReadCloser, error) {
			opened++
			return io.NopCloser(strings.NewReader("content")), nil
		})
		if err != nil || opened != 2 || !slices.Equal(f.uploads, []string{"content", "content"}) {
			t.Errorf("opened %d times, uploaded %q, %v", opened, f.uploads, err)
		}
	})
}

// TestMissingCapability: what the driver is not, is told with the platform that
// has it.
func TestMissingCapability(t *testing.T) {
	ctx := t.Context()
	at := func(p psn.Platform) *platform.Site {
		return platform.New(psn.Acilia, p, "site acilia ("+string(p)+")", func(context.Context) (driver.Site, error) { return newFake(), nil })
	}
	for _, c := range []struct {
		what string
		p    psn.Platform
		do   func(*platform.Site) error
		want string
	}{
		{"groups", psn.VSphere, func(s *platform.Site) error { _, err := s.SecurityGroups(ctx); return err }, `platform "openstack" has`},
		{"make a group", psn.VSphere, func(s *platform.Site) error {
			_, err := s.CreateSecurityGroup(ctx, driver.SecurityGroupSpec{})
			return err
		}, `platform "openstack" has`},
		{"flavours", psn.VSphere, func(s *platform.Site) error { _, err := s.Flavors(ctx); return err }, `platform "openstack" has`},
		{"console", psn.VSphere, func(s *platform.Site) error { _, err := s.ConsoleLog(ctx, "x", 0); return err }, `platform "openstack" has`},
		{"credential", psn.VSphere, func(s *platform.Site) error {
			_, err := s.CreateCredential(ctx, "p_bs", "x", nil, time.Time{})
			return err
		}, `platform "openstack" has`},
		{"upload", psn.VSphere, func(s *platform.Site) error {
			_, err := s.CreateImage(ctx, driver.ImageSpec{}, func() (io.ReadCloser, error) { t.Error("opened for nothing"); return nil, io.EOF })
			return err
		}, `platform "openstack" has`},
		{"volumes", psn.OpenStack, func(s *platform.Site) error { _, err := s.Volumes(ctx); return err }, "offers no volume here"},
		{"networks", psn.OpenStack, func(s *platform.Site) error { _, err := s.Networks(ctx); return err }, "offers no network here"},
		{"classes", psn.VSphere, func(s *platform.Site) error { _, err := s.StorageClasses(ctx); return err }, "offers no storage class here"},
		{"usage", psn.VSphere, func(s *platform.Site) error { _, err := s.TenantUsage(ctx, "p_bs"); return err }, "offers no quota here"},
		{"leftovers", psn.VSphere, func(s *platform.Site) error { _, err := s.TenantLeftovers(ctx, "p_bs"); return err }, "leaves behind"},
	} {
		err := c.do(at(c.p))
		if !psn.Is(err, psn.Unsupported) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "site acilia") {
			t.Errorf("%s on %s: %v, want %q", c.what, c.p, err, c.want)
		}
	}
}

// TestTwinsAreToldApart: names need not be unique. Whoever deletes what stands in
// the state must not be given what somebody else made under the same name.
func TestTwinsAreToldApart(t *testing.T) {
	f := newFakeCloud()
	s := cloud(f)
	ctx := t.Context()
	for _, ref := range []string{"a-hand-made", "b-ours"} {
		f.nets[ref] = driver.Network{NetworkSpec: spec(1), Ref: ref}
		f.vols[ref] = driver.Volume{VolumeSpec: driver.VolumeSpec{Tenant: "p_bs", Name: "dati"}, Ref: ref}
	}
	if n, err := s.FindNetwork(ctx, "p_bs", spec(1).Name, "b-ours"); err != nil || n.Ref != "b-ours" {
		t.Errorf("network: %+v, %v", n, err)
	}
	if v, err := s.FindVolume(ctx, "p_bs", "dati", "b-ours"); err != nil || v.Ref != "b-ours" {
		t.Errorf("volume: %+v, %v", v, err)
	}
	if v, err := s.FindVolume(ctx, "p_bs", "dati", "deleted"); !psn.Is(err, psn.NotFound) {
		t.Errorf("a volume that is gone: %+v, %v", v, err)
	}
	v, err := s.FindVolume(ctx, "p_bs", "dati", "")
	if !psn.Is(err, psn.Conflict) || !strings.Contains(err.Error(), "a-hand-made, b-ours") {
		t.Errorf("either of two: %+v, %v", v, err)
	}
}
