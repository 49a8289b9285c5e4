"""Configuration files of the services, one module each; `write_all` writes them."""
from psnlab.conf import cinder, glance, keystone, neutron, nova, placement
from psnlab.conf.ini import write


def write_all(settings):
    write(settings.etc / 'keystone.conf', keystone.sections(settings))
    for site in settings.sites:
        for service in (glance, placement, nova, neutron, cinder):
            for folder in getattr(service, 'FOLDERS', ()):
                (settings.data / site / folder).mkdir(parents=True, exist_ok=True)
            name = service.__name__.rpartition('.')[2]
            write(settings.etc / ('%s-%s.conf' % (name, site)), service.sections(settings, site))
    # Neutron finds its mechanism driver through an entry point.
    info = settings.etc / 'python' / 'psnlab-1.0.dist-info'
    info.mkdir(parents=True, exist_ok=True)
    (info / 'METADATA').write_text('Metadata-Version: 2.1\nName: psnlab\nVersion: 1.0\n')
    (info / 'entry_points.txt').write_text(
        '[neutron.ml2.mechanism_drivers]\n%s = psnlab.serve.ml2:AgentlessDriver\n' % neutron.DRIVER)
