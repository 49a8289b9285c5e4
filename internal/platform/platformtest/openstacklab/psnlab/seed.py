"""What a lab holds when it is ready. Every step may be repeated."""
import concurrent.futures
import time

from psnlab import rest
from psnlab.conf.ini import SERVICE_USER
from psnlab.settings import CLASSES, LabError

# Type, name, service of the lab, path of the endpoint.
CATALOGUE = (
    ('compute', 'nova', 'compute', '/v2.1'),
    ('placement', 'placement', 'placement', ''),
    ('network', 'neutron', 'network', ''),
    ('volumev3', 'cinderv3', 'volume', '/v3/%(project_id)s'),
    ('block-storage', 'cinder', 'volume', '/v3/%(project_id)s'),
    ('image', 'glance', 'image', ''),
)
# Name, vCPUs, memory in MiB, disk in GiB; a disk of 0 boots from a volume only.
FLAVORS = (
    ('psn.tiny', 1, 512, 1), ('psn.small', 1, 2048, 20), ('psn.medium', 2, 4096, 40), ('psn.large', 4, 8192, 80),
    ('psn.xlarge', 8, 16384, 160), ('psn.v1m1', 1, 1024, 0), ('psn.v2m4', 2, 4096, 0), ('psn.v4m16', 4, 16384, 0),
)
UPLINK = 'public'      # the outside, as far as tenants' routers see
NETWORK = 'servers'    # shared by every project, routed to the outside
IMAGE = 'lab-guest'    # a guest that tells about itself; see guest.sh


def identity(settings):
    """Regions, catalogue and the user that services act as."""
    session = rest.Session(settings)
    call = session.identity
    have = {r['id'] for r in call('GET', '/regions')['regions']}
    for site in settings.sites:
        if site not in have:
            call('POST', '/regions', {'region': {'id': site}})
    services = {s['type']: s['id'] for s in call('GET', '/services')['services']}
    for kind, name, _, _ in CATALOGUE:
        if kind not in services:
            services[kind] = call('POST', '/services', {'service': {'type': kind, 'name': name}})['service']['id']
    have = {(e['service_id'], e['region_id'], e['interface']) for e in call('GET', '/endpoints')['endpoints']}
    for site in settings.sites:
        for interface in ('public', 'internal'):
            public = interface == 'public'
            wanted = [('identity', settings.identity_url(public))]
            wanted += [(kind, settings.url(site, service, public) + path) for kind, _, service, path in CATALOGUE]
            for kind, url in wanted:
                if (services[kind], site, interface) not in have:
                    call('POST', '/endpoints', {'endpoint': {
                        'service_id': services[kind], 'region_id': site, 'interface': interface, 'url': url}})
    project = named(call, 'project', {'name': 'service', 'domain_id': 'default'})
    user = named(call, 'user', {'name': SERVICE_USER, 'domain_id': 'default', 'password': settings.secret(SERVICE_USER)})
    for role in ('admin', 'service'):
        role_id = named(call, 'role', {'name': role})
        call('PUT', '/projects/%s/users/%s/roles/%s' % (project, user, role_id))


def named(call, kind, body):
    """The id of the object of that name, made when there is none."""
    found = call('GET', '/%ss?name=%s' % (kind, body['name']))[kind + 's']
    return found[0]['id'] if found else call('POST', '/%ss' % kind, {kind: body})[kind]['id']


def sites(settings, names, image=None):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for result in [pool.submit(one_site, settings, name, image) for name in names]:
            result.result()


def one_site(settings, name, image):
    site = rest.Session(settings).site(name)
    volume_types(site)
    networks(settings, site)
    flavors(site)
    if image:
        upload(site, image)
    zones(settings, site)


def zones(settings, site):
    """Waits for every hypervisor, then puts each in its zone."""
    members = settings.fake_hosts(site.name)
    if settings.real_zone(site.name):
        members = {**members, settings.real_zone(site.name): [settings.real_host(site.name)]}
    wanted = {host for hosts in members.values() for host in hosts}
    end = time.monotonic() + 180
    while True:
        found = site.call('compute', 'GET', '/os-hypervisors/detail')['hypervisors']
        missing = wanted - {h['service']['host'] for h in found if h['state'] == 'up'}
        if not missing:
            break
        if time.monotonic() > end:
            raise LabError('%s: hypervisors that did not come up: %s; see %s' % (
                site.name, ', '.join(sorted(missing)), settings.log / ('nova-%s.log' % site.name)))
        time.sleep(0.5)
    have = {a['name']: a for a in site.call('compute', 'GET', '/os-aggregates')['aggregates']}
    for zone, hosts in members.items():
        aggregate = have.get(zone) or site.call(
            'compute', 'POST', '/os-aggregates', {'aggregate': {'name': zone, 'availability_zone': zone}})['aggregate']
        for host in hosts:
            if host not in aggregate.get('hosts', ()):
                site.call('compute', 'POST', '/os-aggregates/%s/action' % aggregate['id'], {'add_host': {'host': host}})


def flavors(site):
    have = {f['name'] for f in site.call('compute', 'GET', '/flavors')['flavors']}
    for name, vcpus, ram, disk in FLAVORS:
        if name not in have:
            site.call('compute', 'POST', '/flavors', {'flavor': {'name': name, 'vcpus': vcpus, 'ram': ram, 'disk': disk}})


def volume_types(site):
    """A volume type for each storage class; Cinder's own nameless default goes."""
    have = {t['name']: t['id'] for t in site.call('volume', 'GET', '/types?is_public=None')['volume_types']}
    for name in CLASSES:
        if name not in have:
            site.call('volume', 'POST', '/types', {'volume_type': {
                'name': name, 'extra_specs': {'volume_backend_name': name}, 'os-volume-type-access:is_public': True}})
    if '__DEFAULT__' in have:
        site.call('volume', 'DELETE', '/types/' + have['__DEFAULT__'])


def networks(settings, site):
    """An outside network, and one that all projects share, with a router between."""
    n = settings.sites.index(site.name)

    def network(name, cidr, **fields):
        found = site.call('network', 'GET', '/networks?name=' + name)['networks']
        net = found[0] if found else site.call('network', 'POST', '/networks', {'network': {'name': name, **fields}})['network']
        if net['subnets']:
            return net['id'], net['subnets'][0]
        return net['id'], site.call('network', 'POST', '/subnets', {'subnet': {
            'name': name, 'network_id': net['id'], 'ip_version': 4, 'cidr': cidr, 'enable_dhcp': False}})['subnet']['id']

    outside, _ = network(UPLINK, '198.18.%d.0/24' % n, **{
        'router:external': True, 'provider:network_type': 'flat', 'provider:physical_network': 'outside'})
    _, subnet = network(NETWORK, '10.%d.0.0/16' % (64 + n), shared=True)
    found = site.call('network', 'GET', '/routers?name=' + NETWORK)['routers']
    router = found[0] if found else site.call('network', 'POST', '/routers', {'router': {
        'name': NETWORK, 'external_gateway_info': {'network_id': outside}}})['router']
    ports = '/ports?device_id=%s&device_owner=network:router_interface' % router['id']
    if not site.call('network', 'GET', ports)['ports']:
        site.call('network', 'PUT', '/routers/%s/add_router_interface' % router['id'], {'subnet_id': subnet})


def upload(site, image):
    """Uploads the guest's disk as an image that every project may use."""
    found = site.call('image', 'GET', '/images?name=' + IMAGE)['images']
    if any(i['status'] == 'active' and i.get('lab_build') == image.stem for i in found):
        return
    for stale in found:
        site.call('image', 'DELETE', '/images/' + stale['id'])
    made = site.call('image', 'POST', '/images', {
        'name': IMAGE, 'disk_format': 'raw', 'container_format': 'bare', 'visibility': 'public', 'min_ram': 256,
        'lab_build': image.stem})
    with open(image, 'rb') as content:
        site.call('image', 'PUT', '/images/%s/file' % made['id'], content, **{
            'Content-Type': 'application/octet-stream', 'Content-Length': str(image.stat().st_size)})


def revoke(settings):
    """Ends every token of the administrator: what a change of password does, here to the same one."""
    session = rest.Session(settings, SERVICE_USER, 'service')
    admin = named(session.identity, 'user', {'name': 'admin'})
    session.identity('PATCH', '/users/' + admin, {'user': {'password': settings.secret('admin')}})
    # Keystone counts in seconds: a token issued within this one would be taken for revoked.
    time.sleep(1.1)
