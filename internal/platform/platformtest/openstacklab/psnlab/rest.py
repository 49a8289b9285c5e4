"""A small client of OpenStack's APIs, with what seeding a lab needs."""
import json
import urllib.error
import urllib.request


class HTTPError(Exception):
    def __init__(self, method, url, status, body):
        super().__init__('%s %s: %d %s' % (method, url, status, body[:500]))
        self.status = status


# Never through a proxy: the lab is on loopback.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def send(method, url, body=None, headers=None, timeout=60):
    """Sends a request; returns headers and decoded body."""
    headers = {'Accept': 'application/json', **(headers or {})}
    if body is not None and not hasattr(body, 'read'):
        body = json.dumps(body).encode()
        headers.setdefault('Content-Type', 'application/json')
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with OPENER.open(request, timeout=timeout) as response:
            data = response.read()
            return response.headers, json.loads(data) if data else None
    except urllib.error.HTTPError as e:
        raise HTTPError(method, url, e.code, e.read().decode(errors='replace')) from None


class Session:
    """An authenticated user of one project, inside the lab (no TLS)."""

    def __init__(self, settings, user='admin', project='admin'):
        self.settings = settings
        domain = {'id': 'default'}
        body = {'auth': {
            'identity': {'methods': ['password'], 'password': {'user': {
                'name': user, 'domain': domain, 'password': settings.secret(user)}}},
            'scope': {'project': {'name': project, 'domain': domain}}}}
        headers, answer = send('POST', settings.identity_url() + '/auth/tokens', body)
        self.token = headers['X-Subject-Token']
        self.project = answer['token']['project']['id']

    def call(self, method, url, body=None, **headers):
        return send(method, url, body, {'X-Auth-Token': self.token, **headers})[1]

    def identity(self, method, path, body=None):
        return self.call(method, self.settings.identity_url() + path, body)

    def site(self, site):
        return Site(self, site)


class Site:
    """The services of one site."""

    def __init__(self, session, site):
        self.session = session
        self.name = site
        url = {s: session.settings.url(site, s) for s in ('compute', 'network', 'volume', 'image')}
        self.base = {'compute': url['compute'] + '/v2.1', 'network': url['network'] + '/v2.0', 'image': url['image'] + '/v2',
                     'volume': url['volume'] + '/v3/' + session.project}

    def call(self, service, method, path, body=None, **headers):
        return self.session.call(method, self.base[service] + path, body, **headers)
