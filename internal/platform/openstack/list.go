package openstack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/gophercloud/gophercloud/v2"
)

// pageObjects is how many objects are asked for at once. Services may give
// fewer; most regions fit in one page.
const pageObjects = "1000"

// list reads every object of a collection, page by page. path is below the
// client's resource base, key is the collection's name in the answer, id makes
// the marker from which the next page goes on. Links to next pages are not
// followed but only heeded: behind a gateway they often name another address.
func list[T any](ctx context.Context, c *gophercloud.ServiceClient, path string, query url.Values, key string, id func(T) string) ([]T, error) {
	q := url.Values{}
	for k, v := range query {
		q[k] = v
	}
	q.Set("limit", pageObjects)
	out := []T{}
	for {
		var page map[string]json.RawMessage
		if err := get(ctx, c, path+"?"+q.Encode(), &page); err != nil {
			return nil, err
		}
		var some []T
		if err := json.Unmarshal(page[key], &some); err != nil {
			return nil, fmt.Errorf("list of %s is not readable: %w", key, err)
		}
		out = append(out, some...)
		if len(some) == 0 || !more(page, key) {
			return out, nil
		}
		q.Set("marker", id(some[len(some)-1]))
	}
}

// more reports whether a page says that another follows: as "<key>_links"
// (Nova, Cinder, Neutron) or "next" (Glance). Keystone's way is in projects.
func more(page map[string]json.RawMessage, key string) bool {
	var links []struct{ Rel string }
	if json.Unmarshal(page[key+"_links"], &links) == nil {
		for _, l := range links {
			if l.Rel == "next" {
				return true
			}
		}
	}
	var next string
	return json.Unmarshal(page["next"], &next) == nil && next != ""
}

// get reads one object into out; path is below the client's resource base.
func get(ctx context.Context, c *gophercloud.ServiceClient, path string, out any) error {
	_, err := c.Get(ctx, c.ServiceURL(path), out, nil) //nolint:bodyclose // the client reads it to its end and closes it
	return err
}

// send makes a request with a JSON body, nil for none, and reads the answer into
// out, nil for none. Any 2xx is success.
func send(ctx context.Context, c *gophercloud.ServiceClient, method, path string, body, out any) error {
	_, err := c.Request(ctx, method, c.ServiceURL(path), &gophercloud.RequestOpts{ //nolint:bodyclose // as above
		JSONBody: body, JSONResponse: out, OkCodes: []int{200, 201, 202, 204},
	})
	return err
}
