"""Servers: API, conductor, scheduler, Placement and every hypervisor of a site in one process."""
import nova.monkey_patch  # noqa: F401 before anything else

import io  # noqa: E402
import os  # noqa: E402

import eventlet  # noqa: E402
import eventlet.wsgi  # noqa: E402
import nova.api.openstack.compute  # noqa: E402,F401 what paste loads later
import nova.compute.manager  # noqa: E402,F401
import nova.conf  # noqa: E402
import nova.conductor.manager  # noqa: E402,F401
import nova.db.main.api  # noqa: E402,F401
import nova.privsep  # noqa: E402
import nova.scheduler.manager  # noqa: E402,F401
import os_vif  # noqa: E402
from nova import config, context, exception, objects, service  # noqa: E402
from nova.compute import rpcapi as compute_rpc, task_states  # noqa: E402
from nova.conductor import rpcapi as conductor_rpc  # noqa: E402
from nova.image import glance  # noqa: E402
from nova.objects import host_mapping  # noqa: E402
from nova.scheduler import rpcapi as scheduler_rpc  # noqa: E402
from nova.virt import fake  # noqa: E402
from oslo_config import cfg  # noqa: E402
from oslo_log import log as logging  # noqa: E402
from oslo_service import service as oslo_service  # noqa: E402
from placement import conf as placement_conf, db_api as placement_db, deploy as placement_deploy  # noqa: E402

from psnlab.serve import hub, wire  # noqa: E402

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


def serve_placement(settings, site):
    options = cfg.ConfigOpts()
    placement_conf.register_opts(options)
    options([], project='placement', default_config_files=[str(settings.etc / ('placement-%s.conf' % site))])
    placement_db.configure(options)
    listener = eventlet.listen(('127.0.0.1', settings.port(site, 'placement', public=False)), backlog=128)
    eventlet.spawn(eventlet.wsgi.server, listener, placement_deploy.loadapp(options), log_output=False)


def snapshot(self, ctxt, instance, image_id, update_task_state):
    """An image of a guest that does nothing: one sector of zeros. The original
    driver uploads none, and the image is never ready."""
    if instance.uuid not in self.instances:
        raise exception.InstanceNotRunning(instance_id=instance.uuid)
    update_task_state(task_state=task_states.IMAGE_PENDING_UPLOAD)
    update_task_state(task_state=task_states.IMAGE_UPLOADING, expected_state=task_states.IMAGE_PENDING_UPLOAD)
    glance.API().update(ctxt, image_id, {'disk_format': 'raw', 'container_format': 'bare'}, io.BytesIO(bytes(512)),
                        purge_props=False)


def is_mount(path):
    """os.path.ismount() takes a bind mount within one file system for a plain folder."""
    with open('/proc/mounts') as mounts:
        return os.path.realpath(path) in (line.split()[1] for line in mounts)


def map_hosts(hosts):
    """Tells the cell of its hosts now; the scheduler would get round to it within a minute."""
    ctxt = context.get_admin_context()
    while set(hosts) - {m.host for m in host_mapping.HostMappingList.get_all(ctxt)}:
        try:
            host_mapping.discover_hosts(ctxt)
        except Exception:
            LOG.exception('mapping of hosts')
        eventlet.sleep(0.5)


def use_libvirt():
    import os_brick.privileged
    import vif_plug_linux_bridge.privsep
    os_brick.privileged.default.set_client_mode(False)
    vif_plug_linux_bridge.privsep.vif_plug.set_client_mode(False)
    os.path.ismount = is_mount
    CONF.set_override('compute_driver', 'libvirt.LibvirtDriver')


def run(settings, site):
    hub.renew()
    wire.use()
    config.parse_args(['nova', '--config-file', str(settings.etc / ('nova-%s.conf' % site))])
    logging.setup(CONF, 'nova')
    objects.register_all()
    os_vif.initialize()
    objects.Service.enable_min_version_cache()
    nova.privsep.sys_admin_pctxt.set_client_mode(False)  # root already: no helper process
    fake.FakeDriver.snapshot = snapshot
    fake.FakeDriver.vcpus = settings.host_vcpus
    fake.FakeDriver.memory_mb = settings.host_memory_gib * 1024
    fake.FakeDriver.local_gb = settings.host_disk_gib

    serve_placement(settings, site)
    launcher = oslo_service.launch(CONF, service.WSGIService('osapi_compute'), restart_method='mutate')
    launcher.launch_service(service.Service.create(binary='nova-conductor', topic=conductor_rpc.RPC_TOPIC))
    launcher.launch_service(service.Service.create(binary='nova-scheduler', topic=scheduler_rpc.RPC_TOPIC))

    hosts = [h for members in settings.fake_hosts(site).values() for h in members]
    for host in hosts:
        launcher.launch_service(service.Service.create(host=host, binary='nova-compute', topic=compute_rpc.RPC_TOPIC))
    if settings.real_host(site):
        use_libvirt()
        hosts.append(settings.real_host(site))
        launcher.launch_service(service.Service.create(
            host=settings.real_host(site), binary='nova-compute', topic=compute_rpc.RPC_TOPIC))
    eventlet.spawn(map_hosts, hosts)
    launcher.wait()
