"""From one operation of the ledger to the consent and the release behind it: hashes and times, never a value."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.db.models import Count, Max, Q

from consent.parties.languages import language
from consent.parties.models import Organisation
from consent.records import receipts
from consent.records.models import Consent, Receipt
from marketplace.delivery.models import Release
from marketplace.demand.models import DataRequest
from marketplace.insights.kinds import KINDS
from rewards.ledger.journal import Operation, operation_of, operations_under
from rewards.ledger.models import Account, Attempt, Transfer

NOBODY = [UUID(int=0)]
_OF_ORGANISATIONS = {"buyer", "manufacturer", "provider"}


@dataclass(frozen=True)
class Leg:
    """What one operation did to one account; over all accounts the changes make zero."""

    address: str
    name: str
    change: int
    held: int


@dataclass(frozen=True)
class Trail:
    """One operation, and what it was for. Without a consent it is an order, a funding or an issue."""

    operation: Operation
    legs: list[Leg]
    consent: Consent | None
    receipt: Receipt | None
    is_signed: bool
    release: Release | None

    @property
    def op_id(self) -> UUID:
        return self.operation.op_id

    @property
    def rows(self) -> list[Transfer]:
        return self.operation.rows

    @property
    def first(self) -> Transfer:
        return self.rows[0]

    @property
    def kind(self) -> str:
        """What the released record is about, in words."""
        known = KINDS.get(self.release.kind) if self.release else None
        return known.label.say(language()) if known else ""

    @property
    def undone_by(self) -> list[Transfer]:
        """The first row of each operation that took a row of this one back."""
        return list({row.op_id: row for row in reversed(self.operation.reversed_by.values())}.values())

    @property
    def receipt_digest(self) -> str:
        """The SHA-256 of the receipt's bytes; it tells nothing of what stands in them."""
        return sha256(bytes(self.receipt.body)).hexdigest() if self.receipt else ""

    @property
    def total(self) -> int:
        return sum(leg.change for leg in self.legs)

    @property
    def is_same(self) -> bool:
        """Whether what left is what was shown."""
        return (
            self.release is not None
            and self.consent is not None
            and (self.release.payload_digest == self.consent.payload_digest)
        )


def trail_of(op_id: UUID) -> Trail | None:
    """Return where one operation came from, or None where there is no such operation."""
    operation = operation_of(op_id)
    if operation is None:
        return None
    consent = _consent_behind(operation.rows[0])
    receipt = Receipt.objects.filter(consent=consent, act=Receipt.Act.GIVEN).first() if consent else None
    release = _release_under(consent) if consent else None
    return Trail(operation, _legs(operation.rows), consent, receipt, _is_signed(receipt), release)


def operations_named(words: str) -> tuple[UUID, ...]:
    """Return the operations that words lead to: an operation, key, consent, ask, release or order; each by an index."""
    return operations_under(words) or tuple(sorted(_operations_of_id(words)))


def is_account(address: str) -> bool:
    """Tell whether an account is kept at this address."""
    return Account.objects.filter(address=address).exists()


def _operations_of_id(words: str) -> set[UUID]:
    """Find the operations an id leads to, each way along an index."""
    named = _id_in(words)
    if named is None:
        return set()
    behind = Consent.objects.filter(Q(pk=named) | Q(ask=named) | Q(release=named), verdict=Consent.Verdict.GIVEN)
    found = list(behind.values_list("pk", "ask", "op_id"))
    keys = [f"{verb}:{named}" for verb in ("order", "fulfil")]
    keys += [f"hold:{ask}" for _, ask, _ in found] + [f"unread:{consent}" for consent, _, _ in found]
    attempts = Attempt.objects.filter(key__in=keys).exclude(op_id=None).values_list("op_id", flat=True)
    return {named} | {op_id for op_id in (*(op_id for _, _, op_id in found), *attempts) if op_id}


def _id_in(words: str) -> UUID | None:
    """Return the id that stands last in words; whoever wrote into the books may have named it otherwise."""
    try:
        return UUID(words.rpartition(":")[2])
    except ValueError:
        return None


def _consent_behind(row: Transfer) -> Consent | None:
    """Find the yes an operation belongs to. A no leaves no trace here: its hold looks like any that lapsed."""
    by, named = {"consent": "pk", "ask": "ask"}.get(row.event_ref.partition(":")[0]), _id_in(row.event_ref)
    if by is None or named is None:
        return None
    given = Consent.objects.select_related("recipient", "end").filter(verdict=Consent.Verdict.GIVEN)
    return given.filter(**{by: named}).first()


def _release_under(consent: Consent) -> Release | None:
    read = Release.objects.annotate(reads=Count("accesses"), last_read_at=Max("accesses__at"))
    return read.filter(consent=consent).first()


def _is_signed(receipt: Receipt | None) -> bool:
    return receipt is not None and receipts.is_genuine(receipts.as_document(bytes(receipt.body)), receipt.signature)[0]


def _legs(rows: list[Transfer]) -> list[Leg]:
    changes: dict[str, int] = defaultdict(int)
    held: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.kind in Transfer.MOVES:
            changes[row.debit.address] -= row.amount
            if row.credit:  # without one the sum shows what is missing
                changes[row.credit.address] += row.amount
        else:
            held[row.debit.address] += row.amount if row.kind == Transfer.Kind.HOLD else -row.amount
    addresses = list(dict.fromkeys([*changes, *held]))
    names = names_of(addresses)
    return [Leg(address, names.get(address, ""), changes[address], held[address]) for address in addresses]


def names_of(addresses: Iterable[str]) -> dict[str, str]:
    """Return the names of the organisations behind accounts. A household's account has none, on purpose."""
    owners = {address: (address.partition(":")[0], _id_in(address)) for address in addresses}
    requests = {named for kind, named in owners.values() if kind == "escrow" and named}
    organisations = {named for kind, named in owners.values() if kind in _OF_ORGANISATIONS and named}
    # Asked also where there is none: a page then costs the same whatever is on it.
    of_requests = DataRequest.objects.select_related("organisation").filter(pk__in=requests or NOBODY)
    names: dict[UUID | None, str] = {request.pk: request.organisation.name for request in of_requests}
    names |= {one.pk: one.name for one in Organisation.objects.filter(pk__in=organisations or NOBODY)}
    return {address: names[named] for address, (_, named) in owners.items() if named in names}
