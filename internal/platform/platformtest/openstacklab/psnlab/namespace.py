"""The lab's own view of the file system.

All processes of a lab share one mount namespace. What they mount in it (Cinder's
shares, libvirt's folders) is not seen outside, disturbs no libvirt of the
machine's own, and is gone with the last of them: wiping the lab's folder can
never reach through a mount.
"""
from pathlib import Path

from psnlab.process import NAMESPACE, Process

# libvirtd's paths are fixed at compile time.
LIBVIRT = ('/etc/libvirt', '/run/libvirt', '/var/lib/libvirt', '/var/cache/libvirt', '/var/log/libvirt')

MOUNT = r'''#!/bin/sh
# Cinder and Nova mount a share with "mount -t nfs HOST:/FOLDER TARGET". This
# kernel need not know NFS: the folder is on this machine.
case " $* " in *" -t nfs "*) ;; *) exec /bin/mount "$@" ;; esac
while [ $# -gt 2 ]; do shift; done
grep -qF " $2 " /proc/mounts && exit 0
mkdir -p "$2" && exec /bin/mount --bind "${1#*:}" "$2"
'''


def start(settings):
    """Starts the process that holds the namespace open."""
    holder = Process(settings, NAMESPACE)
    if holder.pid:
        return
    tools = settings.path / 'bin'
    for name, text in (('mount', MOUNT), ('mount.nfs', '#!/bin/sh\nexit 0\n')):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    script = ['set -e']
    if settings.real:
        for target in LIBVIRT:
            source = settings.path / ('libvirt' + target)
            source.mkdir(parents=True, exist_ok=True)
            Path(target).mkdir(parents=True, exist_ok=True)
            script.append("/bin/mount --bind '%s' '%s'" % (source, target))
    ready = settings.run / 'namespace.ready'
    ready.unlink(missing_ok=True)
    script.append("touch '%s'; exec sleep infinity" % ready)
    holder.start(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', '\n'.join(script)], inside=False)
    holder.await_(ready.exists, 'mounts', 10)
