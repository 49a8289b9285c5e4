"""The command line: see `lab --help`."""
import argparse
import fcntl
import json
import os
import signal
import sys
import time

from psnlab import edge, guests, lab, seed
from psnlab import settings as settings_module
from psnlab.settings import LabError


def parse():
    parser = argparse.ArgumentParser(prog='lab', description='A real OpenStack on loopback: one cloud for each site of the PSN.',
                                     epilog='Settings are PSN_LAB_* variables; the README beside this command lists them.')
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    commands.add_parser('install', help='install the Debian packages, and nothing more')
    commands.add_parser('up', help='make or start the lab; changes nothing when it runs')
    down = commands.add_parser('down', help='stop the lab; what is in it stays')
    down.add_argument('--wipe', action='store_true', help='and remove its folder')
    status = commands.add_parser('status', help='processes and memory; fails when one is down')
    status.add_argument('--json', action='store_true')
    for name, text in (('stop-region', "end a site's services"), ('start-region', 'start them again'),
                       ('cut', 'make a site unreachable, at once: connections are refused'),
                       ('hang', 'make a site silent, at once: connections open, no answer comes'),
                       ('mend', 'make it reachable again')):
        commands.add_parser(name, help=text).add_argument('site')
    commands.add_parser('revoke', help='end every token of the administrator')
    guest = commands.add_parser('guest', help='build the disk of a guest that tells about itself on its console')
    guest.add_argument('out', metavar='OUT.raw')
    commands.add_parser('env', help="print what points OpenStack's and our own tools at the lab")
    return parser.parse_args()


def main():
    args = parse()
    os.umask(0o077)
    try:
        run(args)
    except LabError as e:
        settings_module.die(e)
    except KeyboardInterrupt:
        settings_module.die('interrupted; run the same command again to go on')


def run(args):
    began = time.monotonic()

    def say(text):
        print('[%3d s] %s' % (time.monotonic() - began, text), flush=True)

    if args.command == 'up':
        settings = settings_module.from_environment()
        if settings_module.made(settings.dir):
            changed = settings_module.differences(settings_module.load(settings.dir), settings)
            if changed:
                raise LabError('the lab in %s is of another kind (%s): wipe it first, or set PSN_LAB_DIR' % (settings.dir, '; '.join(changed)))
        with locked(settings):
            lab.up(settings, say)
        say('ready: export PSN_OPENSTACK=%s' % settings.dir)
        return
    settings = settings_module.load()
    if args.command == 'status':
        return status(settings, args.json)
    if args.command == 'env':
        print('export PSN_OPENSTACK=%s\nexport PSN_CONFIG=%s/psn.yaml\nexport OS_CLIENT_CONFIG_FILE=%s/clouds.yaml' % ((settings.dir,) * 3))
        return
    if args.command == 'guest':
        guests.image(settings, os.path.join(os.environ.get('PSN_LAB_CALLER', '/'), args.out))
        return
    site = getattr(args, 'site', None)
    if site is not None and site not in settings.sites:
        raise LabError('%r is not a site of this lab: give one of %s' % (site, ', '.join(settings.sites)))
    with locked(settings):
        if args.command == 'down':
            lab.down(settings, args.wipe)
        elif args.command == 'stop-region':
            lab.stop_sites(settings, [site])
        elif args.command == 'start-region':
            lab.start_again(settings, [site])
        elif args.command == 'cut':
            edge.process(settings, site).stop(patience=1)
        elif args.command == 'hang':
            pid = edge.process(settings, site).pid
            if not pid:
                raise LabError('%s is not reachable now: mend it first' % site)
            os.kill(pid, signal.SIGSTOP)
        elif args.command == 'mend':
            pid = edge.process(settings, site).pid
            if pid:
                os.kill(pid, signal.SIGCONT)
            edge.start(settings, site)
        elif args.command == 'revoke':
            seed.revoke(settings)


def locked(settings):
    """One command at a time changes a lab."""
    settings.run.mkdir(parents=True, exist_ok=True)
    lock = open(settings.run / 'lock', 'w')
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def status(settings, as_json):
    rows = lab.status(settings)
    if as_json:
        print(json.dumps({'dir': settings.dir, 'sites': settings.sites, 'processes': rows}, indent=1))
    else:
        for row in rows:
            state = 'up %8d' % row['pid'] if row['pid'] else 'DOWN       '
            print('%-34s %s %6d MiB  %s' % (row['name'], state, row['pss'] >> 20, row['log']))
        print('%-34s %11s %6d MiB' % ('', '', sum(r['pss'] for r in rows) >> 20))
    if not rows or any(not r['pid'] for r in rows):
        sys.exit(1)


if __name__ == '__main__':
    main()
