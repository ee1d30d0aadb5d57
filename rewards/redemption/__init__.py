"""The shop: rewards, orders and their vouchers, and gifts between homes."""
