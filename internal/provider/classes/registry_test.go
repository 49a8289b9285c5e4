package classes_test

import (
	"testing"

	"github.com/italia/terraform-provider-psn/internal/provider/classes"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// TestOrder finds the lie whichever of the two is seen first.
func TestOrder(t *testing.T) {
	lie := classes.Use{Machine: "p_bs/archivio-1", Service: "p_bs/conservazione", Class: psn.Ordinary}
	var first, second classes.Registry
	if fs := first.Declare(lie.Service, psn.Strategic); len(fs) != 0 {
		t.Errorf("nobody relies on it yet: %v", fs)
	}
	if fs := first.Rely(lie); len(fs) != 1 || fs[0].Rule != "CLS-003" || fs[0].Severity != psn.SeverityError {
		t.Errorf("service first: %v", fs)
	}
	if fs := second.Rely(lie); len(fs) != 0 {
		t.Errorf("the service is not known yet: %v", fs)
	}
	if fs := second.Declare(lie.Service, psn.Strategic); len(fs) != 1 || fs[0].Subject != "p_bs/archivio-1" {
		t.Errorf("machine first: %v", fs)
	}
	honest := lie
	honest.Class = psn.Strategic
	if fs := first.Rely(honest); len(fs) != 0 {
		t.Errorf("a machine of the service's class: %v", fs)
	}
	var none *classes.Registry
	if fs := append(none.Rely(lie), none.Declare(lie.Service, psn.Strategic)...); len(fs) != 0 {
		t.Errorf("a nil registry found %v", fs)
	}
}
