package sandbox_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/mo"

	"github.com/italia/terraform-provider-psn/internal/sandbox"
)

func TestTagCardinality(t *testing.T) {
	sb := start(t, sandbox.Options{Centers: []string{"acilia"}})
	ctx := testContext(t)
	c := login(t, sb, "acilia", sandbox.Operator)
	vm := vmNamed(t, c, "psn-worker-acilia")
	rc := rest.NewClient(c.Client)
	if err := rc.Login(ctx, url.UserPassword(sandbox.Operator, sb.Center("acilia").Password(sandbox.Operator))); err != nil {
		t.Fatal(err)
	}
	tm := tags.NewManager(rc)
	for cardinality, second := range map[string]bool{"SINGLE": false, "MULTIPLE": true} {
		cat, err := tm.CreateCategory(ctx, &tags.Category{Name: "psn-" + cardinality, Cardinality: cardinality})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, n := range []string{"uno", "due", "tre"} {
			id, err := tm.CreateTag(ctx, &tags.Tag{Name: n, CategoryID: cat})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		if err := tm.AttachTag(ctx, ids[0], vm); err != nil {
			t.Fatal(err)
		}
		if err := tm.AttachTag(ctx, ids[0], vm); err != nil {
			t.Errorf("%s: the same tag again: %v", cardinality, err)
		}
		if err := tm.AttachTag(ctx, ids[1], vm); (err == nil) != second {
			t.Errorf("%s: a second tag: %v", cardinality, err)
		} else if err != nil && !strings.Contains(err.Error(), "psn-"+cardinality) {
			t.Errorf("%s: the refusal does not name the category: %v", cardinality, err)
		}
		if err := tm.AttachMultipleTagsToObject(ctx, ids[1:], vm); (err == nil) != second {
			t.Errorf("%s: two more tags in one call: %v", cardinality, err)
		}
		if err := tm.AttachTagToMultipleObjects(ctx, ids[2], []mo.Reference{vm}); (err == nil) != second {
			t.Errorf("%s: a tag for a list of objects: %v", cardinality, err)
		}
	}
}
