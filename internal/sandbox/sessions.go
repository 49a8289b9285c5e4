package sandbox

import (
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// sessions remembers whose each session is, which the simulator does not tell
// outside of SOAP.
type sessions struct {
	mu   sync.Mutex
	soap map[string]string // key -> user
	rest map[string]string
}

func newSessions() *sessions {
	return &sessions{soap: map[string]string{}, rest: map[string]string{}}
}

func (s *sessions) add(m map[string]string, key, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m[key] = user
}

func (s *sessions) user(m map[string]string, key string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := m[key]
	return u, ok
}

// soapUser returns the user of a live SOAP session.
func (c *Center) soapUser(key string) (string, bool) {
	user, ok := c.sessions.user(c.sessions.soap, key)
	if !ok {
		return "", false
	}
	sm := c.svc.Context.Map.SessionManager()
	body, ok := sm.SessionIsActive(c.context(), &types.SessionIsActive{SessionID: key, UserName: user}).(*methods.SessionIsActiveBody)
	return user, ok && body.Res != nil && body.Res.Returnval
}

// ExpireSessions ends every session, as a vCenter does after 30 idle minutes or
// when it restarts. The next call of each client is answered NotAuthenticated
// (SOAP) or 401 (REST and datastore).
func (c *Center) ExpireSessions() {
	c.sessions.mu.Lock()
	var keys []string
	for k := range c.sessions.soap {
		keys = append(keys, k)
	}
	clear(c.sessions.soap)
	clear(c.sessions.rest)
	c.sessions.mu.Unlock()
	sm := c.svc.Context.Map.SessionManager()
	for _, k := range keys { // one by one: the simulator stops at the first it does not know
		sm.TerminateSession(c.context(), &types.TerminateSession{SessionId: []string{k}})
	}
}

// sessionProxy stands before the session manager: passwords are the only way
// in, and every session is remembered.
type sessionProxy struct{ proxy }

func (p *sessionProxy) Login(ctx *simulator.Context, r *types.Login) soap.HasFault {
	res := ctx.Map.SessionManager().Login(ctx, r)
	if body, ok := res.(*methods.LoginBody); ok && body.Res != nil {
		p.c.sessions.add(p.c.sessions.soap, body.Res.Returnval.Key, r.UserName)
	}
	return res
}

func (p *sessionProxy) CloneSession(ctx *simulator.Context, r *types.CloneSession) soap.HasFault {
	res := ctx.Map.SessionManager().CloneSession(ctx, r)
	if body, ok := res.(*methods.CloneSessionBody); ok && body.Res != nil {
		p.c.sessions.add(p.c.sessions.soap, body.Res.Returnval.Key, body.Res.Returnval.UserName)
	}
	return res
}

func (p *sessionProxy) LoginByToken(*simulator.Context, *types.LoginByToken) soap.HasFault {
	return &methods.LoginByTokenBody{Fault_: simulator.Fault("tokens are not accepted", &types.InvalidLogin{})}
}

func (p *sessionProxy) LoginExtensionByCertificate(*simulator.Context, *types.LoginExtensionByCertificate) soap.HasFault {
	return &methods.LoginExtensionByCertificateBody{Fault_: simulator.Fault("client certificates are not accepted", &types.InvalidLogin{})}
}

func (p *sessionProxy) ImpersonateUser(*simulator.Context, *types.ImpersonateUser) soap.HasFault {
	return &methods.ImpersonateUserBody{Fault_: simulator.Fault("impersonation is not allowed", &types.InvalidLogin{})}
}
