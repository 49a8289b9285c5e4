"""Placement runs inside Nova's process and keeps a configuration of its own."""
from psnlab.conf import ini


def sections(settings, site):
    return {
        'DEFAULT': {},
        'placement_database': ini.database(settings, 'placement', site),
        'keystone_authtoken': ini.shared(settings, site)['keystone_authtoken'],
    }
