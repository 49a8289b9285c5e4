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
	TopicKeyManagement Topic = "key_management" // Service.KeyManagement, HSM, Qualification, Machine.Qualification (KEY-002)
	TopicAccess        Topic = "access"         // Service.AccessProcedure (ACC-001)
	TopicStaff         Topic = "staff"          // Service.StaffList, Qualification, Machine.Qualification (ACC-002)
	TopicInventory     Topic = "inventory"      // Machine.Function, Owner, Office, Addresses (INV-001)
)

// Topics returns every topic.
func Topics() []Topic {
	return []Topic{TopicProducts, TopicMetadata, TopicBackup, TopicBackupPlaces, TopicKeys, TopicKeyManagement, TopicAccess, TopicStaff, TopicInventory}
}

// Fields names the fields that speak of a topic, as Unknown does.
type Fields struct {
	Services []string `json:"services"`
	Machines []string `json:"machines"`
}

// TopicFields returns the fields that speak of each topic. TopicBackupPlaces has
// none: Document.Backups speaks of it.
func TopicFields() map[Topic]Fields {
	return map[Topic]Fields{
		TopicProducts:      {Machines: []string{"product"}},
		TopicMetadata:      {Services: []string{"metadata_location", "log_location", "backup_location", "site_list"}},
		TopicBackup:        {Services: []string{"backup_policy"}},
		TopicBackupPlaces:  {},
		TopicKeys:          {Services: []string{"key_reference", "key_management"}},
		TopicKeyManagement: {Services: []string{"key_management", "hsm", "qualification"}, Machines: []string{"qualification"}},
		TopicAccess:        {Services: []string{"access_procedure"}},
		TopicStaff:         {Services: []string{"staff_list", "qualification"}, Machines: []string{"qualification"}},
		TopicInventory:     {Machines: []string{"function", "owner", "office", "addresses"}},
	}
}

// said tells whether a field of a service or machine is declared; keyed by its
// name in TopicFields.
var (
	serviceSaid = map[string]func(Service) bool{
		"metadata_location": func(s Service) bool { return s.MetadataLocation != "" },
		"log_location":      func(s Service) bool { return s.LogLocation != "" },
		"backup_location":   func(s Service) bool { return s.BackupLocation != "" },
		"site_list":         func(s Service) bool { return s.SiteList != "" },
		"backup_policy":     func(s Service) bool { return s.BackupPolicy != "" },
		"key_reference":     func(s Service) bool { return s.KeyReference != "" },
		"key_management":    func(s Service) bool { return s.KeyManagement != "" },
		"hsm":               func(s Service) bool { return s.HSM != "" },
		"access_procedure":  func(s Service) bool { return s.AccessProcedure != "" },
		"staff_list":        func(s Service) bool { return s.StaffList != "" },
		"qualification":     func(s Service) bool { return s.Qualification != "" },
	}
	machineSaid = map[string]func(Machine) bool{
		"product":   func(m Machine) bool { return m.Product != "" },
		"function":  func(m Machine) bool { return m.Function != "" },
		"owner":     func(m Machine) bool { return m.Owner != "" },
		"office":    func(m Machine) bool { return m.Office != "" },
		"addresses": func(m Machine) bool { return len(m.Addresses) > 0 },

		"qualification": func(m Machine) bool { return m.Qualification != "" },
	}
)

// Speaks reports whether the document speaks of a topic.
func (d Document) Speaks(t Topic) bool {
	if slices.Contains(d.Topics, t) || t == TopicBackupPlaces && len(d.Backups) > 0 {
		return true
	}
	fields := TopicFields()[t]
	return slices.ContainsFunc(d.Services, func(s Service) bool {
		return slices.ContainsFunc(fields.Services, func(f string) bool { return serviceSaid[f](s) || s.Unknown.Has(f) })
	}) || slices.ContainsFunc(d.Machines, func(m Machine) bool {
		return slices.ContainsFunc(fields.Machines, func(f string) bool { return machineSaid[f](m) || m.Unknown.Has(f) })
	})
}

// topicOf names the topic of the rules that have one.
var topicOf = map[string]Topic{
	"LVL-002": TopicProducts, "LOC-003": TopicMetadata, "BKP-001": TopicBackup, "BKP-002": TopicBackupPlaces,
	"KEY-001": TopicKeys, "KEY-002": TopicKeyManagement, "ACC-001": TopicAccess, "ACC-002": TopicStaff, "INV-001": TopicInventory,
}

// TopicOf names the topic of a rule, "" when it is applied whatever the document
// speaks of.
func TopicOf(rule string) Topic { return topicOf[rule] }

// Applies reports whether the document holds anything that the rule judges. A
// rule that does not apply was neither passed nor failed. PLC-009 never applies:
// the placement alone decides it; nor does a rule that the parameters switch off.
func Applies(id string, d Document, opts ...Option) bool {
	if switchedOff(id, inEffect(opts)) {
		return false
	}
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
	case "LVL-001":
		return len(d.Services) > 0 || slices.ContainsFunc(d.Machines, func(m Machine) bool { return m.Qualification != "" || m.Unknown.Has("qualification") })
	case "CLS-003", "PLC-001", "PLC-002", "PLC-003", "PLC-004", "PLC-005", "PLC-007":
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
	case "FND-006":
		return len(d.Candidatures) > 0 || slices.ContainsFunc(d.Migrations, Migration.paid)
	case "FND-001", "FND-003", "FND-004", "FND-005", "FND-007":
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

// switchedOff reports whether the parameters leave a rule nothing to ask.
func switchedOff(id string, p parameters) bool {
	switch id {
	case "PLC-002":
		return p["cross_region_critical"] == 0 && p["cross_region_strategic"] == 0
	case "PLC-004":
		return p["min_dr_km"] <= 0
	}
	return false
}
