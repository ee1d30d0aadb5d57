"""Refusals of the delivery room. Each class is one fact."""


class DeliveryError(Exception):
    """Base of every refusal in this room."""

    code = "delivery"


class ReleaseClosed(DeliveryError):
    """The record was there once and may no longer be read: withdrawn, revoked, past its end, or erased."""

    code = "release_closed"


class ReleaseNotYours(DeliveryError):
    """The record belongs to another organisation, or never existed; the two look alike."""

    code = "release_not_found"


class CopyMismatch(DeliveryError):
    """The stored copy is not what the household was shown, so it is not handed out."""

    code = "copy_mismatch"


class WebhookAddressRefused(DeliveryError):
    """Maru does not send messages to this address."""

    code = "webhook_address_refused"


class ErasureNotYours(DeliveryError):
    """The duty to erase is another organisation's, or never existed; the two look alike."""

    code = "withdrawal_not_found"


class EndpointNotYours(DeliveryError):
    """The webhook address is another organisation's, or never existed; the two look alike."""

    code = "webhook_endpoint_not_found"


class TooManyEndpoints(DeliveryError):
    """The organisation has as many webhook addresses as Maru sends to."""

    code = "too_many_webhook_endpoints"
