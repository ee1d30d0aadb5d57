"""The tables of this room, by subject."""

from marketplace.delivery.models.outbox import OutboxMessage, WebhookEndpoint
from marketplace.delivery.models.releases import Access, Erasure, Release, readable

__all__ = ["Access", "Erasure", "OutboxMessage", "Release", "WebhookEndpoint", "readable"]
