"""One attempt to hand one message to one address. No database, no redirects, and an end in time.

The socket is connected to the address that was checked, not to whatever the name answers a moment later.
"""

import http.client
import socket
import ssl
import threading
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from marketplace.delivery import addresses
from marketplace.delivery.addresses import Destination
from marketplace.delivery.errors import WebhookAddressRefused

CONNECT_SECONDS = 5
TOTAL_SECONDS = 15


@dataclass(frozen=True)
class Reply:
    """What came of one attempt. `status` is 0 where nobody answered in time; `retry_after` is in seconds."""

    status: int
    retry_after: int = 0

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == http.client.GONE


UNREACHED = Reply(0)


def send(*, url: str, headers: dict[str, str], body: bytes) -> Reply:
    """Send the exact signed bytes, once. Whatever goes wrong out there is a reply, never an exception."""
    try:
        destination = addresses.resolve(url)
        return _exchange(destination, headers=headers, body=body)
    except (OSError, http.client.HTTPException, WebhookAddressRefused, ValueError):
        return UNREACHED


class _Checked(http.client.HTTPConnection):
    """A connection to one checked address; for https the certificate is the one of the name."""

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination.host, destination.port, timeout=CONNECT_SECONDS)
        self.destination = destination

    def connect(self) -> None:
        self.sock = socket.create_connection((self.destination.address, self.destination.port), CONNECT_SECONDS)
        if self.destination.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.destination.host)


def _exchange(destination: Destination, *, headers: dict[str, str], body: bytes) -> Reply:
    connection = _Checked(destination)
    connection.connect()
    # A peer that sends a byte now and then would never run into the socket's own timeout.
    end = threading.Timer(TOTAL_SECONDS, _cut, args=[connection.sock])
    end.daemon = True
    end.start()
    try:
        connection.sock.settimeout(TOTAL_SECONDS)
        connection.request("POST", destination.target, body=body, headers=headers)
        answer = connection.getresponse()
        return Reply(answer.status, _seconds(answer.getheader("Retry-After")))
    finally:
        end.cancel()
        connection.close()


def _cut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _seconds(text: str | None) -> int:
    """Read Retry-After, in seconds or as a date; what cannot be read is 0."""
    if text is None:
        return 0
    if text.strip().isdigit():
        return int(text.strip()[:9])
    try:
        moment = parsedate_to_datetime(text)
        return max(0, int((moment - moment.now(moment.tzinfo)).total_seconds()))
    except (ValueError, TypeError):
        return 0
