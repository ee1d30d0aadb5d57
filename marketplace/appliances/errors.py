"""Refusals of the appliances room."""


class AppliancesError(Exception):
    """Base of every refusal in this room."""

    code = "appliances"


class UnknownDialect(AppliancesError):
    """Maru does not speak this wire format."""

    code = "unknown_dialect"
