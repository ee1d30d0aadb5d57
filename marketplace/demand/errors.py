"""Refusals of the demand room. Each class is one fact."""


class DemandError(Exception):
    """Base of every refusal in this room."""

    code = "demand"


class RequestNotInState(DemandError):
    """The data request is in a state from which this step does not lead."""

    code = "request_not_in_state"


class OutsideTemplate(DemandError):
    """The data request asks for more than its purpose allows.

    `field` names the field, so that a page can point at it.
    """

    code = "outside_template"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class NotFunded(DemandError):
    """The escrow of this data request does not cover the price of one event."""

    code = "not_funded"


class ReasonMissing(DemandError):
    """A refusal or a return must say why."""

    code = "reason_missing"


class VersionChanged(DemandError):
    """The data request was edited after the version that was looked at."""

    code = "version_changed"


class ReachUsedUp(DemandError):
    """Today's estimates are used up: many fine ones together would tell what each of them hides."""

    code = "reach_used_up"
