"""The TLS side of the lab: one HAProxy for identity, one for each site.

A site's own process can be ended or frozen alone: then the site cannot be
reached, at once, while its services live on.
"""
import socket

from psnlab import tls
from psnlab.process import Process
from psnlab.settings import SERVICES

HEAD = '''global
  maxconn 1000
  nbthread 1
  stats socket {socket} mode 600 level user
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout connect 5s
  timeout client 15m
  timeout server 15m
  # The services' own servers close idle connections when they like.
  option http-server-close
'''
PAIR = '''frontend {name}
  bind 127.0.0.1:{public} ssl crt {crt}
  http-request set-header X-Forwarded-Proto https
  default_backend {name}
backend {name}
  server one 127.0.0.1:{private}
'''


def process(settings, site=None):
    return Process(settings, 'edge-%s' % (site or 'identity'))


def start(settings, site=None):
    edge = process(settings, site)
    pairs = ([(s, settings.port(site, s), settings.port(site, s, public=False)) for s in SERVICES] if site else
             [('identity', settings.identity_port(), settings.identity_port(public=False))])
    conf = settings.etc / (edge.name + '.cfg')
    conf.write_text(HEAD.format(socket=settings.run / (edge.name + '.sock')) + ''.join(
        PAIR.format(name=n, public=pub, private=prv, crt=tls.server_file(settings)) for n, pub, prv in pairs))
    edge.start(['haproxy', '-db', '-f', str(conf)])
    edge.await_(lambda: all(accepts(public) for _, public, _ in pairs), 'open port', 30)


def accepts(port):
    try:
        socket.create_connection(('127.0.0.1', port), timeout=5).close()
        return True
    except OSError:
        return False
