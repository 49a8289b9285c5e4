package catalog

import (
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Grant is the formula of a call's amount, in whole euro: one lump sum, plus so
// much for every service in each of the two modes.
type Grant struct {
	LumpSumEuro  int64 `json:"lump_sum_euro"` // once, for the first year's cloud fee
	TransferEuro int64 `json:"transfer_euro"` // mode A, trasferimento
	UpgradeEuro  int64 `json:"upgrade_euro"`  // mode B, aggiornamento
}

// GrantEuro returns the amount for that many services in mode A and mode B
// (FND-004), or an Error with code InvalidInput when the numbers are not
// admissible and Unsupported when the call has no published formula.
func (c Call) GrantEuro(transfers, upgrades int64) (int64, error) {
	if c.Grant == nil {
		return 0, psn.Errorf(psn.Unsupported, "call %q pays documented costs: no formula gives its amount", c.ID)
	}
	for _, n := range []struct {
		what  string
		value int64
	}{{"transfers", transfers}, {"upgrades", upgrades}} {
		if n.value < 0 {
			return 0, psn.Errorf(psn.InvalidInput, "%s is %d: give the number of services, 0 or more", n.what, n.value)
		}
		if n.value > maxServices {
			return 0, psn.Errorf(psn.InvalidInput, "%s is %d: call %q admits %d services at most", n.what, n.value, c.ID, c.Services.Max)
		}
	}
	if err := c.CheckServices(transfers + upgrades); err != nil {
		return 0, psn.Errorf(psn.InvalidInput, "transfers %d and upgrades %d together: %w", transfers, upgrades, err)
	}
	return c.Grant.LumpSumEuro + transfers*c.Grant.TransferEuro + upgrades*c.Grant.UpgradeEuro, nil
}

// maxServices keeps sums of service counts far from overflow, whatever the call.
const maxServices = 1_000_000

// CheckServices says whether the call admits n services in one candidature (FND-001).
func (c Call) CheckServices(n int64) error {
	if n >= c.Services.Min && (c.Services.Max == 0 || n <= c.Services.Max) {
		return nil
	}
	if c.Services.Max == 0 {
		return psn.Errorf(psn.InvalidInput, "%d services: call %q asks for %d at least", n, c.ID, c.Services.Min)
	}
	return psn.Errorf(psn.InvalidInput, "%d services: call %q admits %d to %d", n, c.ID, c.Services.Min, c.Services.Max)
}

func quoted(vs []string) string {
	if len(vs) == 0 {
		return "nothing"
	}
	return `"` + strings.Join(vs, `", "`) + `"`
}
