package vsphere

import (
	"context"
	"net/http"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// authorize puts the SOAP session's cookie on a plain HTTP request.
func (s *session) authorize(req *http.Request) error {
	for _, c := range s.soap.Jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
	return nil
}

// reauthenticate makes sure that the session lives: any SOAP call renews it
// when it has ended.
func (s *session) reauthenticate(ctx context.Context) error {
	_, err := methods.CurrentTime(ctx, s.vim, &types.CurrentTime{This: vim25.ServiceInstance})
	return err
}
