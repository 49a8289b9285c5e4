package service_test

import (
	"strings"
	"testing"

	psnservice "github.com/italia/terraform-provider-psn/internal/provider/service"
)

func TestPaidServiceGoes(t *testing.T) {
	got := psnservice.Destroyed("pnrr-1.2-province-2025", "2026-06-01")
	if len(got) != 1 || !strings.Contains(got[0].Summary(), "FND-006: p_bs/vecchio") || !strings.Contains(got[0].Detail(), "must be kept until 2031-12-31") {
		t.Errorf("%v", got)
	}
	for _, free := range [][2]string{{"", "2026-06-01"}, {"pnrr-1.2-province-2025", ""}} {
		if got := psnservice.Destroyed(free[0], free[1]); len(got) > 0 {
			t.Errorf("%v: %v", free, got)
		}
	}
}
