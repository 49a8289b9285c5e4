"""Images: API and import in one process."""
import sys

from glance.cmd import api  # patches the standard library on import
import glance.api.v2.router  # noqa: F401 what paste loads later
import glance.db.sqlalchemy.api  # noqa: F401
import glance_store._drivers.filesystem  # noqa: F401

from psnlab.serve import hub


def run(settings, site):
    hub.renew()
    sys.argv += ['--config-file', str(settings.etc / ('glance-%s.conf' % site))]
    api.main()
