from marketplace.delivery.models.outbox import OutboxMessage, WebhookEndpoint
from marketplace.delivery.models.releases import Access, Erasure, Release

__all__ = ["Access", "Erasure", "OutboxMessage", "Release", "WebhookEndpoint"]
