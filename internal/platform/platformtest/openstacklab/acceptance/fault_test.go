package acceptance_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// mends undoes whatever the test did to the site, even when it failed.
func mends(t *testing.T, undo func(context.Context, psn.Site) error, site psn.Site) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		if err := undo(ctx, site); err != nil {
			t.Error(err)
		}
	})
}

func (c *client) flavors(within time.Duration) (int, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), within)
	defer cancel()
	return c.send(ctx, http.MethodGet, "compute", "/flavors", nil, nil)
}

func TestCutAndHang(t *testing.T) {
	c, other := login(t, psn.Pomezia), login(t, psn.Rozzano)
	lab, ctx := c.lab, t.Context()
	mends(t, lab.Mend, psn.Pomezia)

	if err := lab.Cut(ctx, psn.Pomezia); err != nil {
		t.Fatal(err)
	}
	if _, err := c.flavors(time.Minute); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a site that is cut: %v, want a refused connection", err)
	}
	if _, err := other.flavors(time.Minute); err != nil {
		t.Errorf("another site: %v", err)
	}
	if err := lab.Mend(ctx, psn.Pomezia); err != nil {
		t.Fatal(err)
	}
	if _, err := c.flavors(time.Minute); err != nil {
		t.Errorf("after mending: %v", err)
	}

	if err := lab.Hang(ctx, psn.Pomezia); err != nil {
		t.Fatal(err)
	}
	if _, err := c.flavors(2 * time.Second); !errors.Is(err, context.DeadlineExceeded) && !os.IsTimeout(err) {
		t.Errorf("a site that hangs: %v, want no answer", err)
	}
	if err := lab.Mend(ctx, psn.Pomezia); err != nil {
		t.Fatal(err)
	}
	if _, err := c.flavors(time.Minute); err != nil {
		t.Errorf("after mending: %v", err)
	}
}

func TestStopAndStartRegion(t *testing.T) {
	c := login(t, psn.SantoStefanoTicino)
	mends(t, c.lab.StartRegion, psn.SantoStefanoTicino)
	id := c.volume(object{"size": 1, "name": "outlives"})
	if err := c.lab.StopRegion(t.Context(), psn.SantoStefanoTicino); err != nil {
		t.Fatal(err)
	}
	if _, err := c.flavors(time.Minute); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a region that is stopped: %v, want a refused connection", err)
	}
	if err := c.lab.StartRegion(t.Context(), psn.SantoStefanoTicino); err != nil {
		t.Fatal(err)
	}
	if _, err := c.send(t.Context(), http.MethodGet, "volumev3", "/volumes/"+id, nil, nil); err != nil {
		t.Errorf("after the start: %v", err)
	}
}

func TestRevokeTokens(t *testing.T) {
	c := login(t, psn.Rozzano)
	if _, err := c.flavors(time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := c.lab.RevokeTokens(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.await("401 for a token that was revoked", func() (bool, error) {
		status, err := c.flavors(time.Minute)
		if status == http.StatusUnauthorized {
			return true, nil
		}
		return false, err
	})
	c.await("a new token that works", func() (bool, error) {
		c.authenticate()
		status, err := c.flavors(time.Minute)
		if status == http.StatusUnauthorized {
			return false, nil
		}
		return err == nil, err
	})
}
