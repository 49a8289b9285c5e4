package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/patience"
)

// pageObjects bounds the objects in one answer, so that a large site neither
// exceeds the server's message limit nor a client's memory. Most sites fit in
// one page.
const pageObjects = 2000

// readView reads the given properties, by type, of everything below root. It
// costs three requests plus one per further page, whatever the number of objects.
func (s *Site) readView(ctx context.Context, root ref, props map[string][]string) ([]types.ObjectContent, error) {
	for try := 1; ; try++ {
		content, err := s.readViewOnce(ctx, root, props)
		// A view and a page token die with the session they were made in.
		if try == renewals || !(isFault[types.ManagedObjectNotFound](err) || isFault[types.InvalidArgument](err)) {
			return content, err
		}
	}
}

func (s *Site) readViewOnce(ctx context.Context, root ref, props map[string][]string) ([]types.ObjectContent, error) {
	var kinds []string
	var sets []types.PropertySpec
	for kind, paths := range props {
		kinds = append(kinds, kind)
		sets = append(sets, types.PropertySpec{Type: kind, PathSet: paths})
	}
	view, err := methods.CreateContainerView(ctx, s.conn.vim, &types.CreateContainerView{
		This: *s.conn.vim.ServiceContent.ViewManager, Container: root, Type: kinds, Recursive: true,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		// The view dies with the session anyway.
		_, _ = methods.DestroyView(patience.Bearing(context.WithoutCancel(ctx), partSilence), s.conn.vim, &types.DestroyView{This: view.Returnval})
	}()
	skip := true
	return s.retrieve(ctx, types.PropertyFilterSpec{
		PropSet: sets,
		ObjectSet: []types.ObjectSpec{{Obj: view.Returnval, Skip: &skip, SelectSet: []types.BaseSelectionSpec{
			&types.TraversalSpec{Type: "ContainerView", Path: "view"},
		}}},
	})
}

// readObjects reads properties of the objects at hand in one request; objects
// that are gone are left out.
func (s *Site) readObjects(ctx context.Context, kind string, paths []string, refs []types.ManagedObjectReference) ([]types.ObjectContent, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	gone := true
	spec := types.PropertyFilterSpec{
		PropSet:                       []types.PropertySpec{{Type: kind, PathSet: paths}},
		ReportMissingObjectsInResults: &gone,
	}
	for _, r := range refs {
		spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: r})
	}
	return s.retrieve(ctx, spec)
}

// readOne reads properties of one object into dst. A missing object is a
// ManagedObjectNotFound fault.
func (s *Site) readOne(ctx context.Context, ref types.ManagedObjectReference, paths []string, dst any) error {
	content, err := s.retrieve(ctx, types.PropertyFilterSpec{
		PropSet:   []types.PropertySpec{{Type: ref.Type, PathSet: paths}},
		ObjectSet: []types.ObjectSpec{{Obj: ref}},
	})
	if err != nil {
		return err
	}
	return mo.LoadObjectContent(present(content), dst)
}

// retrieve runs one property read with all its pages.
func (s *Site) retrieve(ctx context.Context, spec types.PropertyFilterSpec) ([]types.ObjectContent, error) {
	pc := s.conn.vim.ServiceContent.PropertyCollector
	res, err := methods.RetrievePropertiesEx(ctx, s.conn.vim, &types.RetrievePropertiesEx{
		This:    pc,
		SpecSet: []types.PropertyFilterSpec{spec},
		Options: types.RetrieveOptions{MaxObjects: s.page},
	})
	if err != nil {
		return nil, err
	}
	if res.Returnval == nil {
		return nil, nil
	}
	content := res.Returnval.Objects
	for token := res.Returnval.Token; token != ""; {
		next, err := methods.ContinueRetrievePropertiesEx(ctx, s.conn.vim, &types.ContinueRetrievePropertiesEx{This: pc, Token: token})
		if err != nil {
			return nil, err
		}
		content = append(content, next.Returnval.Objects...)
		token = next.Returnval.Token
	}
	return content, nil
}

// present drops the notes about properties that could not be read: an orphaned
// machine has no config, and it must not hide the others.
func present(content []types.ObjectContent) []types.ObjectContent {
	for i := range content {
		content[i].MissingSet = nil
	}
	return content
}

// load picks the objects of one kind.
func load[T any](content []types.ObjectContent, kind string) ([]T, error) {
	var same []types.ObjectContent
	for _, o := range content {
		if o.Obj.Type == kind {
			same = append(same, o)
		}
	}
	var out []T
	err := mo.LoadObjectContent(present(same), &out)
	return out, err
}
