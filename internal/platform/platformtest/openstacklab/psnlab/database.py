"""MariaDB and the schemas: migrated once, kept for the next lab, copied to every site.

Durability is off: a lab whose machine crashes is made anew.
"""
import concurrent.futures
import hashlib
import os
import shutil
import signal
import subprocess
import tarfile
import uuid
from pathlib import Path

from psnlab import process
from psnlab.process import Process
from psnlab.settings import LabError

PER_SITE = ('placement', 'glance', 'nova_api', 'nova', 'neutron', 'cinder')
PACKAGES = ('keystone', 'nova-common', 'neutron-common', 'cinder-common', 'glance-common', 'placement-common', 'mariadb-server-core')
DATABASE = 'mariadb'


def connect(settings, database=None):
    import pymysql  # comes with the services' packages
    return pymysql.connect(unix_socket=str(settings.socket), user='root', database=database, autocommit=True)


def execute(settings, *statements, database=None):
    with connect(settings, database) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(*statement if isinstance(statement, tuple) else (statement,))
        return cursor.fetchall()


def answers(settings):
    try:
        execute(settings, 'select 1')
        return True
    except Exception:
        return False


def files(settings):
    return settings.data / 'mariadb'


def start(settings):
    """Starts the server on a unix socket; no TCP."""
    server = Process(settings, DATABASE)
    server.start([
        'mariadbd', '--no-defaults', '--user=root', '--datadir=%s' % files(settings), '--socket=%s' % settings.socket,
        '--pid-file=%s' % (settings.run / 'mariadb.own'), '--skip-networking', '--skip-name-resolve', '--skip-log-bin',
        '--max-connections=1500', '--character-set-server=utf8mb4', '--collation-server=utf8mb4_general_ci',
        '--performance-schema=off', '--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--innodb-flush-method=nosync',
        '--innodb-buffer-pool-size=192M', '--innodb-log-file-size=64M', '--table-open-cache=4000'])
    server.await_(lambda: answers(settings), 'answer', 60)


def stop(settings, kill=False):
    Process(settings, DATABASE).stop(patience=60, how=signal.SIGKILL if kill else signal.SIGTERM)


def cache_file(settings):
    """Where the schemas of these packages and this code are kept, or None."""
    folder = os.environ.get('PSN_LAB_CACHE') or str(Path.home() / '.cache' / 'psn-openstack-lab')
    if folder == 'off':
        return None
    versions = subprocess.run(['dpkg-query', '-W', '-f', '${Package} ${Version}\n', *PACKAGES],
                              check=True, capture_output=True).stdout
    key = hashlib.sha256(versions + Path(__file__).read_bytes() + ' '.join(settings.sites).encode()).hexdigest()[:16]
    return Path(folder) / ('schemas-%s.tar.gz' % key)


def prepare(settings, say):
    """Starts the database with every schema in it; says how each was come by."""
    done = files(settings) / 'lab-schemas'
    if done.exists():
        start(settings)
        return
    stop(settings, kill=True)
    shutil.rmtree(files(settings), ignore_errors=True)  # of a start that was cut short
    cache = cache_file(settings)
    if cache and cache.exists():
        with tarfile.open(cache) as tar:
            tar.extractall(settings.data)
        start(settings)
        say('schemas taken from %s' % cache)
    else:
        process.run(settings, 'database.log', [
            'mariadb-install-db', '--no-defaults', '--user=root', '--datadir=%s' % files(settings), '--skip-test-db',
            '--auth-root-authentication-method=normal'])
        start(settings)
        migrate(settings)
        say('schemas migrated')
        clone(settings)
        say('schemas copied to the other sites')
        if cache:
            keep(settings, cache)
    cells(settings)
    done.touch()


def migrate(settings):
    """Makes the schemas of identity and of the first site, by the services' own tools."""
    site = settings.sites[0]
    names = ['keystone', *(settings.database(s, site) for s in PER_SITE)]
    execute(settings, *('create database `%s`' % n for n in names))

    def conf(service):
        return settings.etc / ('%s-%s.conf' % (service, site))

    lines = {
        'schema-1.log': [
            ['keystone-manage', '--config-file', settings.etc / 'keystone.conf', 'db_sync'],
            ['nova-manage', '--config-file', conf('nova'), 'api_db', 'sync'],
            ['nova-manage', '--config-file', conf('nova'), 'db', 'sync', '--local_cell'],
            ['glance-manage', '--config-file', conf('glance'), 'db_sync'],
        ],
        'schema-2.log': [
            ['neutron-db-manage', '--config-file', conf('neutron'), 'upgrade', 'heads'],
            ['cinder-manage', '--config-file', conf('cinder'), 'db', 'sync'],
            ['placement-manage', '--config-file', conf('placement'), 'db', 'sync'],
        ]}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for line in [pool.submit(process.run, settings, log, *commands) for log, commands in lines.items()]:
            line.result()


def clone(settings):
    """Copies the first site's schemas, with the rows the migrations left, to every other site and cell."""
    first = settings.sites[0]
    copies = [('nova', first, 'nova_cell0', first)]
    for site in settings.sites[1:]:
        copies += [(s, first, s, site) for s in PER_SITE] + [('nova', first, 'nova_cell0', site)]

    def copy(source_service, source_site, target_service, target_site):
        source = settings.database(source_service, source_site)
        target = settings.database(target_service, target_site)
        with connect(settings) as connection, connection.cursor() as cursor:
            cursor.execute('create database `%s`' % target)
            cursor.execute('use `%s`' % target)
            cursor.execute('set foreign_key_checks=0')
            cursor.execute("show tables from `%s`" % source)
            for (table,) in cursor.fetchall():
                cursor.execute('show create table `%s`.`%s`' % (source, table))
                cursor.execute(cursor.fetchone()[1])
                cursor.execute('insert into `%s` select * from `%s`.`%s`' % (table, source, table))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for result in [pool.submit(copy, *c) for c in copies]:
            result.result()


def cells(settings):
    """Tells each Nova of its two cells; what `nova-manage cell_v2` would write."""
    for site in settings.sites:
        rows = [(str(uuid.UUID(int=0)), 'cell0', 'none:///', settings.database_url('nova_cell0', site)),
                (str(uuid.uuid4()), 'cell1', 'fake:/', settings.database_url('nova', site))]
        execute(settings, 'delete from cell_mappings', *(
            ('insert into cell_mappings (created_at, uuid, name, transport_url, database_connection, disabled)'
             ' values (now(), %s, %s, %s, %s, 0)', row) for row in rows), database=settings.database('nova_api', site))


def keep(settings, cache):
    """Keeps the schemas for the next lab: no password and no path is in them yet."""
    stop(settings)
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        part = cache.with_name('%s.%d' % (cache.name, os.getpid()))
        with tarfile.open(part, 'w:gz', compresslevel=1) as tar:
            tar.add(files(settings), arcname=files(settings).name)
        part.rename(cache)
    except OSError as e:
        raise LabError('the schemas cannot be kept in %s: %s; set PSN_LAB_CACHE to another folder, or to "off"' % (cache, e))
    start(settings)
