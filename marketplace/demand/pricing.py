"""What one event costs the buyer: the household's tokens in full, and a share for the manufacturer and for Maru."""

from dataclasses import dataclass

from marketplace.demand.models import RequestVersion

WHOLE_BP = 10_000


@dataclass(frozen=True)
class Price:
    """One price and its parts. `tokens` is what the household receives, exactly; `total` is what the buyer pays."""

    tokens: int
    manufacturer: int
    platform: int

    @property
    def total(self) -> int:
        return self.tokens + self.manufacturer + self.platform


def price_of(tokens: int, *, manufacturer_bp: int, platform_bp: int) -> Price:
    """Return the price of an event for which the household receives `tokens`; each share is rounded up.

    Args:
        manufacturer_bp: the manufacturer's share of `tokens` in basis points (1000 is a tenth).
        platform_bp: Maru's share of `tokens` in basis points.

    Raises:
        ValueError: `tokens` is not a whole number of at least one, or a share is not within 0 to 10,000.
    """
    if type(tokens) is not int or tokens < 1:
        raise ValueError("tokens is a whole number of at least one")
    return Price(tokens, _share(tokens, manufacturer_bp), _share(tokens, platform_bp))


def price_of_version(version: RequestVersion, *, rung: str | None = None) -> Price:
    """Return the price of one event under a version: at its finest rung, or at the one named.

    The finest rung costs the most, so holding its price covers whatever the household chooses.

    Raises:
        KeyError: the version does not offer this rung.
    """
    tokens = version.tokens if rung is None else version.tokens_at(rung)
    return price_of(tokens, manufacturer_bp=version.manufacturer_bp, platform_bp=version.platform_bp)


def _share(tokens: int, basis_points: int) -> int:
    if not 0 <= basis_points <= WHOLE_BP:
        raise ValueError("a share is 0 to 10,000 basis points")
    return -(-tokens * basis_points // WHOLE_BP)
