package audit

import (
	"slices"
	"time"

	"github.com/italia/terraform-provider-psn/internal/policy"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// dismissed judges every psn_service that the plan destroys: whether a call paid
// for it and its time to be kept still runs (FND-006). The other rules are about
// what there will be.
func dismissed(f *File, now time.Time) ([]psn.Finding, error) {
	var err error
	var out []psn.Finding
	for _, r := range f.Changes {
		was, _ := r.Before["id"].(string)
		is, _ := r.After["id"].(string)
		before := view{where: r.Address, values: r.Before, err: &err}
		if r.Type != "psn_service" || was == "" || was == is || !slices.Contains(r.Actions, "delete") || !before.present("migration") {
			continue
		}
		id := psn.ServiceID(was)
		found := policy.Evaluate(policy.Document{
			Now:        now,
			Services:   []policy.Service{{ID: id, Change: "destroy"}},
			Migrations: []policy.Migration{readMigration(id, before.object("migration"))},
		})
		out = append(out, slices.DeleteFunc(found, func(f psn.Finding) bool { return f.Rule != "FND-006" })...)
	}
	return out, err
}
