"""The OpenStack lab: one OpenStack cloud per site of the PSN, on loopback.

Modules of this package import only the standard library, except those below
`serve`, which run inside the services, and `tls`.
"""
