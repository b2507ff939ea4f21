"""Where a webhook may be: nowhere that only this machine can reach, unless the settings allow it.

An address is looked up once, judged, and then connected to as it was judged: a name that answers otherwise a
moment later leads nowhere.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from schemas import InputError

_LONGEST = 2000
_PORTS = {"https": 443, "http": 80}
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_REMEDY = "name a public https:// address, or set GOUJI_WEBHOOK_PRIVATE=1"


class Target(NamedTuple):
    """A checked address: who is asked, by which scheme and port, for what; `host` as it is written in a URL."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def header(self) -> str:
        """What goes into `Host`."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def name(self) -> str:
        """The host without the brackets of IPv6."""
        return self.host.strip("[]")

    def at(self, address: str) -> str:
        """The URL by which this is asked at one of its addresses."""
        return f"{self.scheme}://{f'[{address}]' if ':' in address else address}:{self.port}{self.path}"


def check_url(url: str, *, private: bool) -> Target:
    """The parts of a URL that a webhook may have, before its name is looked up. Raises InputError."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (
            (parts.hostname or "")
            .encode("idna" if not _is_address(parts.hostname or "") else "ascii")
            .decode()
        )
    except (ValueError, UnicodeError):
        raise _refused("is no URL") from None
    if len(url) > _LONGEST or not url.isprintable() or " " in url:
        raise _refused(f"is longer than {_LONGEST} characters or holds what a URL cannot")
    if parts.scheme not in ({"https", "http"} if private else {"https"}):
        raise _refused("is not https://")
    if not host or port == 0:
        raise _refused("names no host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _refused("holds a name, a password or a fragment")
    if _is_address(host) and not private and not _is_public(host):
        raise _refused(f"is on a private network ({host})")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    written = f"[{host}]" if ":" in host else host
    return Target(parts.scheme, written, port or _PORTS[parts.scheme], path)


def addresses(target: Target, *, private: bool) -> list[str]:
    """The addresses of a target, each of which may be connected to. Raises InputError, OSError where it has none."""
    found = socket.getaddrinfo(target.name, target.port, type=socket.SOCK_STREAM)
    every = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not private and (refused := [each for each in every if not _is_public(each)]):
        raise _refused(f"leads to a private network ({refused[0]})")
    return every


def _refused(problem: str) -> InputError:
    return InputError("url of the webhook", problem, _REMEDY)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_public(address: str) -> bool:
    """Whether an address is one of the Internet, those that carry another in themselves judged by that one too."""
    found = ip_address(address.partition("%")[0])
    return all(each.is_global and not each.is_multicast for each in (found, *_carried(found)))


def _carried(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    teredo = address.teredo
    carried = [address.ipv4_mapped, address.sixtofour, *(teredo or ())]
    if any(address in network for network in _TRANSLATED):
        carried.append(IPv4Address(address.packed[-4:]))
    return [each for each in carried if each is not None]
