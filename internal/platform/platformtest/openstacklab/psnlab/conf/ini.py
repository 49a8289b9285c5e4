"""Sections of oslo.config files, and those that every service has."""
import os

SERVICE_USER = 'lab-service'  # how services speak with each other


def write(path, sections):
    """Writes {section: {option: value}}; may hold a password, so only its owner reads it."""
    lines = []
    for name, options in sections.items():
        lines.append('[%s]' % name)
        lines += ['%s = %s' % (k, text(v)) for k, v in options.items()]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
        f.write('\n'.join(lines) + '\n')


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def base(settings, name):
    """[DEFAULT] of every service."""
    return {
        'log_file': settings.log / (name + '.log'),
        'use_stderr': False,
        # Nobody speaks with another process over a queue: one inside the process does.
        'transport_url': 'fake:/',
    }


def database(settings, service, site=None):
    return {'connection': settings.database_url(service, site), 'max_pool_size': 10, 'max_overflow': 40,
            'connection_recycle_time': 3600}


def credentials(settings):
    return {
        'auth_type': 'password', 'auth_url': settings.identity_url(),
        'username': SERVICE_USER, 'password': settings.secret(SERVICE_USER), 'project_name': 'service',
        'user_domain_name': 'Default', 'project_domain_name': 'Default'}


def client(settings, site, **more):
    """How a service calls another of its site: over the internal endpoints."""
    return {**credentials(settings), 'region_name': site, **more}


def shared(settings, site):
    """Sections that are the same in all services of a site."""
    return {
        'keystone_authtoken': {
            **client(settings, site), 'www_authenticate_uri': settings.identity_url(public=True),
            'service_token_roles': 'service', 'service_token_roles_required': True,
            'token_cache_time': settings.token_cache_seconds},
        'oslo_middleware': {'enable_proxy_headers_parsing': True},  # links in answers are https, as asked
        'oslo_concurrency': {'lock_path': settings.data / site / 'lock'},
        'oslo_messaging_notifications': {'driver': 'noop'},
    }
