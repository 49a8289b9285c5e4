package vsphere_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vapi/tags"

	"github.com/italia/terraform-provider-psn/internal/platform/vsphere"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func TestTaggingErrorsAreInWords(t *testing.T) {
	const body = `{"type":"com.vmware.vapi.std.errors.%","value":{"messages":[{"args":[],"default_message":"Tag is %","id":"cis.tagging"}]}}`
	for _, c := range []struct {
		in   error
		code psn.Code
		want string
	}{
		{errors.New("400 Bad Request: " + strings.ReplaceAll(body, "%", "already_exists")), psn.AlreadyExists, "Tag is already_exists"},
		{errors.New("400 Bad Request: " + strings.ReplaceAll(body, "%", "unauthorized")), psn.Forbidden, "Tag is unauthorized"},
		{errors.New(`400 Bad Request: {"type":"com.vmware.vapi.std.errors.not_found"}`), psn.NotFound, "not found"},
		{errors.New(`400 Bad Request: {"type":`), psn.Internal, ""},
		{errors.New(`400 Bad Request: {x}`), psn.Internal, "without saying why"},
		{tags.BatchErrors{{Type: "cis.tagging.objectNotFound.error", Message: "Tagging object urn:1 not found"}}, psn.Conflict, "Tagging object urn:1 not found"},
		{errors.New("connection reset"), psn.Internal, "connection reset"},
	} {
		got := vsphere.Readable(c.in)
		if psn.CodeOf(got) != c.code || !strings.Contains(got.Error(), c.want) {
			t.Errorf("%v became %s %v", c.in, psn.CodeOf(got), got)
		}
		if c.want != "" && strings.ContainsAny(got.Error(), "{}") {
			t.Errorf("JSON is shown: %v", got)
		}
	}
	if vsphere.Readable(nil) != nil {
		t.Error("no error became one")
	}
}
