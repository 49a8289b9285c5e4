package policy

import "slices"

// Topic is a subject on which a document may say nothing at all, as the plan of
// one machine says nothing of backups. Rules on such a subject are applied once
// the document speaks of it: when it lists the topic, or when anything in it
// declares a field of the topic or leaves one unknown. From then on whatever
// should speak of it and does not fails.
type Topic string

// The topics and the fields that speak of them.
const (
	TopicProducts      Topic = "products"       // Machine.Product (LVL-002)
	TopicMetadata      Topic = "metadata"       // Service.MetadataLocation, LogLocation, BackupLocation, SiteList (LOC-003)
	TopicBackup        Topic = "backup"         // Service.BackupPolicy (BKP-001)
	TopicBackupPlaces  Topic = "backup_places"  // Document.Backups (BKP-002)
	TopicKeys          Topic = "keys"           // Service.KeyReference, KeyManagement (KEY-001)
	TopicKeyManagement Topic = "key_management" // Service.KeyManagement, HSM (KEY-002)
	TopicAccess        Topic = "access"         // Service.AccessProcedure (ACC-001)
	TopicStaff         Topic = "staff"          // Service.StaffList (ACC-002)
	TopicInventory     Topic = "inventory"      // Machine.Function, Owner, Office, Addresses (INV-001)
)

// Topics returns every topic.
func Topics() []Topic {
	return []Topic{TopicProducts, TopicMetadata, TopicBackup, TopicBackupPlaces, TopicKeys, TopicKeyManagement, TopicAccess, TopicStaff, TopicInventory}
}

// Speaks reports whether the document speaks of a topic.
func (d Document) Speaks(t Topic) bool {
	if slices.Contains(d.Topics, t) {
		return true
	}
	services := func(said func(Service) bool) bool { return slices.ContainsFunc(d.Services, said) }
	machines := func(said func(Machine) bool) bool { return slices.ContainsFunc(d.Machines, said) }
	switch t {
	case TopicProducts:
		return machines(func(m Machine) bool { return m.Product != "" || m.Unknown.Has("product") })
	case TopicMetadata:
		return services(func(s Service) bool {
			return s.MetadataLocation+s.LogLocation+s.BackupLocation+s.SiteList != "" || s.Unknown.any("metadata_location", "log_location", "backup_location", "site_list")
		})
	case TopicBackup:
		return services(func(s Service) bool { return s.BackupPolicy != "" || s.Unknown.Has("backup_policy") })
	case TopicBackupPlaces:
		return len(d.Backups) > 0
	case TopicKeys:
		return services(func(s Service) bool {
			return s.KeyReference+s.KeyManagement != "" || s.Unknown.any("key_reference", "key_management")
		})
	case TopicKeyManagement:
		return services(func(s Service) bool { return s.KeyManagement+s.HSM != "" || s.Unknown.any("key_management", "hsm") })
	case TopicAccess:
		return services(func(s Service) bool { return s.AccessProcedure != "" || s.Unknown.Has("access_procedure") })
	case TopicStaff:
		return services(func(s Service) bool { return s.StaffList != "" || s.Unknown.Has("staff_list") })
	case TopicInventory:
		return machines(func(m Machine) bool {
			return m.Function+m.Owner+m.Office != "" || len(m.Addresses) > 0 || m.Unknown.any("function", "owner", "office", "addresses")
		})
	}
	return false
}

func (u Unknown) any(fields ...string) bool { return slices.ContainsFunc(fields, u.Has) }

// topicOf names the topic of the rules that have one.
var topicOf = map[string]Topic{
	"LVL-002": TopicProducts, "LOC-003": TopicMetadata, "BKP-001": TopicBackup, "BKP-002": TopicBackupPlaces,
	"KEY-001": TopicKeys, "KEY-002": TopicKeyManagement, "ACC-001": TopicAccess, "ACC-002": TopicStaff, "INV-001": TopicInventory,
}

// Applies reports whether the document holds anything that the rule judges. A
// rule that does not apply was neither passed nor failed. PLC-009 never applies:
// the placement alone decides it.
func Applies(id string, d Document) bool {
	if t, ok := topicOf[id]; ok {
		if !d.Speaks(t) {
			return false
		}
		if t == TopicProducts || t == TopicInventory {
			return len(d.Machines) > 0
		}
		return len(d.Services) > 0
	}
	funded := func(m Migration) bool { return m.Call != "" || m.Unknown.Has("call") }
	switch id {
	case "CLS-001", "CLS-002", "CLS-004", "LOC-002":
		return len(d.Services) > 0
	case "CLS-003", "LVL-001", "PLC-001", "PLC-002", "PLC-003", "PLC-004", "PLC-005", "PLC-007":
		return len(d.Machines) > 0
	case "LOC-001":
		return len(d.Machines)+len(d.Replicas)+len(d.Backups) > 0
	case "LVL-003":
		return len(d.Certificates) > 0
	case "PLC-006":
		return slices.ContainsFunc(d.Headroom, func(h Headroom) bool { return h.Lost != "" })
	case "PLC-008":
		return slices.ContainsFunc(d.Headroom, func(h Headroom) bool { return h.Lost == "" })
	case "REP-001", "REP-003":
		return len(d.Replicas) > 0
	case "REP-002":
		return len(d.Services)+len(d.Replicas) > 0
	case "MIG-001", "FND-002":
		return slices.ContainsFunc(d.Migrations, funded)
	case "MIG-002", "MIG-003", "MIG-004", "MIG-005":
		return len(d.Migrations) > 0
	case "FND-001", "FND-003", "FND-004", "FND-005", "FND-006", "FND-007":
		return len(d.Candidatures) > 0
	case "EVI-001", "EVI-002", "EVI-003", "EVI-004", "EVI-005", "EVI-006", "EVI-007", "EVI-008", "EVI-009":
		return len(d.Evidence) > 0
	case "ATT-001":
		return len(d.Attestations) > 0
	case "IDN-001", "IDN-002":
		return len(d.Tenants) > 0
	case "IDN-003":
		return len(d.Tenants)+len(d.Candidatures) > 0
	case "DER-001", "DER-002", "DER-003":
		return len(d.Derogations) > 0
	}
	return false
}
