package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// byServiceClass applies test to every service under the classes it may have,
// when the document speaks of the rule's topic.
func (e *evaluation) byServiceClass(test func(Service, psn.Classification) result) {
	if !e.doc.Speaks(topicOf[e.rule.ID]) {
		return
	}
	for _, s := range e.doc.Services {
		low, high := serviceClasses(s)
		e.byClass(string(s.ID), low, high, func(c psn.Classification) result { return test(s, c) })
	}
}

// field is a declared value with its name.
type field struct{ name, value string }

// demand fails on the first field that is known and empty, and is undecidable on
// the first that is unknown.
func demand(what string, u Unknown, remedy string, fields ...field) result {
	for _, f := range fields {
		if !u.Has(f.name) && strings.TrimSpace(f.value) == "" {
			return result{message: fmt.Sprintf("%s declares no %s", what, f.name), remedy: remedy}
		}
	}
	for _, f := range fields {
		if u.Has(f.name) {
			return result{unknown: f.name}
		}
	}
	return result{}
}

func (e *evaluation) keysAreTheAdministrations() {
	e.byServiceClass(func(s Service, c psn.Classification) result {
		switch {
		case !c.Protected():
			return result{}
		case !s.Unknown.Has("key_management") && s.KeyManagement != "" && s.KeyManagement != "byok" && s.KeyManagement != "hyok":
			return result{message: fmt.Sprintf("service %s is %s and its keys are managed as %q", s.ID, c, s.KeyManagement), remedy: "manage the root key as \"byok\" or \"hyok\", under the administration's control"}
		}
		return demand(fmt.Sprintf("service %s, which is %s,", s.ID, c), s.Unknown, "set key_reference to the reference of the keys, never to a key, and key_management to \"byok\" or \"hyok\"",
			field{"key_reference", s.KeyReference}, field{"key_management", s.KeyManagement})
	})
}

func (e *evaluation) keysStayWithTheAdministration() {
	e.onLevelFour(func(s Service) result {
		if !s.Unknown.Has("key_management") && s.KeyManagement != "hyok" {
			return result{message: fmt.Sprintf("service %s goes to a level 4 cloud service and its keys are managed as %q", s.ID, s.KeyManagement), remedy: "manage all keys as \"hyok\""}
		}
		return demand("service "+string(s.ID)+", on a level 4 cloud service,", s.Unknown, "set hsm to the reference of the dedicated HSM", field{"hsm", s.HSM}, field{"key_management", s.KeyManagement})
	})
}

func (e *evaluation) staffListIsNamed() {
	e.onLevelFour(func(s Service) result {
		return demand("service "+string(s.ID)+", on a level 4 cloud service,", s.Unknown, "set staff_list to the reference of the list of privileged staff", field{"staff_list", s.StaffList})
	})
}

func (e *evaluation) accessProcedureIsNamed() {
	e.byServiceClass(func(s Service, c psn.Classification) result {
		if c != psn.Strategic {
			return result{}
		}
		return demand("service "+string(s.ID)+", which is strategic,", s.Unknown, "set access_procedure to the reference of the procedure", field{"access_procedure", s.AccessProcedure})
	})
}

func (e *evaluation) metadataStayInTheEU() {
	e.byServiceClass(func(s Service, c psn.Classification) result {
		if c != psn.Strategic {
			return result{}
		}
		places := []field{{"metadata_location", s.MetadataLocation}, {"log_location", s.LogLocation}, {"backup_location", s.BackupLocation}}
		for _, f := range places {
			if out := outsideEU(f.value); !s.Unknown.Has(f.name) && len(out) > 0 {
				return result{message: fmt.Sprintf("service %s is strategic and its %s is %s, outside the European Union", s.ID, f.name, strings.Join(out, ", ")), remedy: "keep metadata, logs and backups in the European Union"}
			}
		}
		return demand("service "+string(s.ID)+", which is strategic,", s.Unknown, "declare where metadata, logs and backups are (ISO country codes or \"EU\"), and the reference of the list of sites",
			append(places, field{"site_list", s.SiteList})...)
	})
}

// outsideEU returns the places named in a location that are not in the European
// Union, quoted.
func outsideEU(location string) []string {
	var outside []string
	for _, code := range strings.FieldsFunc(location, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		if !catalog.InEU(code) {
			outside = append(outside, fmt.Sprintf("%q", code))
		}
	}
	return outside
}

func (e *evaluation) backupPolicyIsDeclared() {
	e.byServiceClass(func(s Service, _ psn.Classification) result {
		return demand("service "+string(s.ID), s.Unknown, "set backup_policy to the reference of the policy", field{"backup_policy", s.BackupPolicy})
	})
}

func (e *evaluation) backupsAreElsewhere() {
	least := e.params["min_backup_retention_days"]
	of := map[psn.ServiceID][]Backup{}
	for _, b := range e.doc.Backups {
		of[b.Service] = append(of[b.Service], b)
		if least <= 0 || e.unknown(b.ID, b.Unknown, "retention_days") {
			continue
		}
		if b.RetentionDays < least {
			e.fail(b.ID, fmt.Sprintf("backup %s is kept for %d days; the chosen minimum is %d", b.ID, b.RetentionDays, least), "keep it longer, or lower min_backup_retention_days")
		}
	}
	e.byServiceClass(func(s Service, c psn.Classification) result {
		if !c.Protected() {
			return result{}
		}
		return e.offSite(s, c, of[s.ID])
	})
}

// offSite judges whether every machine of s has a backup at another site than
// its own.
func (e *evaluation) offSite(s Service, c psn.Classification, backups []Backup) result {
	if len(backups) == 0 {
		return result{message: fmt.Sprintf("service %s is %s and no backup of it is listed", s.ID, c), remedy: "list its backups with their sites"}
	}
	var sites []string
	open := false
	for _, b := range backups {
		if b.Unknown.Has("site") {
			open = true
		} else if psn.Site(b.Site).Valid() {
			sites = append(sites, b.Site)
		}
	}
	unknown := len(e.machinesOf[s.ID]) == 0
	for _, i := range e.machinesOf[s.ID] {
		m := e.doc.Machines[i]
		elsewhere := slices.ContainsFunc(sites, func(b string) bool { return b != m.Site })
		switch {
		case m.Unknown.Has("site"):
			unknown = true
		case !elsewhere && open:
			unknown = true
		case !elsewhere:
			return result{message: fmt.Sprintf("service %s is %s and machine %s at %s has no backup at another site", s.ID, c, m.ID, m.Site), remedy: "keep a backup at another site of the PSN"}
		}
	}
	if unknown {
		return result{unknown: "site of the backups and machines of " + string(s.ID)}
	}
	return result{}
}
