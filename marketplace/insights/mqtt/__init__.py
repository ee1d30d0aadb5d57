"""The bridge: what a broker holds for Maru is taken in through the same door as a request. Nothing here is public."""
