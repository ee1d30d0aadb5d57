"""Refusals of the treasury. Each class is one fact; the sentence is made where the fact is found."""

from rewards.ledger.errors import InsufficientTokens


class TreasuryError(Exception):
    """Base of every refusal in this room; nothing was written when one is raised."""

    code = "treasury"


class InvoiceAlreadyUsed(TreasuryError):
    """Tokens were issued, or are proposed, against this very invoice."""

    code = "invoice_already_used"


class InvoiceInvalid(TreasuryError):
    """An invoice has a number, an amount of money and tokens, all of them above nothing."""

    code = "invoice_invalid"


class IssuanceNotProposed(TreasuryError):
    """The proposal was decided before; what was decided stays."""

    code = "issuance_not_proposed"


class SecondPersonNeeded(TreasuryError):
    """Whoever proposed cannot also be the one who agrees or refuses."""

    code = "second_person_needed"


class NotTheProposer(TreasuryError):
    """Only who proposed takes a proposal back."""

    code = "not_the_proposer"


class ReasonMissing(TreasuryError):
    """A refusal without a reason is none."""

    code = "issuance_reason_missing"


class ThanksDiffer(TreasuryError):
    """The batch was begun with other words, tokens or another organisation."""

    code = "thanks_differ"


class ThanksOutOfBounds(TreasuryError):
    """A thank-you has a name, a reason in both languages, and between one token and the most a home may get."""

    code = "thanks_out_of_bounds"


class BudgetTooSmall(InsufficientTokens):
    """What the organisation has left does not cover every home that is to be thanked."""

    code = "budget_too_small"

    def __init__(self, key: str, *, needed: int, available: int) -> None:
        super().__init__(key)
        self.needed, self.available = needed, available
