"""Where this service may be sent to: how a URL must look, and which addresses belong to the public internet. Pure.

A URL that a tenant chose could lead into the operator's own network. So only addresses that are routed everywhere are
called, and those of networks that the operator names; what only stands for another address (mapped into IPv6, 6to4,
NAT64, Teredo) is none of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LONGEST_URL = 2000
_LONGEST_HOST = 253

# IANA's special-purpose registries; for IPv6 what lies within 2000::/3, outside of which nothing is called.
_IPV4_SPECIAL = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by carriers
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local; metadata of clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_IPV6_UNICAST = IPv6Network("2000::/3")
_IPV6_SPECIAL = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>(?:/[A-Za-z0-9._~!$&'()*+,;=:@/%-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?)",
    re.ASCII,
)
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
# What a resolver may read as a number: 127.1, 2130706433, 0x7f.0.0.1.
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)
_HIGHEST_PORT = 65535
_LOOPBACK: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


class UrlRefused(ValueError):
    """The URL may not be called; the reason holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, taken apart once, so that nobody reads it a second time and differently."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def literal(self) -> Address | None:
        """The address that stands in the URL itself."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def is_public(address: Address) -> bool:
    """Whether it is a unicast address that is routed everywhere."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _IPV4_SPECIAL)
    if address.scope_id is not None:
        return False
    return address in _IPV6_UNICAST and not any(address in network for network in _IPV6_SPECIAL)


@dataclass(frozen=True, slots=True)
class Guard:
    """What the operator allows beyond the public internet over TLS: nothing, unless told."""

    networks: tuple[Network, ...] = ()
    allow_http: bool = False

    def allows(self, address: Address) -> bool:
        """Whether this very address may be called."""
        return is_public(address) or any(address in network for network in self.networks)

    def allowed(self, found: Sequence[str]) -> list[Address]:
        """The addresses of a name, if each of them may be called; otherwise none: a mixed answer is a trick."""
        addresses = [ip_address(one) for one in dict.fromkeys(found)]
        return addresses if all(self.allows(one) for one in addresses) else []

    def target(self, url: str) -> Target:
        """The parts of a URL. Raises UrlRefused."""
        if len(url) > LONGEST_URL:
            raise UrlRefused(f"must have at most {LONGEST_URL} characters")
        found = _URL.fullmatch(url)
        if found is None:
            raise UrlRefused("must be an absolute https URL in ASCII, without user name, password or fragment")
        if found["scheme"] != "https" and not self.allow_http:
            raise UrlRefused("must be https, unless the operator allows http (POULS_WEBHOOKS_ALLOW_HTTP)")
        port = int(found["port"] or {"https": 443, "http": 80}[found["scheme"]])
        if not 0 < port <= _HIGHEST_PORT:
            raise UrlRefused("must have a port from 1 to 65535")
        path = found["target"] if found["target"].startswith("/") else f"/{found['target']}"
        target = Target(found["scheme"], _host(found["host"]), port, path)
        own = _LOOPBACK if _is_localhost(target.host) else ()
        meant = own if target.literal is None else (target.literal,)
        if meant and not any(self.allows(one) for one in meant):
            raise UrlRefused(
                "must be a public address, unless the operator has allowed its network (POULS_WEBHOOKS_ALLOW_NETWORKS)"
            )
        return target


def _is_localhost(host: str) -> bool:
    """Whether a name stands for the machine itself, whatever a resolver says (RFC 6761, 6.3)."""
    return host == "localhost" or host.endswith(".localhost")


def _host(text: str) -> str:
    """A host's name, or its address in the one usual spelling. Raises UrlRefused."""
    wrong = UrlRefused("must name a host: a DNS name in ASCII (xn-- for others) or an IP address as usually written")
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1]))
        except ValueError:
            raise wrong from None
    labels = text.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(text))
        except ValueError:
            raise wrong from None
    if len(text) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise wrong
    return text.lower()
