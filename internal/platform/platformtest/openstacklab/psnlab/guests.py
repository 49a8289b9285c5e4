"""The hypervisor whose guests run: a libvirtd of the lab's own, and its guests."""
import hashlib
import shutil
import subprocess
from pathlib import Path

from psnlab import database
from psnlab.process import Process, enter, environment
from psnlab.settings import LabError

SOCKET = '/run/libvirt/libvirt-sock'  # in the lab's mounts

QEMU_CONF = '''# Guests run as root, without cgroups, AppArmor or helpers; their consoles are files.
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
'''

END_ALL = '''
import sys, libvirt
libvirt.registerErrorHandler(lambda *_: None, None)
connection = libvirt.open('qemu+unix:///system?socket=%s')
for guest in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
    guest.destroy()
''' % SOCKET


def daemon(settings):
    return Process(settings, 'libvirtd')


def start(settings):
    etc = settings.path / 'libvirt' / 'etc' / 'libvirt'
    etc.mkdir(parents=True, exist_ok=True)
    (etc / 'qemu.conf').write_text(QEMU_CONF)
    (etc / 'libvirtd.conf').write_text(
        'auth_unix_rw = "none"\nunix_sock_rw_perms = "0700"\nlog_outputs = "2:file:%s"\n' % (settings.log / 'libvirtd.log'))
    libvirtd = daemon(settings)
    socket = settings.path / ('libvirt' + SOCKET)
    if not libvirtd.pid:
        socket.unlink(missing_ok=True)
    libvirtd.start(['libvirtd', '--config', str(etc / 'libvirtd.conf'), '--pid-file', str(settings.run / 'libvirtd.own')])
    libvirtd.await_(socket.exists, 'socket', 30)


def end(settings):
    """Ends every guest, the daemon, and the bridges Nova made for them."""
    libvirtd = daemon(settings)
    if libvirtd.pid:
        subprocess.run(enter(settings) + ['/usr/bin/python3', '-c', END_ALL], env=environment(settings), timeout=60, check=False)
    libvirtd.stop()
    bridges = [b for b in Path('/sys/class/net').glob('brq*') if not any((b / 'brif').iterdir())]
    if bridges and database.answers(settings):
        site = settings.sites[0]
        ours = {'brq' + row[0][:11] for row in database.execute(
            settings, 'select id from networks', database=settings.database('neutron', site))}
        for bridge in bridges:
            if bridge.name in ours:
                subprocess.run(['ip', 'link', 'delete', bridge.name], check=False)


def image(settings, out=None):
    """Builds the guest's disk unless it is there; returns its path, whose name tells one build from another."""
    script = Path(__file__).resolve().parents[1] / 'guest.sh'
    out = Path(out) if out else settings.path / ('guest-%s.raw' % hashlib.sha256(script.read_bytes()).hexdigest()[:12])
    if not out.exists():
        work = settings.path / 'tmp' / 'guest'
        done = subprocess.run([str(script), str(out), str(work)], cwd='/', env=environment(settings), capture_output=True, text=True)
        shutil.rmtree(work, ignore_errors=True)
        if done.returncode:
            raise LabError('the guest\'s disk could not be built:\n%s' % done.stderr[-2000:])
    return out
