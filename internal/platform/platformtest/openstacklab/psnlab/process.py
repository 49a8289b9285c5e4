"""The lab's processes: started in its mount namespace, known by pid and birth."""
import os
import signal
import subprocess
import time
from pathlib import Path

from psnlab.settings import LabError


def birth(pid):
    """When a process was started, or None when it is gone: a pid may be reused."""
    try:
        fields = Path('/proc/%d/stat' % pid).read_text().rpartition(')')[2].split()
    except OSError:
        return None
    return None if fields[0] == 'Z' else fields[19]


class Process:
    """A process of the lab, by the name of its pid file and log."""

    def __init__(self, settings, name):
        self.name = name
        self.settings = settings
        self.pid_file = settings.run / (name + '.pid')
        self.log = settings.log / (name + '.out')

    @property
    def pid(self):
        """The process's id while it runs, else None."""
        try:
            pid, born = self.pid_file.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if birth(int(pid)) == born else None

    def record(self, pid):
        self.pid_file.write_text('%d %s\n' % (pid, birth(pid)))

    def start(self, command, inside=True, **env):
        """Starts the command unless the process runs; inside means in the lab's mounts."""
        if self.pid:
            return
        if inside:
            command = enter(self.settings) + command
        with open(self.log, 'ab') as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/',
                                     start_new_session=True, env=environment(self.settings, **env))
        self.record(child.pid)

    def stop(self, patience=15, how=signal.SIGTERM):
        """Asks the process to end, waits, then insists, with all of its session."""
        pid = self.pid
        if pid:
            os.kill(pid, how)
            os.kill(pid, signal.SIGCONT)
            end = time.monotonic() + patience
            while self.pid and time.monotonic() < end:
                time.sleep(0.05)
            if self.pid:
                os.killpg(pid, signal.SIGKILL)
                while self.pid:
                    time.sleep(0.05)
        self.pid_file.unlink(missing_ok=True)

    def memory(self):
        """Proportional and resident memory of the process's session, in bytes."""
        pid, pss, rss = self.pid, 0, 0
        for entry in Path('/proc').iterdir():
            if not entry.name.isdigit():
                continue
            try:
                session = (entry / 'stat').read_text().rpartition(')')[2].split()[3]
                if int(session) != pid:
                    continue
                for line in (entry / 'smaps_rollup').read_text().splitlines():
                    field, _, rest = line.partition(':')
                    if field == 'Pss':
                        pss += int(rest.split()[0]) * 1024
                    elif field == 'Rss':
                        rss += int(rest.split()[0]) * 1024
            except OSError:
                continue
        return pss, rss

    def tail(self):
        try:
            return '\n'.join(self.log.read_text(errors='replace').splitlines()[-15:])
        except OSError:
            return ''

    def await_(self, ready, what, timeout):
        """Waits until ready() is true, while the process lives."""
        end = time.monotonic() + timeout
        while not ready():
            if not self.pid:
                raise LabError('%s ended before %s; its log is %s:\n%s' % (self.name, what, self.log, self.tail()))
            if time.monotonic() > end:
                raise LabError('%s: no %s within %d s; its log is %s:\n%s' % (self.name, what, timeout, self.log, self.tail()))
            time.sleep(0.1)


def recorded(settings):
    return [Process(settings, f.name[:-4]) for f in sorted(settings.run.glob('*.pid'))]


def environment(settings, **more):
    """A whole environment: nothing of the caller's, least of all proxies and credentials."""
    home = Path(__file__).resolve().parents[1]
    return {
        'PATH': '%s/bin:/usr/sbin:/usr/bin:/sbin:/bin' % settings.path,
        'PYTHONPATH': '%s:%s/python' % (home, settings.etc),
        'PYTHONDONTWRITEBYTECODE': '1', 'PYTHONWARNINGS': 'ignore', 'LC_ALL': 'C.UTF-8',
        'HOME': str(settings.run), 'TMPDIR': str(settings.path / 'tmp'), 'no_proxy': '*', **more}


NAMESPACE = 'namespace'


def enter(settings):
    return ['nsenter', '--mount=/proc/%d/ns/mnt' % Process(settings, NAMESPACE).pid]


def run(settings, log_name, *commands, **env):
    """Runs commands one after another to their end, in the lab's mounts."""
    log_path = settings.log / log_name
    for command in commands:
        with open(log_path, 'ab') as log:
            done = subprocess.run(enter(settings) + [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  cwd='/', env=environment(settings, **env))
        if done.returncode:
            tail = '\n'.join(log_path.read_text(errors='replace').splitlines()[-15:])
            raise LabError('%s failed; its log is %s:\n%s' % (command[0], log_path, tail))
