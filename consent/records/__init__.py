"""Asks, answers, consents and their signed receipts. What is asked about is only an opaque reference here."""
