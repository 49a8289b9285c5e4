"""Networks: API, RPC and the plugins' workers in one process, where upstream forks three."""
import sys

from neutron.common import eventlet_utils

eventlet_utils.monkey_patch()

from neutron import server, service  # noqa: E402
from neutron.plugins.ml2 import plugin  # noqa: E402,F401 what paste and stevedore load later
from neutron.server import wsgi_eventlet  # noqa: E402
from neutron.services.l3_router import l3_router_plugin  # noqa: E402,F401

from psnlab.serve import hub, wire  # noqa: E402


def unforked(workers_of):
    """Workers with a process count of zero run as threads of this process."""
    def workers(*args, **kwargs):
        found = workers_of(*args, **kwargs)
        for worker in found:
            worker._worker_process_count = 0
        return found
    return workers


def run(settings, site):
    hub.renew()
    wire.use()
    service._get_rpc_workers = unforked(service._get_rpc_workers)
    service._get_plugins_workers = unforked(service._get_plugins_workers)
    from psnlab.serve import ml2
    ml2.AgentlessDriver.real_host = settings.real_host(site)
    sys.argv += ['--config-file', str(settings.etc / ('neutron-%s.conf' % site))]
    server.boot_server(wsgi_eventlet.eventlet_wsgi_server)
