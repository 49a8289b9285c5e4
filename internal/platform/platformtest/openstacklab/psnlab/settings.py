"""What a lab is like: read from PSN_LAB_* once, then kept in the lab's folder."""
import dataclasses
import json
import os
import sys
from pathlib import Path

SITES = ('acilia', 'pomezia', 'rozzano', 'santo-stefano-ticino')
SERVICES = ('compute', 'placement', 'network', 'volume', 'image')
CLASSES = ('standard', 'performance')  # storage classes, in every zone
MAX_DIR = 70  # a unix socket's path has 107 bytes, and those of the lab up to 37 more than its folder


class LabError(Exception):
    """Something the person at the keyboard can mend."""


@dataclasses.dataclass(frozen=True)
class Settings:
    dir: str
    sites: tuple = SITES
    port_base: int = 16000
    zones: int = 2                # per site
    hosts: int = 2                # hypervisors per zone
    host_vcpus: int = 32
    host_memory_gib: int = 128
    host_disk_gib: int = 4000
    real: bool = True             # a host with real guests, in a zone of its own of the first site
    virt: str = 'qemu'            # of that host: qemu (emulation) or kvm
    token_seconds: int = 86400    # how long a token lives
    token_cache_seconds: int = 1  # how long a service trusts a token it has checked

    @property
    def path(self):
        return Path(self.dir)

    @property
    def run(self):
        return self.path / 'run'

    @property
    def log(self):
        return self.path / 'log'

    @property
    def etc(self):
        return self.path / 'etc'

    @property
    def data(self):
        return self.path / 'data'

    @property
    def socket(self):
        return self.run / 'mysql.sock'

    def secret(self, name):
        return (self.path / 'secrets' / name).read_text().strip()

    def port(self, site, service, public=True):
        """Public ports speak TLS; a hundred further up is the service itself."""
        return self.port_base + 10 * (1 + self.sites.index(site)) + SERVICES.index(service) + (0 if public else 100)

    def identity_port(self, public=True):
        return self.port_base + (0 if public else 100)

    def identity_url(self, public=False):
        return '%s://127.0.0.1:%d/v3' % ('https' if public else 'http', self.identity_port(public))

    def url(self, site, service, public=False):
        return '%s://127.0.0.1:%d' % ('https' if public else 'http', self.port(site, service, public))

    def zone_names(self, site):
        return ['%s-az%d' % (site, n) for n in range(1, self.zones + 1)]

    def fake_hosts(self, site):
        """Zone -> names of the hosts whose guests do nothing."""
        return {z: ['%s-host%d' % (z, n) for n in range(1, self.hosts + 1)] for z in self.zone_names(site)}

    def real_zone(self, site):
        return site + '-real' if self.real and site == self.sites[0] else None

    def all_zones(self, site):
        return self.zone_names(site) + [z for z in [self.real_zone(site)] if z]

    def real_host(self, site):
        zone = self.real_zone(site)
        return zone + '-host1' if zone else None

    def database(self, service, site=None):
        return service if site is None else '%s_%s' % (service, site.replace('-', '_'))

    def database_url(self, service, site=None):
        return 'mysql+pymysql://root@localhost/%s?unix_socket=%s&charset=utf8mb4' % (
            self.database(service, site), self.socket)

    def volumes(self, site, zone, storage_class):
        return self.data / site / 'volumes' / zone / storage_class

    def save(self):
        (self.etc / 'settings.json').write_text(json.dumps(dataclasses.asdict(self), indent=1) + '\n')


def folder():
    """The lab's folder: PSN_LAB_DIR, else .openstack at the root of the project."""
    given = os.environ.get('PSN_LAB_DIR')
    path = Path(given) if given else Path(__file__).resolve().parents[5] / '.openstack'
    if not path.is_absolute():
        raise LabError('PSN_LAB_DIR is %s: give an absolute path' % path)
    if len(str(path)) > MAX_DIR:
        raise LabError('the folder %s is too long for unix sockets: set PSN_LAB_DIR to one of at most %d characters' % (path, MAX_DIR))
    return str(path)


def number(name, default, low, high):
    text = os.environ.get(name, str(int(default)))
    if not text.isdigit() or not low <= int(text) <= high:
        raise LabError('%s is %r: give a number from %d to %d' % (name, text, low, high))
    return int(text)


def from_environment():
    """What PSN_LAB_* ask for. Unset variables mean what the lab in the folder has, if there is one."""
    directory = folder()
    was = load(directory) if made(directory) else Settings(dir=directory)
    sites = tuple(os.environ.get('PSN_LAB_SITES', ' '.join(was.sites)).split())
    unknown = [s for s in sites if s not in SITES]
    if unknown or not sites or len(set(sites)) != len(sites):
        raise LabError('PSN_LAB_SITES is %r: name one or more of %s, each once' % (' '.join(sites), ', '.join(SITES)))
    virt = os.environ.get('PSN_LAB_VIRT', was.virt)
    if virt not in ('qemu', 'kvm'):
        raise LabError('PSN_LAB_VIRT is %r: give qemu or kvm' % virt)
    return Settings(
        dir=directory, sites=sites, virt=virt,
        port_base=number('PSN_LAB_PORT_BASE', was.port_base, 1024, 65000),
        zones=number('PSN_LAB_ZONES', was.zones, 1, 4),
        hosts=number('PSN_LAB_HOSTS', was.hosts, 1, 20),
        host_vcpus=number('PSN_LAB_HOST_VCPUS', was.host_vcpus, 1, 1024),
        host_memory_gib=number('PSN_LAB_HOST_MEMORY_GIB', was.host_memory_gib, 1, 16384),
        host_disk_gib=number('PSN_LAB_HOST_DISK_GIB', was.host_disk_gib, 1, 1000000),
        real=number('PSN_LAB_REAL', was.real, 0, 1) == 1,
        token_seconds=number('PSN_LAB_TOKEN_SECONDS', was.token_seconds, 5, 864000),
        token_cache_seconds=number('PSN_LAB_TOKEN_CACHE_SECONDS', was.token_cache_seconds, 1, 3600))


def made(directory):
    """Whether the folder holds a lab."""
    return os.path.exists(os.path.join(directory, 'etc', 'settings.json'))


def load(directory=None):
    """The settings that the lab in the folder was made with."""
    directory = directory or folder()
    try:
        with open(os.path.join(directory, 'etc', 'settings.json')) as f:
            values = json.load(f)
    except FileNotFoundError:
        raise LabError('there is no lab in %s: start one with make openstack-up' % directory) from None
    values.update(dir=directory, sites=tuple(values['sites']))
    return Settings(**values)


def differences(old, new):
    return ['%s was %s and is now %s' % (f.name, getattr(old, f.name), getattr(new, f.name))
            for f in dataclasses.fields(Settings) if getattr(old, f.name) != getattr(new, f.name)]


def die(message):
    print('error: %s' % message, file=sys.stderr)
    sys.exit(1)
