"""Refusals of the insights room."""


class InsightsError(Exception):
    """Base of every refusal in this room."""

    code = "insights"


class VaultClosed(InsightsError):
    """The sealed object cannot be opened: its key is destroyed, or the bytes are not the ones that were sealed."""

    code = "vault_closed"


class KeyAway(InsightsError):
    """The key is not to be read just now, and nothing says that it was destroyed: what it seals is lost to nobody."""

    code = "key_away"
    #: Whose key it is, where one epoch's is away.
    epoch = ""
    #: Seconds after which to try again.
    wait = 29


class RotationUnfinished(InsightsError):
    """Keys are left that the old epoch's key wraps and that cannot be wrapped anew, so it is not destroyed."""

    code = "rotation_unfinished"
