"""Why a supervisor ends before its work is done. Each is told in one line."""

import signal


class SupervisorError(Exception):
    """Base of everything that ends the supervisor."""


class CannotStart(SupervisorError):
    """Something that Maru needs did not start; the text says what and where to look."""


class ProgramEnded(SupervisorError):
    """A program that should stay has ended by itself."""


class StopAsked(SupervisorError):
    """A person, the terminal or the machine asked Maru to stop."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.exit_code = 128 + signum
