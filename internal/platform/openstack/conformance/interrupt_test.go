package conformance_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/openstack"
	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// interrupter ends the caller's work once a volume is being made.
type interrupter struct {
	next      http.RoundTripper
	interrupt func()
}

func (i *interrupter) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := i.next.RoundTrip(req)
	if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/volumes") {
		i.interrupt()
	}
	return res, err
}

// TestInterruptedOfImage: a process that is ended while Cinder fills a machine's
// disk from an image leaves it at that, and the next goes on with the same disk.
func TestInterruptedOfImage(t *testing.T) {
	cfg := labConfig(t, claim(t))
	s := openLab(t, cfg)
	id := tenantOn(t, cfg, s)
	spec := small(t, cfg.Site, id, "interrupted")
	spec.Image = openstacklab.Find(t).Site(t, cfg.Site).Image
	ctx, interrupt := context.WithCancel(bounded(t))
	defer interrupt()
	broken := cfg
	broken.Wrap = func(next http.RoundTripper) http.RoundTripper { return &interrupter{next, interrupt} }
	first, err := openstack.Open(bounded(t), broken)
	if err != nil {
		t.Fatal(err)
	}
	_, err = first.CreateVM(ctx, spec)
	if !psn.Is(err, psn.Unavailable) || ctx.Err() == nil {
		t.Fatalf("it was not interrupted: %v", err)
	}
	if err := first.Close(bounded(t)); err != nil {
		t.Fatal(err)
	}
	begun, err := s.Volumes(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	ref, err := s.CreateVM(bounded(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := s.DescribeVM(bounded(t), ref)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range begun {
		if v.Tenant == id && (len(vm.Disks) != 1 || v.Ref != vm.Disks[0].UUID) {
			t.Errorf("volume %s was begun, and the machine has %+v", v.Ref, vm.Disks)
		}
	}
}
