"""Files for those who use the lab: clouds.yaml, psn.yaml and lab.json."""
import json
import os
from pathlib import Path

from psnlab import seed, tls
from psnlab.settings import CLASSES

CLOUD = '''  {cloud}:
    region_name: {site}
    interface: public
    identity_api_version: 3
    cacert: {ca}
    auth:
      auth_url: {url}
      username: admin
      password: {password}
      project_name: admin
      user_domain_name: Default
      project_domain_name: Default
'''
SITE = '''  {site}:
    openstack:
      clouds_file: clouds.yaml
      cloud: {cloud}
      ca_file: ca.pem
      create_flavors: true
      uplink: {uplink}
      default_network: {network}
'''


def cloud(site):
    return 'lab-' + site


def write(settings):
    url, ca = settings.identity_url(public=True), tls.ca_file(settings)
    put(settings.path / 'clouds.yaml', '# Of the lab in this folder; written by each start of it.\nclouds:\n' + ''.join(
        CLOUD.format(cloud=cloud(s), site=s, ca=ca, url=url, password=settings.secret('admin')) for s in settings.sites))
    put(settings.path / 'psn.yaml', 'version: 1\nsites:\n' + ''.join(
        SITE.format(site=s, cloud=cloud(s), uplink=seed.UPLINK, network=seed.NETWORK) for s in settings.sites)
        + 'engine:\n  dir: engine\nstate_dir: state\n')
    put(settings.path / 'lab.json', json.dumps(describe(settings), indent=1) + '\n')


def describe(settings):
    """What lab.json says; the Go package beside this one reads it."""
    return {
        'command': str(Path(__file__).resolve().parents[1] / 'lab'),
        'auth_url': settings.identity_url(public=True),
        'ca_file': str(tls.ca_file(settings)),
        'clouds_file': str(settings.path / 'clouds.yaml'),
        'config_file': str(settings.path / 'psn.yaml'),
        'sites': {site: {
            'region': site,
            'cloud': cloud(site),
            'zones': settings.zone_names(site),
            'real_zone': settings.real_zone(site) or '',
            'hosts_per_zone': settings.hosts,
            'storage_classes': list(CLASSES),
            'flavors': [f[0] for f in seed.FLAVORS],
            'uplink': seed.UPLINK,
            'network': seed.NETWORK,
            'image': seed.IMAGE if settings.real else '',
            'endpoints': {kind: settings.url(site, service, public=True) for kind, _, service, _ in seed.CATALOGUE},
            'volumes_dir': str(settings.data / site / 'volumes'),
            'images_dir': str(settings.data / site / 'glance' / 'images'),
        } for site in settings.sites}}


def put(path, text):
    part = path.with_suffix('.part')
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
        f.write(text)
    part.rename(path)
