"""Images: files of one folder."""
from psnlab.conf import ini

FOLDERS = ('glance/images', 'glance/staging', 'glance/tasks', 'glance/cache', 'lock')


def sections(settings, site):
    data = settings.data / site / 'glance'
    url = settings.url(site, 'image')
    return {
        'DEFAULT': {
            **ini.base(settings, 'glance-' + site),
            'bind_host': '127.0.0.1', 'bind_port': settings.port(site, 'image', public=False), 'workers': 0,
            'public_endpoint': settings.url(site, 'image', public=True), 'worker_self_reference_url': url,
            'enabled_backends': 'disk:file', 'node_staging_uri': 'file://%s/staging' % data, 'image_cache_dir': data / 'cache'},
        'glance_store': {'default_backend': 'disk'},
        'disk': {'filesystem_store_datadir': data / 'images'},
        'os_glance_tasks_store': {'filesystem_store_datadir': data / 'tasks'},
        'os_glance_staging_store': {'filesystem_store_datadir': data / 'staging'},
        'database': ini.database(settings, 'glance', site),
        'paste_deploy': {'flavor': 'keystone', 'config_file': '/usr/share/glance-common/glance-api-paste.ini'},
        **ini.shared(settings, site),
    }
