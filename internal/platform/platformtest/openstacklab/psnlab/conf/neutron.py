"""Networks: the whole API, no agents."""
from psnlab.conf import ini

FOLDERS = ('neutron', 'lock')
DRIVER = 'agentless'


def sections(settings, site):
    return {
        'DEFAULT': {
            **ini.base(settings, 'neutron-' + site),
            'host': site + '-control', 'bind_host': '127.0.0.1',
            'bind_port': settings.port(site, 'network', public=False), 'state_path': settings.data / site / 'neutron',
            'api_paste_config': '/etc/neutron/api-paste.ini', 'auth_strategy': 'keystone',
            'core_plugin': 'ml2', 'service_plugins': 'router',
            'api_workers': 0, 'rpc_workers': 0, 'rpc_state_report_workers': 0,
            'dhcp_agent_notification': False, 'router_distributed': False, 'l3_ha': False, 'global_physnet_mtu': 1500,
            'notify_nova_on_port_status_changes': True, 'notify_nova_on_port_data_changes': True, 'send_events_interval': 1},
        'ml2': {'type_drivers': 'local,flat,vlan,vxlan', 'tenant_network_types': 'vxlan', 'mechanism_drivers': DRIVER,
                'extension_drivers': 'port_security'},
        'ml2_type_flat': {'flat_networks': '*'},
        'ml2_type_vlan': {'network_vlan_ranges': 'physical:100:199'},
        'ml2_type_vxlan': {'vni_ranges': '1:4000'},
        'securitygroup': {'enable_security_group': True},
        'quotas': {'quota_network': 500, 'quota_subnet': 500, 'quota_port': 2000, 'quota_router': 200, 'quota_floatingip': 200,
                   'quota_security_group': 500, 'quota_security_group_rule': 5000},
        'database': ini.database(settings, 'neutron', site),
        'nova': ini.client(settings, site, endpoint_type='internal'),
        'placement': ini.client(settings, site, endpoint_type='internal'),
        **ini.shared(settings, site),
    }
