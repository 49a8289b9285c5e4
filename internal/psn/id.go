package psn

import (
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// TenantID is the natural id of a tenant: its IPA code in lower case ("p_bs").
type TenantID string

// ServiceID is "<tenant>/<service name>", for example "p_bs/protocollo".
type ServiceID string

// VMID is "<tenant>/<vm name>", for example "p_bs/protocollo-db-1". It carries
// no site: a failover or a move never changes it.
type VMID string

// nameRe is a DNS label: it survives as VM name, folder name, host name and
// Terraform key.
var nameRe = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// CheckName returns an error unless name is a DNS label in lower case (1 to 63
// of a-z, 0-9 and inner hyphens). what names the field in the message.
func CheckName(what, name string) error {
	if nameRe.MatchString(name) {
		return nil
	}
	return Errorf(InvalidInput, "%s %q is not a valid name: use 1 to 63 lower-case letters, digits and inner hyphens", what, name)
}

// TenantOf returns the tenant id for an IPA code, or an error when its shape is wrong.
func TenantOf(ipaCode string) (TenantID, error) {
	if err := CheckIPACode(ipaCode); err != nil {
		return "", err
	}
	return TenantID(strings.ToLower(ipaCode)), nil
}

// NewServiceID joins tenant and name.
func NewServiceID(t TenantID, name string) (ServiceID, error) {
	if err := CheckName("service name", name); err != nil {
		return "", err
	}
	return ServiceID(string(t) + "/" + name), nil
}

// NewVMID joins tenant and name.
func NewVMID(t TenantID, name string) (VMID, error) {
	if err := CheckName("virtual machine name", name); err != nil {
		return "", err
	}
	return VMID(string(t) + "/" + name), nil
}

// Tenant returns the tenant part.
func (id ServiceID) Tenant() TenantID { t, _, _ := strings.Cut(string(id), "/"); return TenantID(t) }

// Name returns the service part.
func (id ServiceID) Name() string { _, n, _ := strings.Cut(string(id), "/"); return n }

// Tenant returns the tenant part.
func (id VMID) Tenant() TenantID { t, _, _ := strings.Cut(string(id), "/"); return TenantID(t) }

// Name returns the VM part.
func (id VMID) Name() string { _, n, _ := strings.Cut(string(id), "/"); return n }

// ParseServiceID checks the shape "<tenant>/<name>".
func ParseServiceID(v string) (ServiceID, error) {
	t, n, ok := strings.Cut(v, "/")
	if !ok || CheckIPACode(t) != nil || CheckName("service name", n) != nil {
		return "", Errorf(InvalidInput, "service id %q is not valid: use \"<ipa code>/<service name>\", for example \"p_bs/protocollo\"", v)
	}
	return ServiceID(strings.ToLower(t) + "/" + n), nil
}

// ParseVMID checks the shape "<tenant>/<name>".
func ParseVMID(v string) (VMID, error) {
	t, n, ok := strings.Cut(v, "/")
	if !ok || CheckIPACode(t) != nil || CheckName("virtual machine name", n) != nil {
		return "", Errorf(InvalidInput, "virtual machine id %q is not valid: use \"<ipa code>/<name>\", for example \"p_bs/protocollo-db-1\"", v)
	}
	return VMID(strings.ToLower(t) + "/" + n), nil
}

// idNamespace makes the instance UUIDs of this project reproducible.
var idNamespace = uuid.MustParse("6f0d2a54-0f8e-5a63-9a1c-70736e2d6964")

// InstanceUUID is the UUID a VM of this id carries on every platform and site.
// It is a function of the id alone, so that a VM whose create call lost its
// answer is found again and never made twice.
func (id VMID) InstanceUUID() string {
	return uuid.NewSHA1(idNamespace, []byte("vm:"+string(id))).String()
}
