"""Requests to stop are remembered, and noticed where it is safe: never in the middle of starting a program."""

import os
import signal
from types import FrameType

from config.embedded.errors import StopAsked


class Interrupts:
    """Ctrl-C, TERM and HUP, and the end of the parent process where somebody asked to end with it."""

    def __init__(self, *, with_parent: bool) -> None:
        self._asked: int | None = None
        self._parent = os.getppid() if with_parent else None

    def install(self) -> None:
        """Remember signals from now on. A HUP that the starter ignores (nohup) stays ignored."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self._remember)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._remember)

    def check(self) -> None:
        """Do nothing while nobody asked to stop.

        Raises:
            StopAsked: somebody did.
        """
        if self._asked is None and self._parent is not None and os.getppid() != self._parent:
            self._asked = signal.SIGHUP
        if self._asked is not None:
            raise StopAsked(self._asked)

    def _remember(self, signum: int, _frame: FrameType | None) -> None:
        self._asked = self._asked or signum
