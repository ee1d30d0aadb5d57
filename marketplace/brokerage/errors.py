"""Refusals of the brokerage room."""


class BrokerageError(Exception):
    """Base of every refusal in this room."""

    code = "brokerage"


class OfferChanged(BrokerageError):
    """The data request was edited after this ask went out, so the ask is void."""

    code = "offer_changed"


class ChoiceNotOffered(BrokerageError):
    """This precision was not offered, or this field cannot be left out."""

    code = "choice_not_offered"


class NotSuspended(BrokerageError):
    """Only of a buyer that was stopped are consents revoked."""

    code = "buyer_not_suspended"


class DutiesOpen(BrokerageError):
    """The buyer has not confirmed that it erased what it had to."""

    code = "duties_open"


class AppliancePrivate(BrokerageError):
    """The appliance is set to never share, or is somebody else's now."""

    code = "appliance_never_shares"


class StreamHeld(BrokerageError):
    """What this appliance says about this kind of thing is held until a person has looked at it."""

    code = "stream_held"


class NotJudged(BrokerageError):
    """A sensor measured it; there is no conclusion that could be wrong."""

    code = "not_judged"


class CalledWrong(BrokerageError):
    """Somebody of this home has said already that it is wrong."""

    code = "called_wrong"
