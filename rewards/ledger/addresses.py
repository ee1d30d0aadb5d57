"""How the address of an account is spelled, per kind; accounts of which there is one are constants in `models`."""

from uuid import UUID


def household_account(alias: UUID) -> str:
    """Return the address of a household's account.

    Args:
        alias: random and made for this account only, never the household's own id.
    """
    return f"household:{alias.hex}"


def buyer_account(organisation_id: UUID) -> str:
    """Return the address of what a buyer may still put in escrow."""
    return f"buyer:{organisation_id}"


def escrow_account(request_id: UUID) -> str:
    """Return the address of what a data request may still spend."""
    return f"escrow:{request_id}"


def manufacturer_account(organisation_id: UUID) -> str:
    """Return the address of a manufacturer's share."""
    return f"manufacturer:{organisation_id}"


def provider_account(organisation_id: UUID) -> str:
    """Return the address of what a service provider has earned."""
    return f"provider:{organisation_id}"
