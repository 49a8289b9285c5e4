"""Volumes: API, scheduler and all back ends of a site in one process."""
import eventlet

eventlet.monkey_patch()

import __original_module_threading as original_threading  # noqa: E402
import threading  # noqa: E402

original_threading.current_thread.__globals__['_active'] = threading._active  # as cinder.cmd does

import os_brick  # noqa: E402
import os_brick.privileged  # noqa: E402
from cinder import i18n  # noqa: E402

i18n.enable_lazy()
from cinder import objects  # noqa: E402

objects.register_all()
import cinder.api.v3.router  # noqa: E402,F401 what paste loads later
import cinder.cmd.volume as volume_command  # noqa: E402 also registers options
import cinder.db.sqlalchemy.api  # noqa: E402,F401
import cinder.privsep  # noqa: E402
import cinder.scheduler.host_manager  # noqa: E402
import cinder.scheduler.manager  # noqa: E402,F401
import cinder.volume.drivers.nfs  # noqa: E402,F401
import cinder.volume.manager  # noqa: E402,F401
from cinder import context, coordination, rpc, service, utils, version  # noqa: E402
from cinder.common import config, constants  # noqa: E402
from oslo_config import cfg  # noqa: E402
from oslo_log import log as logging  # noqa: E402
from oslo_service import service as oslo_service  # noqa: E402

from psnlab.serve import hub, wire  # noqa: E402

CONF = cfg.CONF
LOG = logging.getLogger(__name__)

# Over a message queue this would arrive as the dictionary that the API takes it for.
cinder.scheduler.host_manager.ReadOnlyDict.copy = lambda self: dict(self)


class Service(service.Service):
    """One of several services of a process. The original's heartbeat takes its row
    from the class, where the last one to start has left its own."""

    def report_state(self):
        if not self.manager.is_working():
            return
        try:
            row = objects.Service.get_by_id(context.get_admin_context(), self.origin_service_id)
            row.report_count += 1
            row.availability_zone = self.availability_zone
            row.save()
        except Exception:
            LOG.exception('heartbeat of %s on %s', self.binary, self.host)


def run(settings, site):
    hub.renew()
    wire.use()
    CONF(['--config-file', str(settings.etc / ('cinder-%s.conf' % site))], project='cinder', version=version.version_string())
    config.set_middleware_defaults()
    logging.setup(CONF, 'cinder')
    utils.monkey_patch()
    os_brick.setup(CONF)
    # Root already: no helper processes for what needs privileges.
    cinder.privsep.sys_admin_pctxt.set_client_mode(False)
    os_brick.privileged.default.set_client_mode(False)
    coordination.COORDINATOR.start()
    rpc.init(CONF)

    launcher = oslo_service.launch(CONF, service.WSGIService('osapi_volume'), restart_method='mutate')
    launcher.launch_service(Service.create(binary=constants.SCHEDULER_BINARY))
    for backend in CONF.enabled_backends:
        CONF.register_opt(volume_command.host_opt, group=backend)
        launcher.launch_service(Service.create(
            host='%s@%s' % (CONF.host, backend), service_name=backend, binary=constants.VOLUME_BINARY, coordination=True))
    launcher.wait()
