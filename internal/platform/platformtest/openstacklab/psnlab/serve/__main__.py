"""Imports one service and forks it for each site named; see the package."""
import gc
import importlib
import os
import sys

from psnlab import settings as settings_module
from psnlab.process import Process


def main():
    directory, service, *sites = sys.argv[1:]
    settings = settings_module.load(directory)
    module = importlib.import_module('psnlab.serve.' + service)
    gc.freeze()  # what is imported stays shared between the children
    for site in sites:
        process = Process(settings, '%s-%s' % (service, site))
        if process.pid:
            continue
        log = os.open(process.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        pid = os.fork()
        if pid == 0:
            os.setsid()
            os.dup2(log, 1)
            os.dup2(log, 2)
            sys.argv = ['psnlab-%s-%s' % (service, site)]
            module.run(settings, site)
            os._exit(0)
        os.close(log)
        process.record(pid)


if __name__ == '__main__':
    main()
