"""Refusals of the parties room. Each class is one fact, with a code that an API may show."""


class PartiesError(Exception):
    """Base of every refusal in this room."""

    code = "parties"


class NotPermitted(PartiesError):
    """The person or key has no seat from which this may be done."""

    code = "not_permitted"


class SecondFactorMissing(PartiesError):
    """This seat needs a session with a second factor."""

    code = "second_factor_missing"


class OrganisationSuspended(PartiesError):
    """The organisation may not act until an admin lifts its suspension."""

    code = "organisation_suspended"


class InvalidCursor(PartiesError):
    """The cursor was not made by this list."""

    code = "invalid_cursor"


class MalformedJSON(PartiesError):
    """The body is not one strict JSON document."""

    code = "malformed_json"
