"""Which addresses Maru sends messages to: public ones over https, and nothing inside anybody's network.

Source: OWASP API7:2023 (server-side request forgery).
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from marketplace.delivery.errors import WebhookAddressRefused

#: Public by number, yet they carry an IPv4 address inside that need not be: NAT64, 6to4, Teredo.
CARRIERS = [ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]
#: Site-local, anycast relays, segment routing, documentation, and the protocol block in which a cloud keeps its
#: metadata: Python's `is_global` lets some of them pass, in some of its versions.
NEVER_PUBLIC = [
    ipaddress.ip_network(net) for net in ("fec0::/10", "3fff::/20", "5f00::/16", "192.0.0.0/24", "192.88.99.0/24")
]
LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}
REFUSED = _("https로 시작하는 공개된 주소만 쓸 수 있어요.")


@dataclass(frozen=True)
class Destination:
    """Where one message goes: the name in the URL, and the checked address that is connected to."""

    scheme: str
    host: str
    port: int
    target: str
    address: str


def check_url(url: str) -> None:
    """Refuse an address by its looks, before anything is sent there.

    Raises:
        WebhookAddressRefused: it is not https, carries a name and password, or names a private address.
    """
    parts = _split(url)
    if not _is_local_demo(parts):
        _refuse_private_literal(parts.hostname or "")


def resolve(url: str) -> Destination:
    """Return where to connect. Every address behind the name must be public, and the first one is used.

    Raises:
        WebhookAddressRefused: as `check_url`, or an address behind the name is not public.
        OSError: the name leads nowhere.
    """
    parts = _split(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not _is_local_demo(parts) and not all(is_public(address) for address in found):
        raise WebhookAddressRefused(REFUSED)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, host, port, target, found[0])


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the public internet: not private, link-local, metadata or multicast."""
    number = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(number, ipaddress.IPv6Address):
        if number.ipv4_mapped:
            return is_public(str(number.ipv4_mapped))
        if any(number in carrier for carrier in CARRIERS):
            return False
    if any(number in net for net in NEVER_PUBLIC):
        return False
    return number.is_global and not number.is_multicast and not number.is_reserved


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise WebhookAddressRefused(REFUSED) from exc
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if not host or not is_plain or parts.username is not None or parts.password is not None:
        raise WebhookAddressRefused(REFUSED)
    if parts.scheme != "https" and not _is_local_demo(parts):
        raise WebhookAddressRefused(REFUSED)
    return parts


def _is_local_demo(parts: SplitResult) -> bool:
    return settings.DEMO and parts.scheme == "http" and parts.hostname in LOCAL_NAMES


def _refuse_private_literal(host: str) -> None:
    try:
        is_fine = is_public(host)
    except ValueError:
        is_fine = "." in host and not host.endswith((".local", ".internal", ".localhost"))
    if not is_fine:
        raise WebhookAddressRefused(REFUSED)
