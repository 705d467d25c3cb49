"""The stand-in for the load balancer (ALB) in front of the gateways: an HAProxy that does no more than an ALB.

It sends requests to every gateway that answers `/healthz` with 200, appends the client's address to
`X-Forwarded-For`, and retries nothing. So a gateway has to do the same things here as in AWS to be replaced without a
failed request. It discovers the gateways through Consul; an ALB has a target group.
"""

import shutil
from collections.abc import Sequence

_CHECK = "inter 1s fall 2 rise 2"

_CONFIGURATION = """\
global
  log stdout format raw local0 notice
  maxconn 4000
  # Headers that the gateway refuses (431) have to get there, and so has what isn't HTTP/1.
  tune.bufsize 32768
  hard-stop-after 2s

resolvers consul
{nameservers}
  accepted_payload_size 8192
  timeout resolve 500ms
  timeout retry 500ms
  # A gateway that leaves Consul stays until its health says so, as a target of an ALB does. The time counts from the
  # last answer that named it, so it is longer than Consul may be away: once back, Consul may name others at first.
  hold obsolete 5m
  hold nx 24h
  hold other 24h
  hold refused 24h
  hold timeout 24h

defaults
  mode http
  option disable-h2-upgrade
  log global
  retries 0
  timeout connect 5s
  timeout client 60s
  timeout server 75s
  timeout tunnel 1h
  timeout check 2s

frontend balancer
  bind "{listen}"
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Port "{port}"
  default_backend gateways

backend gateways
  option httpchk
  http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host balancer
  http-check expect status 200
  server-template g 1-32 _gateway._tcp.service.consul resolvers consul resolve-prefer ipv4 \
resolve-opts allow-dup-ip,ignore-weight init-addr none check {check}

frontend metrics
  bind "{metrics}"
  http-request use-service prometheus-exporter if {{ path /metrics }}
  http-request return status 404
"""


def configuration(listen: str, metrics: str, dns: Sequence[str]) -> str:
    """Return the load balancer's haproxy.cfg.

    Args:
        listen: Where users come to, HOST:PORT.
        metrics: Where its own metrics are, likewise.
        dns: Where Consul answers DNS; any of them will do.
    """
    nameservers = "\n".join(f"  nameserver agent{number} {address}" for number, address in enumerate(dns, 1))
    return _CONFIGURATION.format(
        nameservers=nameservers, listen=listen, port=listen.rpartition(":")[2], metrics=metrics, check=_CHECK
    )


def program() -> str:
    """Return where HAProxy is.

    Raises:
        FileNotFoundError: It isn't installed.
    """
    found = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise FileNotFoundError("There is no haproxy on PATH. Install it: apt-get install haproxy (2.6 or newer).")
    return found
