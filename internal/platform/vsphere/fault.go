package vsphere

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/italia/terraform-provider-psn/internal/platform/trust"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

// taskError is the fault with which a task ended.
type taskError struct{ types.LocalizedMethodFault }

func (e *taskError) Error() string {
	if e.LocalizedMessage != "" {
		return e.LocalizedMessage
	}
	return faultName(e.Fault)
}

// faultOf digs the vSphere fault out of a SOAP fault, a property fault or a
// failed task; nil when err is none of these.
func faultOf(err error) types.AnyType {
	for ; err != nil; err = errors.Unwrap(err) {
		var te *taskError
		switch {
		case errors.As(err, &te):
			return te.Fault
		case soap.IsSoapFault(err):
			return soap.ToSoapFault(err).VimFault()
		case soap.IsVimFault(err):
			return soap.ToVimFault(err)
		}
	}
	return nil
}

// faultName is the fault's type, whether it came by value (SOAP) or by pointer
// (tasks).
func faultName(f types.AnyType) string {
	t := reflect.TypeOf(f)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// isFault reports whether err carries a fault of type T.
func isFault[T any](err error) bool {
	switch faultOf(err).(type) {
	case T, *T:
		return true
	}
	return false
}

// coded gives err a psn.Code. doing says what was tried, for example
// "create virtual machine p_bs/db-1".
func (s *Site) coded(doing string, err error) error {
	if err == nil {
		return nil
	}
	var own *psn.Error
	if errors.As(err, &own) && faultOf(err) == nil && trust.Untrusted(err) == nil {
		return &psn.Error{Code: own.Code, Err: fmt.Errorf("%s: %w", doing, err)}
	}
	code, reason := s.classify(err)
	return &psn.Error{Code: code, Err: fmt.Errorf("%s: %w", doing, reason)}
}

// classify maps an error to its code and, where the original text says too
// little, to a better one.
func (s *Site) classify(err error) (psn.Code, error) {
	if u := trust.Untrusted(err); u != nil {
		return psn.Untrusted, fmt.Errorf("%s: %w", s.cfg.Endpoint, u)
	}
	if f := faultOf(err); f != nil {
		return s.classifyFault(f, err)
	}
	if rest.IsStatusError(cause(err), http.StatusForbidden) {
		return psn.Forbidden, fmt.Errorf("user %q lacks the privilege to tag at %s: %w", s.cfg.Username, s.cfg.Endpoint, err)
	}
	if rest.IsStatusError(cause(err), http.StatusUnauthorized) {
		return psn.Unauthenticated, s.refused()
	}
	var netErr net.Error
	var urlErr *url.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return psn.Unavailable, err
	case errors.As(err, &urlErr), errors.As(err, &netErr):
		return psn.Unavailable, fmt.Errorf("no answer from %s: %w", s.cfg.Endpoint, cause(err))
	}
	return psn.Internal, err
}

// cause drops the method and path that url.Error puts in front.
func cause(err error) error {
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		return urlErr.Err
	}
	return err
}

func (s *Site) classifyFault(f types.AnyType, err error) (psn.Code, error) {
	switch f := f.(type) {
	case types.NoPermission:
		return psn.Forbidden, s.forbidden(f)
	case *types.NoPermission:
		return psn.Forbidden, s.forbidden(*f)
	case types.InvalidLogin, *types.InvalidLogin, types.NotAuthenticated, *types.NotAuthenticated:
		return psn.Unauthenticated, s.refused()
	}
	if code, ok := faultCodes[faultName(f)]; ok {
		return code, named(f, err)
	}
	return psn.Internal, named(f, err)
}

// named adds the fault's type, which is what an operator searches for.
func named(f types.AnyType, err error) error {
	name := faultName(f)
	if strings.Contains(err.Error(), name) {
		return err
	}
	return fmt.Errorf("%w (%s)", err, name)
}

func (s *Site) refused() error {
	return fmt.Errorf("%s refuses user %q: check username and the password behind password_env or password_file", s.cfg.Endpoint, s.cfg.Username)
}

func (s *Site) forbidden(f types.NoPermission) error {
	what := ""
	if f.PrivilegeId != "" {
		what += " " + f.PrivilegeId
	}
	if f.Object != nil {
		what += " on " + f.Object.Value
	}
	return fmt.Errorf("user %q lacks the privilege%s at %s", s.cfg.Username, what, s.cfg.Endpoint)
}

// faultCodes lists the faults that mean more than "internal".
var faultCodes = map[string]psn.Code{
	"ManagedObjectNotFound": psn.NotFound,
	"NotFound":              psn.NotFound,
	"FileNotFound":          psn.NotFound,
	"DuplicateName":         psn.AlreadyExists,
	"AlreadyExists":         psn.AlreadyExists,
	"FileAlreadyExists":     psn.AlreadyExists,
	"InvalidPowerState":     psn.Conflict,
	"InvalidState":          psn.Conflict,
	// Refused because something else is at work: a backup, a move between
	// hosts. Nothing was done, and asking again may succeed.
	"TaskInProgress":                     psn.Unavailable,
	"ResourceInUse":                      psn.Unavailable,
	"FileLocked":                         psn.Unavailable,
	"CpuHotPlugNotSupported":             psn.Conflict,
	"MemoryHotPlugNotSupported":          psn.Conflict,
	"ToolsUnavailable":                   psn.Conflict,
	"SnapshotDisabled":                   psn.Conflict,
	"NoDiskSpace":                        psn.Exhausted,
	"InsufficientResourcesFault":         psn.Exhausted,
	"InsufficientCpuResourcesFault":      psn.Exhausted,
	"InsufficientFailoverResourcesFault": psn.Exhausted,
	"InsufficientStorageSpace":           psn.Exhausted,
	"RuleViolation":                      psn.Exhausted,
	"InvalidDeviceOperation":             psn.InvalidInput,
	"InaccessibleDatastore":              psn.Unavailable,
	"InvalidDatastore":                   psn.InvalidInput,
	"InvalidDatastorePath":               psn.InvalidInput,
	"InvalidArgument":                    psn.InvalidInput,
	"InvalidName":                        psn.InvalidInput,
	"InvalidDeviceSpec":                  psn.InvalidInput,
	"InvalidVmConfig":                    psn.InvalidInput,
	"UnsupportedGuest":                   psn.InvalidInput,
	"MethodNotFound":                     psn.Unsupported,
	"NotSupported":                       psn.Unsupported,
	"HostNotConnected":                   psn.Unavailable,
	"HostCommunication":                  psn.Unavailable,
	"RequestCanceled":                    psn.Unavailable,
	"InsufficientMemoryResourcesFault":   psn.Exhausted,
}
