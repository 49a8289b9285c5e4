"""Servers and hypervisors of a site."""
from psnlab.conf import ini

FOLDERS = ('nova/instances', 'nova/mnt', 'lock')


def sections(settings, site):
    data = settings.data / site / 'nova'
    return {
        'DEFAULT': {
            **ini.base(settings, 'nova-' + site),
            # One per process. Drivers compare a server's host with it, and only
            # the one with real guests has anything to lose by that.
            'host': settings.real_host(site) or site + '-control',
            'my_ip': '127.0.0.1', 'state_path': data,
            'enabled_apis': 'osapi_compute', 'osapi_compute_listen': '127.0.0.1',
            'osapi_compute_listen_port': settings.port(site, 'compute', public=False), 'osapi_compute_workers': 1,
            'compute_driver': 'fake.FakeDriver',
            'default_availability_zone': settings.zone_names(site)[0],
            'default_schedule_zone': settings.zone_names(site)[0],
            'allow_resize_to_same_host': True, 'resume_guests_state_on_host_boot': True, 'sync_power_state_interval': -1,
            'initial_cpu_allocation_ratio': 4.0, 'initial_ram_allocation_ratio': 1.0, 'initial_disk_allocation_ratio': 1.0,
            'reserved_host_memory_mb': 0, 'report_interval': 20, 'service_down_time': 120, 'vif_plugging_timeout': 60,
            'force_config_drive': True, 'config_drive_format': 'iso9660', 'mkisofs_cmd': 'genisoimage'},
        'api': {'auth_strategy': 'keystone'},
        'wsgi': {'api_paste_config': '/usr/share/nova-common/api-paste.ini'},
        'api_database': ini.database(settings, 'nova_api', site),
        'database': ini.database(settings, 'nova', site),
        'quota': {'instances': 500, 'cores': 2000, 'ram': 4000000, 'server_groups': 500, 'server_group_members': 500},
        'scheduler': {'workers': 1, 'discover_hosts_in_cells_interval': 15},
        'filter_scheduler': {'track_instance_changes': False},
        'conductor': {'workers': 1},
        'glance': {'api_servers': settings.url(site, 'image'), 'num_retries': 1},
        'libvirt': {
            'connection_uri': 'qemu+unix:///system?socket=/run/libvirt/libvirt-sock', 'virt_type': settings.virt,
            'cpu_mode': 'none', 'images_type': 'qcow2', 'inject_partition': -2, 'num_pcie_ports': 12,
            'nfs_mount_point_base': data / 'mnt'},
        'vnc': {'enabled': False},
        'placement': ini.client(settings, site),
        'neutron': ini.client(settings, site, service_metadata_proxy=False),
        'cinder': {**ini.client(settings, site), 'os_region_name': site, 'catalog_info': 'volumev3::internalURL'},
        'service_user': {**ini.client(settings, site), 'send_service_user_token': True},
        **ini.shared(settings, site),
    }
