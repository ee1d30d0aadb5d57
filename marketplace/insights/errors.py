"""Refusals of the insights room."""


class InsightsError(Exception):
    """Base of every refusal in this room."""

    code = "insights"


class VaultClosed(InsightsError):
    """The sealed object cannot be opened: its key is destroyed, or the bytes are not the ones that were sealed."""

    code = "vault_closed"
