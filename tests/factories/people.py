"""Homes, organisations, and the people and keys of both."""

import itertools
from typing import Any

from django.utils import timezone

from consent.parties import operations as parties
from consent.parties.models import Area, Household, Invitation, MachineKey, Membership, Organisation, Seat, User
from consent.records.models import Preference

NUMBERS = itertools.count(1)


def area(*, code: str = "KR-HB-3") -> Area:
    city, _ = Area.objects.get_or_create(
        code="KR-HB", defaults={"name_ko": "한빛시", "name_en": "Hanbit", "households": 98_000}
    )
    if code == city.code:
        return city
    found, _ = Area.objects.get_or_create(
        code=code,
        defaults={"parent": city, "name_ko": "한빛시 3구역", "name_en": "Hanbit district 3", "households": 4_200},
    )
    return found


def user(**fields: Any) -> User:
    number = next(NUMBERS)
    values = {"email": f"person{number}@example.com", "name": f"사람 {number}", "password": "a long pass phrase"}
    return User.objects.create_user(**{**values, **fields})


def household(*, asks_per_week: int = 50, **fields: Any) -> Household:
    values = {"name": f"집 {next(NUMBERS)}", "area": fields.pop("area", None) or area()}
    home = Household.objects.create(**{**values, **fields})
    Preference.objects.create(household=home, asks_per_week=asks_per_week)
    return home


def member(*, of: Household | None = None, role: str = Membership.Role.ADULT, **fields: Any) -> User:
    person = user(**fields)
    Membership.objects.create(household=of or household(), user=person, role=role)
    return person


def organisation(*, kind: str = Organisation.Kind.BUYER, **fields: Any) -> Organisation:
    number = next(NUMBERS)
    values = {
        "kind": kind,
        "name_ko": f"기관 {number}",
        "name_en": f"Organisation {number}",
        "address": "한빛시 배움로 3",
        "contact": "02-000-0303",
        "verified_at": timezone.now(),
    }
    return Organisation.objects.create(**{**values, **fields})


def platform() -> Organisation:
    found = Organisation.objects.filter(kind=Organisation.Kind.PLATFORM).first()
    return found or organisation(kind=Organisation.Kind.PLATFORM, name_ko="마루", name_en="Maru")


def staff(*, of: Organisation | None = None, role: str = Seat.Role.STAFF, **fields: Any) -> User:
    person = user(**fields)
    Seat.objects.create(organisation=of or organisation(), user=person, role=role)
    return person


def admin() -> User:
    return staff(of=platform(), role=Seat.Role.ADMIN, is_staff=True, is_superuser=True)


def auditor() -> User:
    return staff(of=platform(), role=Seat.Role.AUDITOR)


def buyer_key(*, of: Organisation, scopes: tuple[str, ...] = ("records", "requests")) -> str:
    _, text = parties.issue_key(label="시험 열쇠", scopes=list(scopes), organisation=of)
    return text


def hub_key(*, of: Household) -> str:
    _, text = parties.issue_key(label="우리 집 허브", scopes=[MachineKey.Scope.INGEST], household=of)
    return text


def invitation(*, by: User, role: str = Membership.Role.ADULT) -> Invitation:
    """An open invitation into somebody's home."""
    parties.invite_member(household=by.membership.household, actor=by, role=role, label="새 식구", at=timezone.now())
    return Invitation.objects.latest("invited_at")
