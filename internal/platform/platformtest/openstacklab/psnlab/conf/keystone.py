"""Identity, one for all sites."""
from psnlab.conf import ini


def keys(settings, kind):
    """A key repository: "fernet" for tokens, "credential" for credentials."""
    return settings.data / 'keystone' / kind


def sections(settings):
    return {
        'DEFAULT': {'log_file': settings.log / 'keystone.log', 'use_stderr': False},
        'database': ini.database(settings, 'keystone'),
        'token': {'provider': 'fernet', 'expiration': settings.token_seconds, 'allow_expired_window': 3600},
        'fernet_tokens': {'key_repository': keys(settings, 'fernet')},
        'fernet_receipts': {'key_repository': keys(settings, 'fernet')},
        'credential': {'key_repository': keys(settings, 'credential')},
        'identity': {'password_hash_rounds': 4},  # the lab's passwords are long and random
        # Identity is one process and forgets what it changes; but of two threads one
        # may remember what the other has just changed, so not for long.
        'cache': {'enabled': True, 'backend': 'dogpile.cache.memory', 'expiration_time': 10},
        'oslo_middleware': {'enable_proxy_headers_parsing': True},
    }
