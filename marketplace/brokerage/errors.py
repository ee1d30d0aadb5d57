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


class AppliancePrivate(BrokerageError):
    """The appliance is set to never share."""

    code = "appliance_never_shares"
