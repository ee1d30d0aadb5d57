"""Middle floor: tokens, from an invoice to a redeemed reward. It knows parties, and nothing of what is shared."""
