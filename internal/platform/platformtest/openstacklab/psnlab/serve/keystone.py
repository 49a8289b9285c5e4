"""Identity under waitress, whose kept-alive connections hold."""
import sys

import waitress
from keystone.server.flask import core

from psnlab import settings as settings_module


def main():
    settings = settings_module.load(sys.argv[1])
    sys.argv[1:] = []
    app = core.initialize_application(name='public', config_files=[str(settings.etc / 'keystone.conf')])
    waitress.serve(app, host='127.0.0.1', port=settings.identity_port(public=False), threads=8, ident=None,
                   clear_untrusted_proxy_headers=False)  # its only clients are HAProxy and the lab's services


if __name__ == '__main__':
    main()
