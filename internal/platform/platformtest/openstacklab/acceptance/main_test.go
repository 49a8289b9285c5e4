// Package acceptance_test proves that the OpenStack lab is what it says: four
// clouds that know nothing of each other, behind verified TLS, with real bytes,
// real guests, and faults that act at once.
package acceptance_test

import (
	"testing"

	"github.com/italia/terraform-provider-psn/internal/platform/platformtest/openstacklab"
)

func TestMain(m *testing.M) { openstacklab.Main(m) }
