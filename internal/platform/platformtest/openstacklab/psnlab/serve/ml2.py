"""Neutron's view of hosts without agents: every port can be bound, and is up at once.

On the host with real guests a port becomes a tap on a plain Linux bridge, one
for each network: layer 2 only, without DHCP, routing or filtering.
"""
from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.plugins import constants as plugins, directory
from neutron_lib.plugins.ml2 import api
from oslo_log import log

LOG = log.getLogger(__name__)


class AgentlessDriver(api.MechanismDriver):
    real_host = None  # set before Neutron starts

    def initialize(self):
        registry.subscribe(self.floating_ip_written, resources.FLOATING_IP, events.AFTER_CREATE)
        registry.subscribe(self.floating_ip_written, resources.FLOATING_IP, events.AFTER_UPDATE)

    @property
    def connectivity(self):
        return portbindings.CONNECTIVITY_L2

    def bind_port(self, context):
        kind = portbindings.VIF_TYPE_BRIDGE if context.host == self.real_host else portbindings.VIF_TYPE_OVS
        segment = context.segments_to_bind[0]
        context.set_binding(segment[api.ID], kind, {portbindings.CAP_PORT_FILTER: True}, status=constants.PORT_STATUS_ACTIVE)

    def create_port_postcommit(self, context):
        """Ports of routers have no host to be bound on: elsewhere an agent reports them up."""
        port = context.current
        if port['device_owner'].startswith(constants.DEVICE_OWNER_NETWORK_PREFIX) and port['status'] != constants.PORT_STATUS_ACTIVE:
            directory.get_plugin().update_port_status(context._plugin_context, port['id'], constants.PORT_STATUS_ACTIVE)

    def floating_ip_written(self, resource, event, trigger, payload):
        """A floating IP is active when a router carries it: elsewhere the router's agent says so."""
        address = payload.latest_state
        status = constants.FLOATINGIP_STATUS_ACTIVE if address.get('router_id') else constants.FLOATINGIP_STATUS_DOWN
        try:
            directory.get_plugin(plugins.L3).update_floatingip_status(payload.context, address['id'], status)
        except Exception:  # deleted in the meantime
            LOG.exception('status of floating IP %s', address['id'])
