"""What a forked process of a green service does first."""


def renew():
    """Gives this process an event loop of its own: the parent's file descriptor is shared."""
    import eventlet.hubs
    eventlet.hubs.use_hub()
