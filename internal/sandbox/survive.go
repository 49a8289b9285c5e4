package sandbox

import (
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// The simulator trusts its input and panics on what it does not foresee. One
// such call must fail alone: not with its vCenter, nor with the four others.

// locked runs f with the object's lock, which it gives back whatever happens.
func locked(ctx *simulator.Context, obj mo.Reference, f func()) {
	defer ctx.Map.AcquireLock(ctx, obj)()
	f()
}

// survive makes a task that panics end with a fault.
func survive(run func(*simulator.Task) (types.AnyType, types.BaseMethodFault)) func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
	return func(t *simulator.Task) (res types.AnyType, fault types.BaseMethodFault) {
		defer func() {
			if r := recover(); r != nil {
				logPanic(t.Info.DescriptionId, r)
				res, fault = nil, &types.SystemError{Reason: fmt.Sprintf("%s: %v", t.Info.DescriptionId, r)}
			}
		}()
		return run(t)
	}
}

// serveSDK passes a SOAP request on; a handler that panics is answered with a fault.
func (c *Center) serveSDK(w http.ResponseWriter, r *http.Request) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler { //nolint:errorlint // net/http knows it by identity
			panic(p)
		}
		logPanic(r.URL.Path, p)
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(w, systemError, escaped(fmt.Sprint(p)))
	}()
	c.svc.ServeMux.ServeHTTP(w, r)
}

// systemError is a SOAP answer; its one verb is the reason.
const systemError = xml.Header + `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>A general system error occurred: %[1]s</faultstring><detail><SystemErrorFault xmlns="urn:vim25" xsi:type="SystemError"><reason>%[1]s</reason></SystemErrorFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a buffer does not fail
	return b.String()
}

func logPanic(where string, p any) {
	slog.Error("the simulator panicked; the call failed", "call", where, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}
