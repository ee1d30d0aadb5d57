"""The people and organisations of a demo: a family, its neighbours, two buyers with open requests, and the platform."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from consent.parties import operations as parties
from consent.parties.models import Area, Household, MachineKey, Membership, Organisation, Seat, User
from consent.records.models import Preference
from marketplace.demand import operations as demand
from marketplace.demand.terms import Terms
from rewards.ledger import operations as ledger
from rewards.redemption.catalogue import seed_catalogue
from rewards.treasury import operations as treasury

Story = dict[str, Any]
Role, Kind, Scope = Membership.Role, Organisation.Kind, MachineKey.Scope
BUYER_TOKENS = 100_000
WON_PER_TOKEN = 10
#: Where each organisation of the story is, since a notice names its one recipient.
PLACES = {
    "마루": ("한빛시 마루로 1", "02-000-0100"),
    "해오름초등학교": ("한빛시 배움로 3", "02-000-0303"),
    "푸른숲방역": ("한빛시 숲길 12", "02-000-0412"),
    "한빛서비스": ("한빛시 장터로 8", "02-000-0508"),
    "새벽전자": ("한빛시 공단로 60", "02-000-0660"),
}


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in, with the password that only this story knows."""

    user: User
    password: str
    totp_secret: str = ""

    @property
    def login(self) -> Story:
        second = {"totp_secret": self.totp_secret} if self.totp_secret else {}
        return {"email": self.user.email, "password": self.password, **second}


def assemble(*, at: datetime) -> Story:
    """Make the whole cast in an empty Maru, and return their logins and keys.

    Raises:
        IntegrityError: this Maru has its cast already.
    """
    district = _areas()
    platform = _organisation(Kind.PLATFORM, "마루", "Maru", at)
    admin = _admin("admin@maru.example", "정하나", platform)
    # What Maru issues above its limit, another one agrees to.
    second_admin = _admin("second-admin@maru.example", "유두리", platform)
    auditor = _person("auditor@maru.example", "남궁감", second_factor=True)
    _seat(auditor, platform, Seat.Role.AUDITOR)

    family = _family(district)
    neighbour = _neighbour(district)
    school, school_staff = _buyer("해오름초등학교", "Haeoreum Elementary School", "school@maru.example", "박은채", at)
    pest, pest_staff = _buyer("푸른숲방역", "Green Forest Pest Control", "pest@maru.example", "오세훈", at)
    for number, buyer in enumerate((school, pest), start=1):
        _pay_in(buyer, invoice_number=f"{at:%Y}-{number:04}", admin=admin.user, at=at)
    provider_staff = _shop(at)
    for terms in _school_wants(district, at):
        _open_request(school, terms, admin.user, at)
    _open_request(pest, _pest_firm_wants(district, at), admin.user, at)

    return {
        **family,
        "second_household": neighbour.login,
        "buyer": school_staff.login | {"api_key": _key(school, Scope.RECORDS, Scope.REQUESTS)},
        "second_buyer": pest_staff.login | {"api_key": _key(pest, Scope.RECORDS, Scope.REQUESTS)},
        "provider": provider_staff.login,
        "auditor": auditor.login | {"api_key": _key(platform, Scope.AUDIT)},
        "admin": admin.login,
        "second_admin": second_admin.login,
    }


def _admin(email: str, name: str, platform: Organisation) -> Person:
    person = _person(email, name, second_factor=True, is_staff=True, is_superuser=True)
    _seat(person, platform, Seat.Role.ADMIN)
    return person


def _areas() -> Area:
    city = Area.objects.create(code="KR-HB", name_ko="한빛시", name_en="Hanbit", households=98_000)
    Area.objects.create(code="KR-HB-1", parent=city, name_ko="한빛시 1구역", name_en="Hanbit 1", households=3_100)
    return Area.objects.create(
        code="KR-HB-3", parent=city, name_ko="한빛시 3구역", name_en="Hanbit 3", households=4_200
    )


def _family(district: Area) -> Story:
    home = _household("지우네", district)
    mother, father = _person("jiwoo@maru.example", "지우"), _person("doyun@maru.example", "도윤")
    teen = _person("haneul@maru.example", "하늘")
    _member(mother, home, Role.ADULT)
    _member(father, home, Role.ADULT)
    _member(teen, home, Role.TEEN)
    key, text = parties.issue_key(label="우리 집 허브", scopes=[Scope.INGEST], household=home)
    return {
        "household": mother.login,
        "second_adult": father.login,
        "teen": teen.login,
        "hub": {"id": key.prefix, "api_key": text},
    }


def _neighbour(district: Area) -> Person:
    neighbour = _person("sunja@maru.example", "김순자")
    _member(neighbour, _household("순자네", district), Role.ADULT)
    return neighbour


def _buyer(name_ko: str, name_en: str, email: str, person: str, at: datetime) -> tuple[Organisation, Person]:
    organisation = _organisation(Kind.BUYER, name_ko, name_en, at)
    staff = _person(email, person, second_factor=True)
    _seat(staff, organisation, Seat.Role.STAFF)
    return organisation, staff


def _pay_in(buyer: Organisation, *, invoice_number: str, admin: User, at: datetime) -> None:
    treasury.propose_issuance(
        organisation_id=buyer.pk,
        invoice_number=invoice_number,
        amount_krw=BUYER_TOKENS * WON_PER_TOKEN,
        tokens=BUYER_TOKENS,
        actor=admin,
        at=at,
    )


def _shop(at: datetime) -> Person:
    provider = _organisation(Kind.PROVIDER, "한빛서비스", "Hanbit Service", at)
    manufacturer = _organisation(Kind.MANUFACTURER, "새벽전자", "Saebyeok Electronics", at)
    staff = _person("service@maru.example", "한기사", second_factor=True)
    _seat(staff, provider, Seat.Role.STAFF)
    seed_catalogue(provider, manufacturer)
    return staff


def _school_wants(district: Area, at: datetime) -> list[Terms]:
    shared: dict[str, Any] = {
        "area": district,
        "purpose": "public_air",
        "retention_days": 30,
        "budget_tokens": 30_000,
        "ends_at": at + timedelta(days=90),
        "optional_fields": ["model"],
        "min_gap_hours": 0,
    }
    dust = Terms(
        kinds=["air.pm25"],
        above=35,
        purpose_ko="아침 교실 환기 시각 정하기",
        purpose_en="Choosing when to air the classrooms",
        rungs=[{"rung": "exact", "tokens": 120}, {"rung": "hour", "tokens": 90}, {"rung": "day", "tokens": 60}],
        **shared,
    )
    stale = Terms(
        kinds=["air.co2"],
        above=1500,
        purpose_ko="동네 집들의 환기 습관 배우기",
        purpose_en="Learning how homes nearby air their rooms",
        rungs=[{"rung": "exact", "tokens": 80}, {"rung": "day", "tokens": 40}],
        **shared,
    )
    return [dust, stale]


def _pest_firm_wants(district: Area, at: datetime) -> Terms:
    return Terms(
        kinds=["pest.sighting"],
        words=["cockroach", "mouse"],
        area=district,
        purpose="pest_control",
        purpose_ko="방제 점검을 먼저 나갈 동네 정하기",
        purpose_en="Deciding which streets to inspect first",
        rungs=[{"rung": "exact", "tokens": 200}, {"rung": "day", "tokens": 120}],
        retention_days=14,
        budget_tokens=20_000,
        ends_at=at + timedelta(days=60),
        optional_fields=["confidence"],
        min_gap_hours=0,
    )


def _open_request(buyer: Organisation, terms: Terms, admin: User, at: datetime) -> None:
    request = demand.draft_request(organisation=buyer, actor="system:cast", terms=terms, at=at)
    acting: dict[str, Any] = {"request_id": request.pk, "actor_organisation": buyer, "actor": "system:cast", "at": at}
    demand.fund_request(**acting, tokens=terms.budget_tokens, key="first")
    demand.submit_request(**acting)
    demand.review_request(request_id=request.pk, actor=admin, verdict="opened", reason="", at=at)


def _person(email: str, name: str, *, second_factor: bool = False, **fields: Any) -> Person:
    password = secrets.token_urlsafe(12)
    user = User.objects.create_user(email=email, name=name, password=password, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    secret = generate_totp_secret() if second_factor else ""
    if secret:
        TOTP.activate(user, secret)
        RecoveryCodes.activate(user)
    return Person(user, password, secret)


def _household(name: str, area: Area) -> Household:
    home = Household.objects.create(name=name, area=area)
    Preference.objects.create(household=home, asks_per_week=50)
    ledger.open_wallet(household=home)
    return home


def _member(person: Person, home: Household, role: str) -> None:
    Membership.objects.create(household=home, user=person.user, role=role)


def _organisation(kind: str, name_ko: str, name_en: str, at: datetime) -> Organisation:
    address, contact = PLACES[name_ko]
    return Organisation.objects.create(
        kind=kind, name_ko=name_ko, name_en=name_en, address=address, contact=contact, verified_at=at
    )


def _seat(person: Person, organisation: Organisation, role: str) -> None:
    Seat.objects.create(organisation=organisation, user=person.user, role=role)


def _key(organisation: Organisation, *scopes: str) -> str:
    return parties.issue_key(label="시연 열쇠", scopes=list(scopes), organisation=organisation)[1]


def is_assembled() -> bool:
    """Tell whether this Maru has people already."""
    return Authenticator.objects.exists() or User.objects.exists()
