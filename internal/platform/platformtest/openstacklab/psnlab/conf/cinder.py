"""Volumes: sparse files, a back end for each storage class of each zone.

Cinder's NFS driver takes a folder of this machine for a share (see
psnlab.namespace): its volumes are plain files, whose bytes a test may look at.
"""
from psnlab.conf import ini
from psnlab.settings import CLASSES

FOLDERS = ('cinder/conversion', 'cinder/coordination', 'cinder/mnt', 'lock')


def sections(settings, site):
    data = settings.data / site / 'cinder'
    zones = settings.all_zones(site)
    out = {
        'DEFAULT': {
            **ini.base(settings, 'cinder-' + site),
            'host': site + '-control', 'my_ip': '127.0.0.1', 'state_path': data,
            'image_conversion_dir': data / 'conversion', 'auth_strategy': 'keystone',
            'api_paste_config': '/usr/share/cinder-common/api-paste.ini',
            'resource_query_filters_file': '/etc/cinder/resource_filters.json', 'rootwrap_config': '/etc/cinder/rootwrap.conf',
            'osapi_volume_listen': '127.0.0.1', 'osapi_volume_listen_port': settings.port(site, 'volume', public=False),
            'osapi_volume_workers': 1,
            'enabled_backends': ','.join('%s-%s' % (z, c) for z in zones for c in CLASSES),
            'default_volume_type': CLASSES[0], 'storage_availability_zone': zones[0], 'default_availability_zone': zones[0],
            'glance_api_servers': settings.url(site, 'image'),
            'scheduler_default_filters': 'AvailabilityZoneFilter,CapacityFilter,CapabilitiesFilter',
            'quota_volumes': 2000, 'quota_snapshots': 2000, 'quota_gigabytes': 200000, 'quota_backups': 100,
            'report_interval': 20, 'service_down_time': 120},
        'database': ini.database(settings, 'cinder', site),
        'coordination': {'backend_url': 'file://%s/coordination' % data},
        'nova': ini.client(settings, site, interface='internal'),
        'service_user': {**ini.client(settings, site), 'send_service_user_token': True},
        **ini.shared(settings, site),
    }
    for zone in zones:
        for storage_class in CLASSES:
            name = '%s-%s' % (zone, storage_class)
            folder = settings.volumes(site, zone, storage_class)
            folder.mkdir(parents=True, exist_ok=True)
            shares = settings.etc / ('cinder-%s.shares' % name)
            shares.write_text('127.0.0.1:%s\n' % folder)
            out[name] = {
                'volume_driver': 'cinder.volume.drivers.nfs.NfsDriver', 'volume_backend_name': storage_class,
                'backend_availability_zone': zone, 'nfs_shares_config': shares, 'nfs_mount_point_base': data / 'mnt',
                'nfs_snapshot_support': True, 'nfs_sparsed_volumes': True, 'max_over_subscription_ratio': 100.0,
                'nas_secure_file_operations': False, 'nas_secure_file_permissions': False}
    return out
