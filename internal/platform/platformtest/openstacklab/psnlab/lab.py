"""Bringing a lab up and down, whole or one site of it."""
import concurrent.futures
import os
import secrets
import shutil
import socket
import urllib.error
import urllib.request
import base64

from psnlab import conf, database, edge, guests, namespace, process, publish, seed
from psnlab import settings as settings_module
from psnlab.conf import keystone
from psnlab.conf.ini import SERVICE_USER
from psnlab.process import NAMESPACE, Process
from psnlab.settings import LabError

TIMEOUT = int(os.environ.get('PSN_LAB_TIMEOUT', '300'))  # seconds to wait for any one process
FORKED = ('nova', 'neutron', 'cinder', 'glance')         # a process for each site


def up(settings, say):
    prepare_folder(settings)
    check_ports(settings)
    conf.write_all(settings)
    namespace.start(settings)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        image = pool.submit(guests.image, settings) if settings.real else None
        database.prepare(settings, say)
        identity(settings)
        say('identity answers')
        start_sites(settings, settings.sites)
        say('services answer')
        seed.sites(settings, settings.sites, image.result() if image else None)
    publish.write(settings)


def prepare_folder(settings):
    for folder in (settings.path, settings.run, settings.log, settings.etc, settings.data, settings.path / 'bin',
                   settings.path / 'tmp', settings.path / 'secrets'):
        folder.mkdir(parents=True, exist_ok=True)
    settings.path.chmod(0o700)
    for name in ('admin', SERVICE_USER):
        path = settings.path / 'secrets' / name
        if not path.exists():
            path.write_text(secrets.token_urlsafe(24) + '\n')
    for kind in ('fernet', 'credential'):
        keys = keystone.keys(settings, kind)
        if not keys.exists():
            keys.mkdir(parents=True)
            for number in ('0', '1'):  # the next key and the present one, as keystone-manage makes them
                (keys / number).write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
    settings.save()
    from psnlab import tls  # needs what the services' packages bring
    tls.make(settings)


def check_ports(settings):
    """Fails before anything is started when a port is another program's."""
    if process.recorded(settings):
        return
    for port in [settings.identity_port(p) for p in (True, False)] + [
            settings.port(site, s, p) for site in settings.sites for s in settings_module.SERVICES for p in (True, False)]:
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(('127.0.0.1', port))
            except OSError as e:
                raise LabError('port %d of 127.0.0.1: %s; set PSN_LAB_PORT_BASE to a base with 150 free ports' % (port, e.strerror)) from None


def identity(settings):
    """Starts Keystone, with its administrator, and puts the catalogue in it."""
    done = database.files(settings) / 'lab-identity'
    if not done.exists():
        process.run(settings, 'identity.log', [
            'keystone-manage', '--config-file', settings.etc / 'keystone.conf', 'bootstrap',
            '--bootstrap-region-id', settings.sites[0], '--bootstrap-public-url', settings.identity_url(public=True),
            '--bootstrap-internal-url', settings.identity_url()], OS_BOOTSTRAP_PASSWORD=settings.secret('admin'))
    service = Process(settings, 'keystone')
    service.start(['/usr/bin/python3', '-m', 'psnlab.serve.keystone', str(settings.path)])
    service.await_(lambda: responds(settings.identity_url()), 'answer', TIMEOUT)
    edge.start(settings)
    if not done.exists():
        seed.identity(settings)
        done.touch()


def start_sites(settings, sites):
    if settings.real and settings.sites[0] in sites:
        guests.start(settings)
    # In turn, so that one import at a time has the machine to itself.
    for service in FORKED:
        if any(Process(settings, '%s-%s' % (service, s)).pid is None for s in sites):
            process.run(settings, 'serve-%s.log' % service,
                        ['/usr/bin/python3', '-m', 'psnlab.serve', settings.path, service, *sites])
    for site in sites:
        for kind, service in (('compute', 'nova'), ('placement', 'nova'), ('network', 'neutron'), ('volume', 'cinder'), ('image', 'glance')):
            url = settings.url(site, kind) + '/'
            Process(settings, '%s-%s' % (service, site)).await_(lambda: responds(url), 'answer', TIMEOUT)
        edge.start(settings, site)


def responds(url):
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5).close()
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def stop_sites(settings, sites):
    """Ends the services of sites; guests that run go on, as on a cloud whose control plane is down."""
    for site in sites:
        edge.process(settings, site).stop(patience=1)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda name: Process(settings, name).stop(), ['%s-%s' % (f, s) for s in sites for f in FORKED]))


def start_again(settings, sites):
    start_sites(settings, sites)
    seed.sites(settings, sites)


def down(settings, wipe):
    stop_sites(settings, settings.sites)
    edge.process(settings).stop(patience=1)
    Process(settings, 'keystone').stop(patience=3)
    if settings.real:
        guests.end(settings)
    database.stop(settings, kill=wipe)
    Process(settings, NAMESPACE).stop(patience=2)
    left = [p.name for p in process.recorded(settings) if p.pid]
    if left:
        raise LabError('still running: %s' % ', '.join(left))
    if wipe:
        shutil.rmtree(settings.path)


def status(settings):
    """One row for each process: name, whether it runs, memory in bytes."""
    rows = []
    for p in process.recorded(settings):
        pss, rss = p.memory() if p.pid else (0, 0)
        rows.append({'name': p.name, 'pid': p.pid, 'pss': pss, 'rss': rss, 'log': str(p.log)})
    return rows


