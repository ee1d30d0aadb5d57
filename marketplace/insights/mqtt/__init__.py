"""The bridge: what a broker holds for Maru is taken in by the same operation as a request. Nothing here is public."""
