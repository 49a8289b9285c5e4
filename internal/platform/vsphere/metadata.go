package vsphere

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// metadata reads what metadataOption wrote. What is no JSON object of texts was
// not written by us and shows as no metadata, so that a plan sets it right.
func metadata(v string) map[string]string {
	var m map[string]string
	if v == "" || json.Unmarshal([]byte(v), &m) != nil || len(m) == 0 {
		return nil
	}
	return m
}

// metadataOption keeps the owner's metadata in one option: it is replaced as a
// whole, and an empty value is a value, which it is not to ExtraConfig.
func metadataOption(m map[string]string) []types.BaseOptionValue {
	if len(m) == 0 {
		return options(keyMetadata, "")
	}
	b, err := json.Marshal(m) // sorted by key
	if err != nil {
		return nil // a map of texts always has a JSON form
	}
	return options(keyMetadata, string(b))
}

func checkMetadata(m map[string]string) error {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if k == "" || strings.HasPrefix(k, markPrefix) {
			return psn.Errorf(psn.InvalidInput, "metadata key %q is reserved: use one that is not empty and does not begin with %q", k, markPrefix)
		}
	}
	return nil
}

// guestInfo hands user and vendor data to cloud-init's VMware data source,
// compressed, with the identity that makes them count as of a first boot.
func guestInfo(spec driver.VMSpec) ([]types.BaseOptionValue, error) {
	if len(spec.UserData) == 0 && len(spec.VendorData) == 0 {
		return nil, nil
	}
	id, err := json.Marshal(map[string]string{"instance-id": spec.ID.InstanceUUID(), "local-hostname": spec.ID.Name()})
	if err != nil {
		return nil, err
	}
	var out []types.BaseOptionValue
	for _, d := range []struct {
		key  string
		data []byte
	}{
		{"guestinfo.metadata", id},
		{"guestinfo.userdata", spec.UserData},
		{"guestinfo.vendordata", spec.VendorData},
	} {
		if len(d.data) == 0 {
			continue
		}
		v, err := packed(d.data)
		if err != nil {
			return nil, err
		}
		out = append(out, options(d.key, v, d.key+".encoding", "gzip+base64")...)
	}
	return out, nil
}

func packed(data []byte) (string, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
