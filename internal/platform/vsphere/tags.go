package vsphere

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/driver"
	"github.com/italia/terraform-provider-psn/internal/platform/patience"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// The categories, each of single cardinality. Tags are for people and for the
// vCenter's own tools; what this package relies on is ExtraConfig.
const (
	categoryTenant         = "psn-tenant"
	categoryService        = "psn-service"
	categoryClassification = "psn-classification"
)

// tagger creates and attaches tags over the REST interface. Ids are looked up
// once per process, and again when one of them turns out to be gone.
type tagger struct {
	mgr    *tags.Manager
	auth   *restAuth
	settle time.Duration // settleTime but in tests

	mu         sync.Mutex                   // guards what follows and makes each tag once
	categories map[string]string            // name -> id
	ids        map[string]map[string]string // category name -> tag name -> id
}

func newTagger(conn *session) *tagger {
	c := rest.NewClient(conn.vim)
	auth := &restAuth{cfg: conn.cfg, next: conn.wire, client: c}
	c.Client.Client.Transport = auth
	return &tagger{mgr: tags.NewManager(c), auth: auth, settle: settleTime, ids: map[string]map[string]string{}}
}

func (t *tagger) close(ctx context.Context) { t.auth.logout(ctx) }

// label attaches the tags of a machine. Attached ones stay; a tag of the same
// category with another value is taken off first when replace is set.
func (t *tagger) label(ctx context.Context, vm types.ManagedObjectReference, tenant psn.TenantID, l driver.Labels, replace bool) error {
	want := map[string]string{categoryTenant: string(tenant)}
	if l.Service != "" {
		want[categoryService] = string(l.Service)
	}
	if l.Classification != "" {
		want[categoryClassification] = string(l.Classification)
	}
	return t.attach(ctx, vm, want, replace)
}

// settleTime bounds how long the tagging service, another process than the one
// that has the machines, may not know of what was just made.
const settleTime = 15 * time.Second

func (t *tagger) attach(ctx context.Context, obj types.ManagedObjectReference, want map[string]string, replace bool) error {
	short, cancel := context.WithTimeout(ctx, t.settle)
	defer cancel()
	for pause := taskPauseFirst; ; pause = min(2*pause, taskPauseLast) {
		err := t.attachOnce(ctx, obj, want, replace)
		switch {
		case gone(err):
			// Somebody deleted a tag or category that is remembered here, or the
			// service has not heard of the object, or of the tag, yet.
			t.forget()
			if patience.Sleep(short, pause) == nil {
				continue
			}
			return psn.Errorf(psn.Unavailable, "tagging service does not know the object yet, or a tag or category of it: apply again")
		case isRefusal(err) && !replace:
			// The object, made before, has another tag of a category.
			replace = true
			continue
		}
		return readable(err)
	}
}

// forget drops all ids.
func (t *tagger) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.categories, t.ids = nil, map[string]map[string]string{}
}

func (t *tagger) attachOnce(ctx context.Context, obj types.ManagedObjectReference, want map[string]string, replace bool) error {
	ids, err := t.resolve(ctx, want)
	if err != nil {
		return err
	}
	if replace {
		if err := t.detachOthers(ctx, obj, want, ids); err != nil {
			return err
		}
	}
	return t.mgr.AttachMultipleTagsToObject(ctx, ids, obj)
}

// resolve returns the ids of the wanted tags, by category.
func (t *tagger) resolve(ctx context.Context, want map[string]string) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var ids []string
	for _, category := range slices.Sorted(maps.Keys(want)) {
		id, err := t.tag(ctx, category, want[category])
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// detachOthers takes off tags of the wanted categories that are not wanted.
func (t *tagger) detachOthers(ctx context.Context, obj types.ManagedObjectReference, want map[string]string, keep []string) error {
	attached, err := t.mgr.ListAttachedTags(ctx, obj)
	if err != nil {
		return err
	}
	if len(attached) <= len(keep) && !slices.ContainsFunc(attached, func(id string) bool { return !slices.Contains(keep, id) }) {
		return nil
	}
	ours, err := t.tagsOf(ctx, slices.Sorted(maps.Keys(want)))
	if err != nil {
		return err
	}
	for _, id := range keep {
		delete(ours, id)
	}
	var off []string
	for _, id := range attached {
		if ours[id] {
			off = append(off, id)
		}
	}
	if len(off) == 0 {
		return nil
	}
	return t.mgr.DetachMultipleTagsFromObject(ctx, off, obj)
}

// tag returns the id of a tag, making it when it is missing.
func (t *tagger) tag(ctx context.Context, category, name string) (string, error) {
	if id, ok := t.ids[category][name]; ok {
		return id, nil
	}
	cat, err := t.category(ctx, category)
	if err != nil {
		return "", err
	}
	id, err := t.mgr.CreateTag(ctx, &tags.Tag{Name: name, CategoryID: cat})
	if err == nil {
		t.remember(category, name, id)
		return id, nil
	}
	if !exists(err) {
		return "", err
	}
	// Made by another process: the interface finds tags by id only.
	if err := t.loadTags(ctx, category); err != nil {
		return "", err
	}
	if id, ok := t.ids[category][name]; ok {
		return id, nil
	}
	return "", err
}

func (t *tagger) remember(category, name, id string) {
	if t.ids[category] == nil {
		t.ids[category] = map[string]string{}
	}
	t.ids[category][name] = id
}

// tagsOf returns the ids of every tag of the categories.
func (t *tagger) tagsOf(ctx context.Context, categories []string) (map[string]bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ours := map[string]bool{}
	for _, category := range categories {
		if err := t.loadTags(ctx, category); err != nil {
			return nil, err
		}
		for _, id := range t.ids[category] {
			ours[id] = true
		}
	}
	return ours, nil
}

func (t *tagger) loadTags(ctx context.Context, category string) error {
	cat, err := t.category(ctx, category)
	if err != nil {
		return err
	}
	list, err := t.mgr.GetTagsForCategory(ctx, cat)
	if err != nil {
		return err
	}
	for _, tag := range list {
		t.remember(category, tag.Name, tag.ID)
	}
	return nil
}

// category returns the id of a category, making it when it is missing.
func (t *tagger) category(ctx context.Context, name string) (string, error) {
	for range 2 { // another process may make it after the list was read
		if err := t.loadCategories(ctx); err != nil {
			return "", err
		}
		if id, ok := t.categories[name]; ok {
			return id, nil
		}
		id, err := t.mgr.CreateCategory(ctx, &tags.Category{
			Name:            name,
			Description:     "Made by terraform-provider-psn",
			Cardinality:     "SINGLE",
			AssociableTypes: []string{"VirtualMachine", "Folder"},
		})
		if err == nil {
			t.categories[name] = id
			return id, nil
		}
		if !exists(err) {
			return "", err
		}
		t.categories = nil
	}
	return "", psn.Errorf(psn.Unavailable, "tagging service says that category %q exists, and does not list it: apply again; if that stays so, let the user read that category", name)
}

func (t *tagger) loadCategories(ctx context.Context) error {
	if t.categories != nil {
		return nil
	}
	list, err := t.mgr.GetCategories(ctx)
	if err != nil {
		return err
	}
	t.categories = map[string]string{}
	for _, c := range list {
		t.categories[c.Name] = c.ID
	}
	return nil
}

// exists recognises the REST interface's "already exists", which has no type.
func exists(err error) bool {
	return strings.Contains(err.Error(), "already_exists")
}
