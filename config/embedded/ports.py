"""Free ports of this machine."""

import contextlib
import errno
import socket

from config.embedded.errors import CannotStart

TRIES = 200


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listen_on_first_free(start: int) -> socket.socket:
    """Return a listening socket on the first free port from `start` on.

    It is handed to the web server as it is, so that no other program can take the port in between.

    Raises:
        CannotStart: none of the next ports is free.
    """
    for port in range(start, start + TRIES):
        if not _is_answered_on_ipv6(port):
            with contextlib.suppress(OSError):
                return _listen(port)
    raise CannotStart(f"no port is free between {start} and {start + TRIES - 1}.")


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def _is_answered_on_ipv6(port: int) -> bool:
    """Tell whether somebody holds the port of ::1, which browsers try first for `localhost`."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("::1", port))
    except OSError as exc:
        return exc.errno == errno.EADDRINUSE
    return False
